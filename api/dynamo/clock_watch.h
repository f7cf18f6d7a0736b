// ClockWatch: whether the wall clock may be believed by work that destroys: trimming streams, removing expired items. A wall clock that
// moved otherwise than the monotonic one between two looks was set, forward or back; until it has then gone evenly for a while,
// nothing that depends on it is thrown away.
//
// Threads: one.
#pragma once

#include <cstdint>

#include "base/io/clock.h"

namespace varve::api::dynamo {

class ClockWatch {
 public:
  static constexpr uint64_t kStepUs = 10ull * 1'000'000;        // more than this much apart is a step
  static constexpr uint64_t kSettleNs = 60ull * 1'000'000'000;  // how long the clocks must agree after one

  ClockWatch() : monotonic_ns_(io::monotonic_ns()), wall_us_(io::wall_us()) {}

  // Looks, and tells. Steps are seen between looks, so it is to be asked often.
  bool steady() {
    const uint64_t monotonic_ns = io::monotonic_ns();
    const uint64_t wall_us = io::wall_us();
    const auto monotonic_moved_us = static_cast<int64_t>((monotonic_ns - monotonic_ns_) / 1000);
    const int64_t apart_us = static_cast<int64_t>(wall_us - wall_us_) - monotonic_moved_us;
    monotonic_ns_ = monotonic_ns;
    wall_us_ = wall_us;
    if (apart_us > static_cast<int64_t>(kStepUs) || apart_us < -static_cast<int64_t>(kStepUs)) {
      settled_at_ns_ = monotonic_ns + kSettleNs;
    }
    return monotonic_ns >= settled_at_ns_;
  }

 private:
  uint64_t monotonic_ns_;
  uint64_t wall_us_;
  uint64_t settled_at_ns_ = 0;
};

}  // namespace varve::api::dynamo
