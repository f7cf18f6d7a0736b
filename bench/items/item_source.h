// ItemSource: the seeded items that benches of items write.
//
// An item is 1,000 bytes by DynamoDB's measure in seven attributes: pk (S, 20 bytes), sk (N), name (S), score (N),
// active (BOOL), tags (a list of three strings), text (S, the rest). Twenty items are a collection.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>

#include "api/varve.h"
#include "base/random.h"
#include "base/result.h"

namespace varve::bench {

inline constexpr char kBenchTable[] = "Bench";
inline constexpr uint64_t kItemsPerCollection = 20;
inline constexpr size_t kItemTextBytes = 884;  // of an item of 1,000 bytes

// Table kBenchTable, on demand, with the key (pk, sk).
api::CreateTableRequest bench_table();

// An answer that ends a bench.
Status as_status(const api::Error& error);

// The order in which new items are written: collections in a pseudo-random order, i * step mod n with step coprime to n, which needs no
// table.
class ItemOrder {
 public:
  explicit ItemOrder(uint64_t items);
  // A permutation of the items up to the last whole collection.
  uint64_t operator[](uint64_t i) const {
    return i / kItemsPerCollection * step_ % collections_ * kItemsPerCollection + i % kItemsPerCollection;
  }

 private:
  const uint64_t collections_;
  uint64_t step_;
};

class ItemSource {
 public:
  explicit ItemSource(uint64_t seed);

  static index::PrimaryKey key_of(uint64_t item);
  // Sets the seven attributes; those whose values are random anew each time.
  void fill(uint64_t item, api::Item* out, size_t text_bytes = kItemTextBytes);
  Random& random() { return random_; }

 private:
  Random random_;
  std::string texts_;
};

}  // namespace varve::bench
