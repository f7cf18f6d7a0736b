// Query of 20 items on the table, on an index that projects everything, and on one that projects keys: each item is looked at. Everything is
// in files and cached. The three take turns query by query.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bench/indexes/cost.h"

namespace varve::bench {

struct QueriesOptions {
  std::string directory;
  uint64_t items = 20'000;
  uint64_t queries = 20'000;  // of each
  uint64_t seed = 1;
};

struct QueriesResult {
  std::string target;
  Cost cost;
};

Result<std::vector<QueriesResult>> measure_queries(const QueriesOptions& options);

}  // namespace varve::bench
