// A life of the table of the histories: from the open of its database to its close, or to a cut of the power somewhere in it. Several threads
// put, update, delete, batch and transact on few keys, so that they meet; items expire; another thread meanwhile creates and deletes
// indexes, switches time to live and the stream on and off, flushes and merges, and looks for differences: at any moment there must be none.
#pragma once

#include <string>

#include "tests/derived/check.h"
#include "tests/derived/world.h"

namespace varve::derived {

struct LifeOptions {
  uint64_t seed = 1;
  int writers = 3;
  int steps = 60;  // of each writer
  // Whether a write that fails otherwise than by a refusal is told. With a planted fault that is not what is looked for.
  bool failures_count = true;
};

// Makes the table when there is none. Returns the first difference, or a write's failure that is no refusal; empty: none.
std::string run_life(World* world, const LifeOptions& options, Beginnings* beginnings, Seen* seen);

}  // namespace varve::derived
