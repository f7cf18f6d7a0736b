// What `varve dump` prints of a log: every segment, frame and (on request) record in a directory, as found. Damage is
// printed where it is and does not stop the dump; only a directory that cannot be listed does.
//
// Threads: one; reads only, so a running store may be dumped (its end may look torn).
#pragma once

#include <functional>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::wal {

struct DumpOptions {
  bool records = false;          // a line for each record
  uint64_t payload_preview = 0;  // bytes of each payload, printable ones as they are, others as \xNN
};

struct DumpCounts {
  uint64_t segments = 0, frames = 0, records = 0, damaged = 0;
};

// One line per call, without its newline. `damaged` counts what only damage explains: bad headers, bad bodies and
// malformed fragments; a torn tail counts as well.
Result<DumpCounts> dump_log(io::Driver* driver, const std::string& directory, const DumpOptions& options,
                            const std::function<void(Slice line)>& line);
// The same of one segment's file; its name must be a segment's. Records that began in an earlier segment are not shown.
Result<DumpCounts> dump_segment(io::Driver* driver, const std::string& path, const DumpOptions& options,
                                const std::function<void(Slice line)>& line);

}  // namespace varve::wal
