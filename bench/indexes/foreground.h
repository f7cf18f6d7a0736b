// Foreground: a client that puts items at a steady rate over random items that are there, while something else runs. A put that was due while
// the one before it took its time counts from when it was due, so a stall is seen by all who would have met it.
//
// Threads: one.
#pragma once

#include <functional>

#include "base/result.h"
#include "base/statistics.h"
#include "bench/indexes/arrangement.h"

namespace varve::bench {

class Foreground {
 public:
  // Puts items below `items` of the arrangement, `per_second` of them.
  Foreground(api::Database* database, const Arrangement& arrangement, uint64_t items, uint64_t per_second,
             uint64_t seed);
  // Until ended() says so, which is asked every 20 ms. ended() itself takes no part in the figures.
  Status run(const std::function<Result<bool>()>& ended, Histogram* latency_ns);

 private:
  api::Database* const database_;
  ArrangedItems source_;
  const uint64_t items_;
  const uint64_t interval_ns_;
  api::PutItemRequest request_;
};

}  // namespace varve::bench
