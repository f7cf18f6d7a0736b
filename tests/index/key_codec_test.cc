#include "index/key_codec.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/coding.h"
#include "base/hash.h"
#include "base/random.h"
#include "tests/index/item_literal.h"
#include "tests/index/random_value.h"

namespace varve::index {
namespace {

std::string component(const AttributeValue& value) {
  std::string out;
  append_key_component(value, &out);
  return out;
}

std::strong_ordering order(const AttributeValue& a, const AttributeValue& b) {
  if (a.is(AttributeType::kNumber)) return a.as_number() <=> b.as_number();
  return a.as_bytes() <=> b.as_bytes();
}

std::string hex(Slice bytes) {
  std::string out;
  for (const char c : bytes) {
    char buffer[4];
    std::snprintf(buffer, sizeof(buffer), out.empty() ? "%02x" : " %02x", static_cast<unsigned char>(c));
    out += buffer;
  }
  return out;
}

TEST(KeyCodec, ComponentsAreTheBytesOfTheFormatDocument) {
  const struct {
    const char* value;
    const char* bytes;
  } table[] = {
      {"'ab'", "61 62 00 01"},   {"x'6100ff'", "61 00 ff ff 00 01"}, {"0", "80 00 01"},
      {"1", "c2 02 00 01"},      {"-1", "3d fd ff 00 01"},           {"1.5", "c2 02 33 00 01"},
      {"100", "c3 02 00 01"},    {"1e125", "ff 02 0b 00 01"},        {"-1e125", "00 ff fd f4 ff 00 01"},
      {"1e-130", "81 02 00 01"},
  };
  for (const auto& row : table) EXPECT_EQ(hex(component(value_of(row.value))), row.bytes) << row.value;
}

TEST(KeyCodec, OrderOfBytesIsOrderOfValues) {
  const uint64_t seed = 0x5eed0002;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  size_t compared = 0;
  for (int i = 0; i < 100000; ++i) {
    const AttributeValue a = random_key_value(&random);
    const AttributeValue b = random_key_value(&random);
    if (a.type() != b.type()) continue;
    ++compared;
    ASSERT_EQ(order(a, b), component(a).compare(component(b)) <=> 0)
        << a.to_message_string() << " " << b.to_message_string();
  }
  EXPECT_GT(compared, 20000u);
}

// Two components in a row sort as the pair does, which needs more than each sorting alone.
TEST(KeyCodec, OrderOfTreeKeysWithinACollectionIsOrderOfSortKeys) {
  const uint64_t seed = 0x5eed0003;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  const AttributeValue partition = value_of("'p'");
  for (int i = 0; i < 20000; ++i) {
    const AttributeValue a = random_key_value(&random);
    const AttributeValue b = random_key_value(&random);
    if (a.type() != b.type()) continue;
    ASSERT_EQ(order(a, b), encode_tree_key(partition, &a).compare(encode_tree_key(partition, &b)) <=> 0);
  }
}

TEST(KeyCodec, TreeKeysReadBackAndSplitWithoutTheirSchema) {
  const uint64_t seed = 0x5eed0004;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  for (int i = 0; i < 20000; ++i) {
    PrimaryKey key;
    key.partition = random_key_value(&random);
    if (random.one_in(2)) key.sort = random_key_value(&random);
    KeySchema schema{{"p", key.partition.type()}, std::nullopt};
    if (key.sort) schema.sort = KeyAttribute{"s", key.sort->type()};
    const std::string bytes = encode_tree_key(key);
    const Result<PrimaryKey> back = decode_tree_key(schema, bytes);
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    ASSERT_EQ(*back, key);
    const std::string prefix = encode_partition_prefix(key.partition);
    ASSERT_EQ(partition_prefix_length(bytes), prefix.size());
    ASSERT_EQ(bytes.substr(0, prefix.size()), prefix);
    ASSERT_EQ(load_big64(bytes.data()), partition_hash(key.partition));
  }
}

TEST(KeyCodec, DamagedTreeKeysAreCorruption) {
  const KeySchema schema{{"p", AttributeType::kString}, KeyAttribute{"s", AttributeType::kNumber}};
  PrimaryKey key{value_of("'ab'"), value_of("15")};
  const std::string good = encode_tree_key(key);
  ASSERT_TRUE(decode_tree_key(schema, good).ok());
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_EQ(decode_tree_key(schema, Slice(good).substr(0, n)).code(), ErrorCode::kCorruption) << n;
  }
  for (size_t i = 0; i < kKeyHashBytes + 2; ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_EQ(decode_tree_key(schema, bad).code(), ErrorCode::kCorruption) << i;
  }
  EXPECT_EQ(decode_tree_key(schema, good + "x").code(), ErrorCode::kCorruption);
  EXPECT_EQ(partition_prefix_length("short"), 0u);
  EXPECT_EQ(partition_prefix_length(std::string("12345678a\0\2", 11)), 0u);
}

TEST(KeyCodec, RangesHoldExactlyTheKeysThatMeetTheCondition) {
  const uint64_t seed = 0x5eed0005;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  size_t matched = 0;
  for (int i = 0; i < 60000; ++i) {
    const AttributeValue partition = random_key_value(&random);
    const AttributeValue sort = random_key_value(&random);
    SortCondition condition;
    condition.op = static_cast<SortOperator>(random.below(7));
    condition.low = random.one_in(4) ? sort : random_key_value(&random);
    condition.high = random_key_value(&random);
    if (condition.low.type() != sort.type() || condition.high.type() != sort.type()) continue;
    if (condition.op == SortOperator::kBeginsWith && sort.is(AttributeType::kNumber)) continue;
    const KeyRange range = collection_range(partition, &condition);
    const std::string key = encode_tree_key(partition, &sort);
    ASSERT_EQ(range.contains(key), condition.matches(sort))
        << static_cast<int>(condition.op) << " " << sort.to_message_string() << " "
        << condition.low.to_message_string() << " " << condition.high.to_message_string();
    // An index appends the base key's components: the range must hold those too.
    ASSERT_EQ(range.contains(key + component(value_of("'base'"))), condition.matches(sort));
    matched += condition.matches(sort);
    const KeyRange all = collection_range(partition, nullptr);
    ASSERT_TRUE(all.contains(key));
    const AttributeValue other = random_key_value(&random);
    if (component(other) != component(partition)) {
      ASSERT_FALSE(all.contains(encode_tree_key(other, &sort)));
    }
  }
  EXPECT_GT(matched, 2000u);
}

TEST(KeyCodec, PrefixSuccessorIsTheLeastStringAfterThePrefix) {
  EXPECT_EQ(prefix_successor("ab"), "ac");
  EXPECT_EQ(prefix_successor("a\xff\xff"), "b");
  EXPECT_EQ(prefix_successor("\xff\xff"), "");
  EXPECT_EQ(prefix_successor(""), "");
}

TEST(KeyCodec, SegmentsCoverTheHashesOnce) {
  for (const uint32_t n : {1u, 2u, 3u, 7u, 1000u}) {
    std::string at;
    for (uint32_t i = 0; i < n; ++i) {
      const KeyRange range = segment_range(i, n);
      EXPECT_EQ(range.lower, at);
      at = range.upper;
      EXPECT_EQ(at.empty(), i + 1 == n);
    }
  }
  EXPECT_EQ(hex(segment_range(1, 2).lower), "80 00 00 00 00 00 00 00");
}

TEST(KeySchema, KeysOfItemsAreRefusedWithTheTextsOfDynamoDb) {
  const KeySchema schema{{"p", AttributeType::kString}, KeyAttribute{"s", AttributeType::kBinary}};
  const std::string invalid = "One or more parameter values were invalid: ";
  const std::string empty =
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
      "empty ";
  const std::string mismatch = "The provided key element does not match the schema";
  const struct {
    std::string item;
    std::string as_item;       // the message of key_of_item; empty when accepted
    std::string as_parameter;  // of key_of_parameter
  } table[] = {
      {"{p: 'a', s: x'00'}", "", ""},
      {"{p: 'a', s: x'00', other: 1}", "", mismatch},
      {"{s: x'00'}", invalid + "Missing the key p in the item", mismatch},
      {"{p: 'a'}", invalid + "Missing the key s in the item", mismatch},
      {"{p: 1, s: x'00'}", invalid + "Type mismatch for key p expected: S actual: N", mismatch},
      {"{p: 'a', s: 'b'}", invalid + "Type mismatch for key s expected: B actual: S", mismatch},
      {"{p: '', s: x'00'}", empty + "string value. Key: p", empty + "string value. Key: p"},
      {"{p: 'a', s: x''}", empty + "binary value. Key: s", empty + "binary value. Key: s"},
      {"{p: '" + std::string(2048, 'x') + "', s: x'00'}", "", ""},
      {"{p: '" + std::string(2049, 'x') + "', s: x'00'}",
       invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes",
       invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
  };
  for (const auto& row : table) {
    const Item item = item_of(row.item);
    EXPECT_EQ(key_of_item(schema, item).status().message(), row.as_item) << row.item;
    EXPECT_EQ(key_of_parameter(schema, item).status().message(), row.as_parameter) << row.item;
  }
  Item item = item_of("{p: 'a'}");
  item.set("s", AttributeValue::binary(std::string(1025, 'x')));
  EXPECT_EQ(key_of_item(schema, item).status().message(),
            invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
}

TEST(KeySchema, AKeyMakesTheItemItCameFrom) {
  const KeySchema schema{{"p", AttributeType::kString}, KeyAttribute{"s", AttributeType::kNumber}};
  const Item item = item_of("{p: 'a', s: 5}");
  EXPECT_EQ(key_of_item(schema, item)->to_item(schema), item);
}

}  // namespace
}  // namespace varve::index
