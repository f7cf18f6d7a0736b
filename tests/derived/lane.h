// The lane of derived data: histories of several lives (history.h), with power cuts at their writes and syncs. Each image of a cut is
// recovered, held against itself before and after what runs in the background has ended, and some are written on, or cut again while they
// recover. A life ends by a close or by a cut, and the next one goes on from there.
#pragma once

#include <cstdint>
#include <string>

#include "tests/derived/check.h"
#include "tests/derived/world.h"

namespace varve::derived {

struct LaneOptions {
  uint64_t seed = 1;
  uint64_t histories = UINT64_MAX;  // whichever is reached first
  uint64_t images = 1000;
  Planted planted;
};

struct LaneReport {
  uint64_t histories = 0, lives = 0, lives_after_a_cut = 0, images = 0, double_cuts = 0, written_on = 0;
  Seen seen;
  std::string violation;  // the first, with what reproduces it; empty: none

  std::string to_string() const;
};

LaneReport run_lane(const LaneOptions& options);

}  // namespace varve::derived
