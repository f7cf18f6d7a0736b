#include "bench/items/json_line.h"

#include <fstream>

#include "base/io/driver.h"
#include "bench/machine.h"

namespace varve::bench {

JsonLine::JsonLine(Slice bench) : out_(&line_) {
  out_.begin_object();
  text("bench", bench);
  text("commit", VARVE_COMMIT);
  text("machine", machine_description());
  text("io", io::default_driver()->name());
}

void JsonLine::text(Slice name, Slice value) {
  out_.key(name);
  out_.string(value);
}

void JsonLine::integer(Slice name, uint64_t value) {
  out_.key(name);
  out_.integer(static_cast<int64_t>(value));
}

void JsonLine::number(Slice name, double value) {
  out_.key(name);
  out_.decimal(value);
}

void JsonLine::begin_cells(Slice name) {
  out_.key(name);
  out_.begin_array();
}

void JsonLine::begin_cell(Slice cell) {
  out_.begin_object();
  text("cell", cell);
}

void JsonLine::end_cell() { out_.end_object(); }

void JsonLine::append_to(const std::string& file) {
  out_.end_array();
  out_.end_object();
  if (!file.empty()) std::ofstream(file, std::ios::app) << line_ << '\n';
}

}  // namespace varve::bench
