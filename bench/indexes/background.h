// What the work in the background does to a foreground that puts at a steady rate: an index being filled on a table with items, and the
// sweep of expired items. Times without that work are taken before each such time, in the same run.
#pragma once

#include <string>

#include "base/result.h"
#include "base/statistics.h"

namespace varve::bench {

struct BackgroundOptions {
  std::string directory;
  uint64_t items = 100'000;  // to be filled or swept
  uint64_t puts_per_second = 5'000;
  uint64_t rounds = 3;       // of the backfill
  uint64_t idle_ms = 2'000;  // foreground alone, before each
  uint64_t seed = 1;
};

struct BackgroundResult {
  std::string work;
  uint64_t items = 0;
  double seconds = 0;
  Histogram idle_ns, busy_ns;  // of the foreground's puts
  Histogram after_ns;  // of the backfill: alone again, with the index, which the puts maintain since it began
  // Processor time of all threads but the foreground's, while it was alone and meanwhile.
  double idle_other_ns = 0, busy_other_ns = 0;
};

Result<BackgroundResult> measure_backfill(const BackgroundOptions& options);
Result<BackgroundResult> measure_sweep(const BackgroundOptions& options);

}  // namespace varve::bench
