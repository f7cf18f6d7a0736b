#include "bench/items/item_source.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace varve::bench {

using index::AttributeValue;
using index::Number;

api::CreateTableRequest bench_table() {
  api::CreateTableRequest request;
  request.table = kBenchTable;
  request.attribute_definitions = {{"pk", index::AttributeType::kString},
                                   {"sk", index::AttributeType::kNumber}};
  request.key_schema = {{"pk", api::KeyType::kHash}, {"sk", api::KeyType::kRange}};
  request.billing_mode = api::BillingMode::kPayPerRequest;
  return request;
}

Status as_status(const api::Error& error) { return Status::io_error(error.message); }

ItemOrder::ItemOrder(uint64_t items)
    : collections_(std::max<uint64_t>(items / kItemsPerCollection, 1)),
      step_((0x9e3779b97f4a7c15u % collections_) | 1) {
  while (std::gcd(step_, collections_) != 1) step_ += 2;
}

ItemSource::ItemSource(uint64_t seed) : random_(seed) {
  texts_.resize(64u << 10);
  for (char& c : texts_) c = static_cast<char>(' ' + random_.below(90));
}

index::PrimaryKey ItemSource::key_of(uint64_t item) {
  char collection[32];
  std::snprintf(collection, sizeof(collection), "collection#%09llu",
                static_cast<unsigned long long>(item / kItemsPerCollection));
  return {AttributeValue::string(collection),
          AttributeValue::number(Number(static_cast<int64_t>(item % kItemsPerCollection)))};
}

void ItemSource::fill(uint64_t item, api::Item* out, size_t text_bytes) {
  index::PrimaryKey key = key_of(item);
  out->set("pk", std::move(key.partition));
  out->set("sk", *std::move(key.sort));
  out->set("name", AttributeValue::string("Name of " + std::to_string(item)));
  out->set("score",
           AttributeValue::number(Number(static_cast<int64_t>(1'000'000 + random_.below(1'000'000)))));
  out->set("active", AttributeValue::boolean(true));
  out->set("tags", AttributeValue::list({AttributeValue::string("red"), AttributeValue::string("green"),
                                         AttributeValue::string("blue")}));
  out->set("text",
           AttributeValue::string(texts_.substr(random_.below(texts_.size() - text_bytes), text_bytes)));
}

}  // namespace varve::bench
