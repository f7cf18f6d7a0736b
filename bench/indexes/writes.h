// Writes: puts under each arrangement, by Varve and by hand on RocksDB. All are open at once and take turns in short rounds, in an order
// that rotates, so that what else the machine does meets all cells alike.
//
// In each round a subject has three phases: `fresh` puts of new items; `kept`, over items that are there, with other values but the same
// index keys and expiry; `moved`, over items that are there, with other index keys and another expiry. Items are made before the clock
// starts. A phase ends when the subject has settled, so its background work counts as its own processor time and disturbs nobody else.
//
// Threads: one of its own, and the subjects'.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/indexes/arrangement.h"
#include "bench/indexes/cost.h"

namespace varve::bench {

struct WritesOptions {
  std::string directory;
  std::vector<Arrangement> arrangements;
  bool rocksdb = true;
  uint64_t rounds = 10;
  uint64_t puts = 2000;  // of a phase in a round
  uint64_t seed = 1;
};

inline constexpr const char* kPhases[] = {"fresh", "kept", "moved"};
inline constexpr size_t kPhaseCount = 3;

struct WritesResult {
  std::string arrangement;
  std::array<Cost, kPhaseCount> varve, rocksdb;
};

// One for each arrangement, in their order.
Result<std::vector<WritesResult>> measure_writes(const WritesOptions& options);

}  // namespace varve::bench
