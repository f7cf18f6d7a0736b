// JsonLine: the one line of figures that a run appends to a file: what ran where, then a list of cells.
//
// Threads: one.
#pragma once

#include <string>

#include "api/json/writer.h"
#include "base/slice.h"

namespace varve::bench {

class JsonLine {
 public:
  // Begins with the bench's name, commit, machine and io driver.
  explicit JsonLine(Slice bench);

  void text(Slice name, Slice value);
  void integer(Slice name, uint64_t value);
  void number(Slice name, double value);

  // The members above belong to the run before begin_cells, and to a cell between begin_cell and end_cell.
  void begin_cells(Slice name);
  void begin_cell(Slice cell);
  void end_cell();

  // Ends the line and appends it to the file; an empty name: nowhere.
  void append_to(const std::string& file);

 private:
  std::string line_;
  api::json::JsonWriter out_;
};

}  // namespace varve::bench
