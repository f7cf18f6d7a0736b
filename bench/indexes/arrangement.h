// Arrangement: what a table derives from each of its items. The cells of this bench differ in nothing else.
//
// An item is 1,024 bytes by DynamoDB's measure: that of bench/items with a shorter text, an attribute for each index ("g00" ..., S of 13
// bytes; one also where there is no index, so that one index compares items of one shape) and "expires" (N) where items expire.
// Index gNN has the partition key gNN; twenty items share a value.
//
// Threads: values; ArrangedItems one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/varve.h"
#include "bench/items/item_source.h"

namespace varve::bench {

struct Arrangement {
  std::string name;
  size_t indexes = 0;
  index::ProjectionType projection = index::ProjectionType::kKeysOnly;
  std::optional<index::StreamViewType> stream;
  bool expires = false;
};

// None, then 1, 5 and 20 indexes of both projections, two streams, time to live.
std::vector<Arrangement> all_arrangements();

// Without time to live, which a request of its own enables.
api::CreateTableRequest arranged_table(const Arrangement& arrangement);
std::string index_attribute(size_t i);
api::IndexDefinition index_definition(size_t i, index::ProjectionType projection);
inline constexpr char kExpiryAttribute[] = "expires";

// How a write of an item treats what is derived from it: the keys of its index entries and its expiry.
enum class DerivedKeys {
  kKept,   // an overwrite changes the item and no key
  kMoved,  // new ones: an overwrite moves every entry
};

class ArrangedItems {
 public:
  // `items`: how many there will be, which the groups of the indexes follow from.
  ArrangedItems(const Arrangement& arrangement, uint64_t items, uint64_t seed);

  api::Item make(uint64_t item, DerivedKeys keys);
  // The value of an index attribute that 20 items have, while no item was moved.
  static std::string group(uint64_t number);
  Random& random() { return source_.random(); }

 private:
  const Arrangement arrangement_;
  const uint64_t groups_;
  const uint64_t first_expiry_seconds_;
  std::vector<uint32_t> moves_;  // of each item: its keys follow from how often they were moved
  ItemSource source_;
};

}  // namespace varve::bench
