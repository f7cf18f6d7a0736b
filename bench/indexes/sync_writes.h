// Durable puts from many threads: what an index costs where a write waits for the disk. Random items that are there are put with other
// index keys, so each put moves the index entry. The databases take turns in rounds, each with threads of its own.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bench/indexes/cost.h"

namespace varve::bench {

struct SyncWritesOptions {
  std::string directory;
  uint64_t rounds = 6;
  uint64_t threads = 16;
  uint64_t puts = 200;  // of a thread in a round
  uint64_t seed = 1;
};

struct SyncWritesResult {
  std::string arrangement;
  Cost cost;
};

// No index, one KEYS_ONLY, one ALL.
Result<std::vector<SyncWritesResult>> measure_sync_writes(const SyncWritesOptions& options);

}  // namespace varve::bench
