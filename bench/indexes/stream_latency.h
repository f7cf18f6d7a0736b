// From a commit to its record in a stream's consumer: a thread puts items at a steady rate, and once they are answered looks for their
// records itself; then another thread follows the stream, asking again and again.
//
// Records are written in the commit of their item, so none may be missing once the put is answered: `late` counts those that are.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/statistics.h"

namespace varve::bench {

struct StreamLatencyOptions {
  std::string directory;
  uint64_t puts = 20'000;  // of each of the two
  uint64_t puts_per_second = 2'000;
  uint64_t seed = 1;
};

struct StreamLatencyResult {
  std::string durability;
  uint64_t puts = 0, late = 0;
  Histogram put_ns;       // until the put was answered
  Histogram read_ns;      // of the call that reads the record then
  Histogram followed_ns;  // from the beginning of a put until the follower had its record
};

// With `sync` and with `interval`.
Result<std::vector<StreamLatencyResult>> measure_stream_latency(const StreamLatencyOptions& options);

}  // namespace varve::bench
