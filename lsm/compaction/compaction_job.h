// One compaction: reads the inputs of a pick in order, keeps what Retention keeps, writes the outputs. It changes
// neither the manifest nor any tree; the caller installs the result.
//
// Paid for by the worker's own thread; inputs are read past the cache. `stop` is polled between entries, so that
// closing does not wait for a large job. Threads: one.
#pragma once

#include <functional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lsm/compaction/policy.h"
#include "lsm/table_outputs.h"

namespace varve::lsm {

struct CompactionRequest {
  const CompactionPick* pick;
  const Version* version;                // the one the pick was made from
  std::vector<SequenceNumber> retained;  // see Retention
  uint64_t target_file_bytes;
  std::function<bool()> stop;
};

// kClosed when stopped. An error leaves no file behind that the disk let us remove.
Status run_compaction(const CompactionRequest& request, TableOutputs* outputs);

}  // namespace varve::lsm
