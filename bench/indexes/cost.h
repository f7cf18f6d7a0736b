// Cost: what the operations of one cell cost, over all its rounds.
//
// Threads: one, but for the histogram.
#pragma once

#include <algorithm>
#include <cstdint>

#include "bench/measurement.h"
#include "bench/processor_time.h"

namespace varve::bench {

struct Cost : Measurement {
  uint64_t caller_ns = 0;   // processor time of the calling thread
  uint64_t process_ns = 0;  // of all threads: log, flush and compaction too

  double caller_us() const { return per_operation_us(caller_ns); }
  double process_us() const { return per_operation_us(process_ns); }

 private:
  double per_operation_us(uint64_t ns) const {
    return static_cast<double>(ns) / 1000.0 / static_cast<double>(std::max<uint64_t>(operations, 1));
  }
};

}  // namespace varve::bench
