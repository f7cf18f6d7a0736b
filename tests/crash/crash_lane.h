// The crash lane: one seeded history of commits on a simulated disk, a power cut at every write and sync of it, and a check
// of what recovery makes of each image.
//
// Every commit writes to two keyspaces and appends its own id to a third, the ledger, under a key that ends in the
// commit's sequence number. The ledger of a recovered store therefore says exactly which commits survived, in order;
// replaying those from the oracle must give the other keyspaces to the last byte.
//
// Checked for each image, and again for an image taken during its recovery:
//   every acknowledged commit survived; every commit whose value a reader saw survived; what survived is a prefix
//   in commit order, each commit whole; verify finds nothing; the store takes writes again.
#pragma once

#include <cstdint>
#include <string>

#include "base/io/driver.h"
#include "base/io/simulated/disk.h"
#include "tests/simulation/planted_bugs.h"

namespace varve::crash {

struct LaneOptions {
  uint64_t seed = 1;
  uint64_t images = 1000;          // stop after this many distinct ones
  uint64_t commits_per_run = 300;  // per history; each seed is one history
  bool faults = true;              // some histories meet EIO, ENOSPC and short transfers
  io::PlantedBug bug = io::PlantedBug::kNone;
};

struct LaneReport {
  uint64_t runs = 0, events = 0, images = 0, distinct_images = 0, double_crashes = 0;
  uint64_t tree_images = 0;  // taken inside a flush, a compaction or a manifest edit
  uint64_t largest_image_bytes = 0;
  uint64_t recoveries = 0, recovery_ns = 0;
  uint64_t flushes = 0, compactions = 0, least_flushes = UINT64_MAX, least_compactions = UINT64_MAX;
  uint64_t eio_fired = 0, no_space_fired = 0, short_fired = 0;
  std::string violation;  // the first, with the seed and event that reproduce it; empty: none

  double mean_recovery_ms() const {
    return recoveries == 0 ? 0 : static_cast<double>(recovery_ns) / 1e6 / recoveries;
  }
  std::string to_string() const;
};

LaneReport run_crash_lane(const LaneOptions& options);

}  // namespace varve::crash
