// The workloads: loops over an Engine that measure every operation.
//
//   fillseq, fillrandom    N keys into an empty store, one thread
//   fillsync               durable puts of random keys for a time, 1, 8 and 32 threads
//   readrandom             existing keys, uniformly
//   readmissing            keys that lie between existing ones
//   seekrandom             seek to a random key and read the next 10
//
// Keys are 16 decimal digits of even numbers, so that odd ones are missing everywhere between them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "bench/engine.h"
#include "bench/measurement.h"

namespace varve::bench {

struct WorkloadOptions {
  uint64_t keys = 2'000'000;
  size_t value_bytes = 100;
  uint64_t reads = 500'000;  // operations of a read workload
  uint64_t fillsync_seconds = 10;
  uint64_t seed = 1;
};

// The 16-byte key of index i; missing = true for the one just after it.
std::string key_of(uint64_t i, bool missing = false);

Result<Measurement> fill(Engine* engine, const WorkloadOptions& options, bool random);
Result<Measurement> fill_sync(Engine* engine, const WorkloadOptions& options, int threads);
Result<Measurement> read_random(Engine* engine, const WorkloadOptions& options, bool missing);
Result<Measurement> seek_random(Engine* engine, const WorkloadOptions& options);

}  // namespace varve::bench
