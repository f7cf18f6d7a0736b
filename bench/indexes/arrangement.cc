#include "bench/indexes/arrangement.h"

#include <algorithm>
#include <cstdio>

#include "base/io/clock.h"

namespace varve::bench {
namespace {

using index::AttributeValue;
using index::Number;
using index::ProjectionType;
using index::StreamViewType;

constexpr size_t kGroupBytes = 13;
constexpr size_t kItemBytes = 1024;
// The attributes of bench/items without the text's value.
constexpr size_t kOtherBytes = 1000 - kItemTextBytes;
constexpr size_t kExpiryBytes = sizeof(kExpiryAttribute) - 1 + 6;  // a number of 9 or 10 digits
constexpr uint64_t kADay = 24ull * 3600;

size_t text_bytes(const Arrangement& arrangement) {
  const size_t groups = std::max<size_t>(arrangement.indexes, 1) * (index_attribute(0).size() + kGroupBytes);
  return kItemBytes - kOtherBytes - groups - (arrangement.expires ? kExpiryBytes : 0);
}

}  // namespace

std::vector<Arrangement> all_arrangements() {
  std::vector<Arrangement> all = {{"none", 0, {}, {}, false}};
  for (const size_t indexes : {1, 5, 20}) {
    all.push_back({std::to_string(indexes) + " keys-only", indexes, ProjectionType::kKeysOnly, {}, false});
    all.push_back({std::to_string(indexes) + " all", indexes, ProjectionType::kAll, {}, false});
  }
  all.push_back({"stream keys-only", 0, {}, StreamViewType::kKeysOnly, false});
  all.push_back({"stream both", 0, {}, StreamViewType::kNewAndOldImages, false});
  all.push_back({"expiry", 0, {}, {}, true});
  return all;
}

std::string index_attribute(size_t i) {
  char name[24];
  std::snprintf(name, sizeof(name), "g%02zu", i);
  return name;
}

api::IndexDefinition index_definition(size_t i, ProjectionType projection) {
  api::IndexDefinition definition;
  definition.name = "by-" + index_attribute(i);
  definition.key_schema = {{index_attribute(i), api::KeyType::kHash}};
  definition.projection = projection;
  return definition;
}

api::CreateTableRequest arranged_table(const Arrangement& arrangement) {
  api::CreateTableRequest request = bench_table();
  for (size_t i = 0; i < arrangement.indexes; ++i) {
    request.attribute_definitions.push_back({index_attribute(i), index::AttributeType::kString});
    if (!request.global_indexes) request.global_indexes.emplace();
    request.global_indexes->push_back(index_definition(i, arrangement.projection));
  }
  if (arrangement.stream) request.stream = api::StreamSpecification{true, arrangement.stream};
  return request;
}

ArrangedItems::ArrangedItems(const Arrangement& arrangement, uint64_t items, uint64_t seed)
    : arrangement_(arrangement),
      groups_(std::max<uint64_t>(items / kItemsPerCollection, 1)),
      first_expiry_seconds_(io::wall_us() / 1'000'000 + kADay),
      moves_(items),
      source_(seed) {}

std::string ArrangedItems::group(uint64_t number) {
  char text[kGroupBytes + 1];
  std::snprintf(text, sizeof(text), "group#%07u", static_cast<unsigned>(number % 10'000'000));
  return text;
}

api::Item ArrangedItems::make(uint64_t item, DerivedKeys keys) {
  api::Item made;
  source_.fill(item, &made, text_bytes(arrangement_));
  if (keys == DerivedKeys::kMoved) ++moves_[item];
  const uint64_t moved = moves_[item] * uint64_t{1009};
  for (size_t i = 0; i < std::max<size_t>(arrangement_.indexes, 1); ++i) {
    made.set(index_attribute(i), AttributeValue::string(group((item + i * 17 + moved) % groups_)));
  }
  if (arrangement_.expires) {
    const uint64_t expires = first_expiry_seconds_ + (item + moved) % kADay;
    made.set(kExpiryAttribute, AttributeValue::number(Number(static_cast<int64_t>(expires))));
  }
  return made;
}

}  // namespace varve::bench
