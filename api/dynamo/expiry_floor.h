// ExpiryFloor: from what time on the next sweep of an expiry index has to look, in seconds since 1970. What lies below was looked at, so that
// a sweep need not step over all that was removed there. A sweep takes the floor and leaves the present in its place; writers lower
// it to the times that they put.
//
// A writer looks at the floor before its commit can be seen. So a sweep that took the floor may come before an entry that did not lower it;
// for that reason the floors that were taken last count for a while (expiry.h).
//
// Threads: any. Not durable: after an open everything is looked at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace varve::api::dynamo {

class ExpiryFloor {
 public:
  int64_t seconds() const { return seconds_.load(std::memory_order_relaxed); }

  void lower(int64_t seconds) {
    int64_t current = seconds_.load(std::memory_order_relaxed);
    while (seconds < current &&
           !seconds_.compare_exchange_weak(current, seconds, std::memory_order_relaxed)) {
    }
  }
  // Answers what it was.
  int64_t take(int64_t now_seconds) { return seconds_.exchange(now_seconds, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> seconds_{INT64_MIN};  // a hint, which orders nothing
};

}  // namespace varve::api::dynamo
