#include "index/attribute_value.h"

#include <gtest/gtest.h>

#include "tests/index/item_literal.h"

namespace varve::index {
namespace {

TEST(AttributeValue, SetsAreEqualInAnyOrderAtAnyDepth) {
  EXPECT_EQ(value_of("<'a', 'b'>"), value_of("<'b', 'a'>"));
  EXPECT_EQ(value_of("[{k: <1, 2.0>}]"), value_of("[{k: <2, 1e0>}]"));
  EXPECT_FALSE(value_of("<'a'>") == value_of("<x'61'>"));
  EXPECT_FALSE(value_of("[1, 2]") == value_of("[2, 1]"));
  EXPECT_EQ(value_of("{a: 1, b: 2}"), value_of("{b: 2, a: 1}"));
  EXPECT_FALSE(value_of("'1'") == value_of("1"));
  EXPECT_FALSE(value_of("null") == value_of("false"));
}

TEST(AttributeValue, SetsRefuseEmptinessAndDuplicatesWithTheTextsOfDynamoDb) {
  const std::string prefix = "One or more parameter values were invalid: ";
  EXPECT_EQ(AttributeValue::string_set({}).status().message(), prefix + "An string set  may not be empty");
  EXPECT_EQ(AttributeValue::number_set({}).status().message(), prefix + "An number set  may not be empty");
  EXPECT_EQ(AttributeValue::binary_set({}).status().message(), prefix + "Binary sets should not be empty");
  EXPECT_EQ(AttributeValue::string_set({"b", "a", "b"}).status().message(),
            prefix + "Input collection [b, a, b] contains duplicates.");
  EXPECT_EQ(AttributeValue::number_set({Number(1), *Number::parse("1.0")}).status().message(),
            "Input collection contains duplicates");
  EXPECT_EQ(AttributeValue::binary_set({"a", "a"}).status().message(),
            prefix + "Input collection [YQ==, YQ==]of type BS contains duplicates.");
  EXPECT_TRUE(AttributeValue::string_set({""}).ok());
}

TEST(AttributeValue, UnionAndDifferenceOfSets) {
  EXPECT_EQ(AttributeValue::set_union(value_of("<1, 3>"), value_of("<2, 3.0>")), value_of("<1, 2, 3>"));
  EXPECT_EQ(AttributeValue::set_difference(value_of("<'a', 'b'>"), value_of("<'b', 'c'>")),
            value_of("<'a'>"));
  EXPECT_EQ(AttributeValue::set_difference(value_of("<x'00'>"), value_of("<x'00', x'01'>")), std::nullopt);
}

TEST(AttributeMap, TheLastOfEqualNamesStays) {
  const AttributeMap map = AttributeMap::from_unsorted(
      {{"b", value_of("1")}, {"a", value_of("2")}, {"b", value_of("3")}, {"a", value_of("4")}});
  EXPECT_EQ(map, item_of("{a: 4, b: 3}"));
}

TEST(AttributeMap, SetEraseAndFindKeepItSorted) {
  AttributeMap map;
  for (const char* name : {"m", "c", "z", "a", "m"}) map.set(name, AttributeValue::string(name));
  EXPECT_EQ(map, item_of("{a: 'a', c: 'c', m: 'm', z: 'z'}"));
  EXPECT_TRUE(map.erase("c"));
  EXPECT_FALSE(map.erase("c"));
  EXPECT_FALSE(map.erase("zz"));
  EXPECT_EQ(map.find("c"), nullptr);
  EXPECT_EQ(*map.find("z"), value_of("'z'"));
  EXPECT_EQ(map.size(), 3u);
}

TEST(ItemSize, FollowsTheArithmeticOfTheGuide) {
  const struct {
    const char* item;
    size_t bytes;
  } table[] = {
      {"{}", 0},
      {"{a: 'xyz'}", 4},
      {"{a: 'é'}", 3},
      {"{ab: x'000102'}", 5},
      {"{a: true, b: null}", 4},
      {"{a: 123}", 4},
      {"{a: <'ab', 'c'>}", 4},
      {"{a: <1, 1.5>}", 6},
      {"{a: []}", 4},
      {"{a: ['x', 1]}", 9},
      {"{a: {}}", 4},
      {"{a: {bc: 'x'}}", 8},
      {"{a: {b: [1]}}", 12},
  };
  for (const auto& row : table) EXPECT_EQ(item_size_bytes(item_of(row.item)), row.bytes) << row.item;
}

TEST(Nesting, ThirtyTwoLevelsIncludingTheAttributeAreAccepted) {
  AttributeValue value = value_of("1");
  for (int i = 0; i < 31; ++i) {
    value = i % 2 == 0 ? AttributeValue::list({value}) : AttributeValue::map({{"k", value}});
  }
  EXPECT_EQ(nesting_depth(value), 32u);
  Item item;
  item.set("a", value);
  EXPECT_TRUE(check_nesting(item).ok());
  item.set("a", AttributeValue::list({value}));
  EXPECT_EQ(check_nesting(item).message(),
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
            "supported limit");
}

TEST(Base64, EncodesEveryTailLength) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("\xff\xfe"), "//4=");
}

}  // namespace
}  // namespace varve::index
