// What `varve dump` prints of a manifest or an SSTable, for people. Tolerant of damage: it shows what can be read,
// says what is wrong where, and goes on as far as the format allows. Opens nothing for writing.
#pragma once

#include <functional>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"

namespace varve::lsm {

struct DumpOptions {
  bool entries = false;         // SSTable: every entry, not only the properties
  size_t max_value_bytes = 64;  // of each value; longer ones are cut
};
// One line without its end. False stops the dump.
using DumpSink = std::function<bool(const std::string& line)>;

// path: a file named as the tree set names them. An error only when the file cannot be read at all, or its name is
// of neither kind.
Status dump_file(io::Driver* driver, const std::string& path, const DumpOptions& options,
                 const DumpSink& sink);
// The current manifest of a directory.
Status dump_directory(io::Driver* driver, const std::string& directory, const DumpSink& sink);

}  // namespace varve::lsm
