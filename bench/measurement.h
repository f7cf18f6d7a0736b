// Measurement: what one cell of a bench measured. Medians over rounds, percentiles over all operations.
#pragma once

#include <cstdint>

#include "base/statistics.h"

namespace varve::bench {

struct Measurement {
  uint64_t operations = 0;
  double seconds = 0;
  Histogram latency_ns;
  double per_second() const { return seconds > 0 ? static_cast<double>(operations) / seconds : 0; }
  double percentile_us(double percentile) const {
    return static_cast<double>(latency_ns.percentile(percentile)) / 1000.0;
  }
};

}  // namespace varve::bench
