#include "index/index_entry.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/random.h"
#include "index/item_codec.h"
#include "index/key_codec.h"
#include "tests/index/item_literal.h"
#include "tests/index/random_value.h"
#include "tests/support/hex.h"

namespace varve::index {
namespace {

const KeySchema kTable{{"pk", AttributeType::kString}, std::nullopt};

IndexSchema schema_of(ProjectionType projection) {
  IndexSchema index;
  index.name = "byG";
  index.partition = {{"g", AttributeType::kString}, {"h", AttributeType::kNumber}};
  index.sort = {{"s", AttributeType::kNumber}};
  index.projection = projection;
  if (projection == ProjectionType::kInclude) index.non_key_attributes = {"x"};
  return index;
}

std::optional<IndexEntry> entry_of(const IndexSchema& index, const Item& item, std::string* encoded) {
  *encoded = encode_item(item);
  const auto key = key_of_item(kTable, item);
  CHECK(key.ok());
  return IndexEntry::of(index, kTable, encode_tree_key(*key), *encoded);
}

// The worked example of index/FORMAT.md.
TEST(IndexEntry, TheDocumentedBytesAreTheKey) {
  std::string encoded;
  const auto entry =
      entry_of(schema_of(ProjectionType::kAll), item_of("{pk: 'ab', g: 'a', h: 1, s: 1.5}"), &encoded);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(hex(entry->key()),
            "dfa6c37094a22e1b"
            "610001"
            "c2020001"
            "c202330001"
            "61620001");
  EXPECT_EQ(tree_key_components(entry->key()), 4u);
}

TEST(IndexEntry, HoldsWhatTheProjectionSays) {
  const Item item = item_of("{pk: 'ab', g: 'a', h: 1, s: 1.5, x: ['deep', {m: true}], y: 2}");
  std::string encoded;
  const auto value = [&](ProjectionType projection) {
    const auto entry = entry_of(schema_of(projection), item, &encoded);
    CHECK(entry.has_value());
    const auto decoded = decode_item(entry->value());
    CHECK(decoded.ok());
    EXPECT_EQ(encode_item(*decoded), entry->value());  // canonical
    EXPECT_EQ(item_size_bytes(*decoded), entry->size_bytes());
    return *decoded;
  };
  EXPECT_EQ(value(ProjectionType::kAll), item);
  EXPECT_EQ(value(ProjectionType::kKeysOnly), item_of("{pk: 'ab', g: 'a', h: 1, s: 1.5}"));
  EXPECT_EQ(value(ProjectionType::kInclude),
            item_of("{pk: 'ab', g: 'a', h: 1, s: 1.5, x: ['deep', {m: true}]}"));
}

TEST(IndexEntry, ThereIsNoneWithoutEveryKeyAttribute) {
  const IndexSchema index = schema_of(ProjectionType::kAll);
  std::string encoded;
  EXPECT_FALSE(entry_of(index, item_of("{pk: 'ab', g: 'a', h: 1}"), &encoded).has_value());
  EXPECT_FALSE(entry_of(index, item_of("{pk: 'ab', g: 'a', s: 1}"), &encoded).has_value());
  EXPECT_FALSE(entry_of(index, item_of("{pk: 'ab', h: 1, s: 1}"), &encoded).has_value());
  // Nor for values that no write could have given it.
  EXPECT_FALSE(entry_of(index, item_of("{pk: 'ab', g: 1, h: 1, s: 1}"), &encoded).has_value());
  EXPECT_FALSE(entry_of(index, item_of("{pk: 'ab', g: '', h: 1, s: 1}"), &encoded).has_value());
  Item oversized = item_of("{pk: 'ab', h: 1, s: 1}");
  oversized.set("g", AttributeValue::string(std::string(2049, 'x')));
  EXPECT_FALSE(entry_of(index, oversized, &encoded).has_value());
}

TEST(IndexEntry, PartitionValuesDoNotRunIntoEachOther) {
  IndexSchema index = schema_of(ProjectionType::kKeysOnly);
  index.partition = {{"g", AttributeType::kString}, {"t", AttributeType::kString}};
  index.sort.clear();
  std::string encoded;
  const auto left = entry_of(index, item_of("{pk: 'p', g: 'ab', t: 'c'}"), &encoded);
  const auto right = entry_of(index, item_of("{pk: 'p', g: 'a', t: 'bc'}"), &encoded);
  EXPECT_NE(left->key(), right->key());
}

// Entries are ordered by the index's sort values and then by the table's key, whatever else the items hold.
TEST(IndexEntry, OrderIsThatOfTheValues) {
  const uint64_t seed = 21;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  const IndexSchema index = schema_of(ProjectionType::kKeysOnly);
  for (int round = 0; round < 500; ++round) {
    std::string keys[2];
    Number sorts[2];
    std::string pks[2];
    for (int i = 0; i < 2; ++i) {
      Item item = item_of("{g: 'a', h: 1}");
      sorts[i] = Number(static_cast<int64_t>(random.below(5)) - 2);
      pks[i] = "k" + std::to_string(random.below(3)) + std::string(random.below(2), '\0');
      item.set("pk", AttributeValue::string(pks[i]));
      item.set("s", AttributeValue::number(sorts[i]));
      std::string encoded;
      keys[i] = std::string(entry_of(index, item, &encoded)->key());
    }
    const auto expected = sorts[0] == sorts[1] ? pks[0] <=> pks[1] : sorts[0] <=> sorts[1];
    EXPECT_EQ(keys[0] <=> keys[1], expected) << "round " << round;
  }
}

// An item of the key 'p' whose attributes come from few values, some of them unfit for the index's key; or none.
std::string random_image(Random* random) {
  if (random->one_in(8)) return {};
  Item item = item_of("{pk: 'p'}");
  const auto maybe = [&](const char* name, std::initializer_list<const char*> values) {
    if (random->one_in(8)) return;
    const Item chosen = item_of(std::string("{v: ") + *(values.begin() + random->below(values.size())) + "}");
    item.set(name, *chosen.find("v"));
  };
  maybe("g", {"'a'", "'a'", "'a'", "'a'", "'b'", "1", "''"});
  maybe("h", {"1", "1", "1", "1", "2", "'1'"});
  maybe("s", {"1", "1", "1", "1.5"});
  maybe("x", {"'x'", "['deep', {m: true}]"});
  maybe("y", {"2", "3"});
  return encode_item(item);
}

TEST(IndexChange, IsTheDifferenceOfTheEntriesBeforeAndAfter) {
  const uint64_t seed = 22;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  const std::string key = encode_tree_key(*key_of_item(kTable, item_of("{pk: 'p'}")));
  int empty = 0, moved = 0, replaced = 0;
  for (int round = 0; round < 20000; ++round) {
    const IndexSchema index = schema_of(static_cast<ProjectionType>(random.below(3)));
    const std::string bytes[2] = {random_image(&random), random_image(&random)};
    ItemImage images[2];
    std::optional<IndexEntry> entries[2];
    for (int i = 0; i < 2; ++i) {
      if (bytes[i].empty()) continue;
      images[i] = *ItemImage::of(bytes[i]);
      entries[i] = IndexEntry::of(index, kTable, key, bytes[i]);
    }
    const auto& [was, is] = entries;
    const IndexChange change = IndexChange::between(index, kTable, key, images[0], images[1]);
    const bool same_key = was && is && was->key() == is->key();
    EXPECT_EQ(change.removed_key, was && !same_key ? was->key() : Slice()) << "round " << round;
    ASSERT_EQ(change.put.has_value(), is && !(same_key && was->value() == is->value())) << "round " << round;
    if (change.put) {
      EXPECT_EQ(change.put->key(), is->key());
      EXPECT_EQ(change.put->value(), is->value());
    }
    if (change.empty()) {
      ++empty;
      continue;
    }
    EXPECT_EQ(change.before_bytes, was ? was->size_bytes() : 0) << "round " << round;
    EXPECT_EQ(change.after_bytes, is ? is->size_bytes() : 0) << "round " << round;
    ++(same_key ? replaced : moved);
  }
  EXPECT_GT(empty, 1000);
  EXPECT_GT(moved, 1000);
  EXPECT_GT(replaced, 100);
}

TEST(IndexKey, MessagesAreThoseOfDynamoDb) {
  const IndexSchema index = schema_of(ProjectionType::kAll);
  const auto message = [&](Slice text, ItemSource source) {
    const std::string encoded = encode_item(item_of(text));
    return check_index_key(index, *ItemView::open(encoded), source).message();
  };
  EXPECT_EQ(message("{pk: 'a', g: 'x'}", ItemSource::kPut), "");
  EXPECT_EQ(message("{g: 5}", ItemSource::kPut),
            "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N "
            "IndexName: byG");
  EXPECT_EQ(message("{g: ''}", ItemSource::kPut),
            "One or more parameter values are not valid. A value specified for a secondary index key is not "
            "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
            "IndexName: byG, IndexKey: g");
  EXPECT_EQ(message("{g: ''}", ItemSource::kUpdate),
            "One or more parameter values are not valid. The update expression attempted to update a "
            "secondary index key to a value that is not supported. The AttributeValue for a key attribute "
            "cannot contain an empty string value.");
}

}  // namespace
}  // namespace varve::index
