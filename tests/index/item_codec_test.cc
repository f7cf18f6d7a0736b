#include "index/item_codec.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/random.h"
#include "tests/index/item_literal.h"
#include "tests/index/random_value.h"

namespace varve::index {
namespace {

std::string from_hex(Slice hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 3) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

// The examples of index/FORMAT.md.
TEST(ItemCodec, ExamplesOfTheFormatDocumentDecode) {
  const struct {
    const char* hex;
    const char* item;
  } table[] = {
      {"01 01 00", "{}"},
      {"01 01 02 05 0a 02 69 64 02 61 01 6e 03 c2 02", "{n: 1, id: 'a'}"},
      {"01 01 01 1e 01 6d 06 01 02 04 17 01 61 01 01 01 6c 05 01 03 01 04 0b 00 02 68 69 07 01 02 01 02 78 "
       "79",
       "{m: {a: true, l: [null, 'hi', <'x', 'y'>]}}"},
  };
  for (const auto& row : table) {
    const Item item = item_of(row.item);
    const std::string bytes = from_hex(row.hex);
    const Result<Item> decoded = decode_item(bytes);
    ASSERT_TRUE(decoded.ok()) << row.item << " " << decoded.status().to_string();
    EXPECT_EQ(*decoded, item) << row.item;
    EXPECT_EQ(encode_item(item), bytes) << row.item;
  }
}

TEST(ItemCodec, RandomItemsReadBackAndEqualItemsHaveEqualBytes) {
  const uint64_t seed = 0x5eed0006;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  Item previous;
  for (int i = 0; i < 5000; ++i) {
    const Item item = random_map(&random, 12, 4);
    const std::string bytes = encode_item(item);
    const Result<Item> back = decode_item(bytes);
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    ASSERT_EQ(*back, item);
    ASSERT_TRUE(validate_item(bytes).ok());
    ASSERT_EQ(item == previous, bytes == encode_item(previous));
    const Result<ItemView> view = ItemView::open(bytes);
    ASSERT_TRUE(view.ok());
    ASSERT_EQ(view->size_bytes(), item_size_bytes(item));
    ASSERT_EQ(view->size(), item.size());
    for (const Attribute& attribute : item) {
      const std::optional<ValueView> found = view->find(attribute.name);
      ASSERT_TRUE(found.has_value());
      const Result<AttributeValue> value = found->decode();
      ASSERT_TRUE(value.ok());
      ASSERT_EQ(*value, attribute.value);
    }
    ASSERT_FALSE(view->find("not there").has_value());
    previous = item;
  }
}

TEST(ItemCodec, EveryCutAndEveryFlippedBitIsCorruptionOrAnotherItem) {
  const Item item = item_of("{pk: 'a', n: -1.5, l: [1, 'x', {k: null}], s: <'a', 'b'>, ns: <1, 2>, t: true}");
  const std::string good = encode_item(item);
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_EQ(decode_item(Slice(good).substr(0, n)).code(), ErrorCode::kCorruption) << n;
  }
  EXPECT_EQ(decode_item(good + 'x').code(), ErrorCode::kCorruption);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const Result<Item> decoded = decode_item(bad);
    EXPECT_EQ(validate_item(bad).ok(), decoded.ok());
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.code(), ErrorCode::kCorruption);
      continue;
    }
    EXPECT_FALSE(*decoded == item) << bit;
    EXPECT_EQ(encode_item(*decoded), bad) << bit;
  }
}

TEST(ItemCodec, CorruptionNamesTheOffset) {
  std::string bad = encode_item(item_of("{a: 'x', b: 1}"));
  bad[bad.size() - 1] = '\x01';  // the number's only digit
  EXPECT_NE(decode_item(bad).status().message().find("offset 12"), std::string::npos)
      << decode_item(bad).status().message();
}

TEST(ItemCodec, DirectoriesWidenWithTheItem) {
  for (const size_t size : {200u, 250u, 300u, 65000u, 66000u, 400000u}) {
    Item item;
    item.set("a", AttributeValue::string(std::string(size, 'x')));
    item.set("b", AttributeValue::number(Number(7)));
    const std::string bytes = encode_item(item);
    EXPECT_EQ(*decode_item(bytes), item);
    EXPECT_EQ(ItemView::open(bytes)->find("b")->as_number(), Number(7));
  }
  Item many;
  for (int i = 0; i < 5000; ++i)
    many.set("a" + std::to_string(100000 + i), AttributeValue::boolean(i % 2 == 0));
  const std::string bytes = encode_item(many);
  EXPECT_EQ(*decode_item(bytes), many);
  EXPECT_TRUE(ItemView::open(bytes)->find("a100042")->as_bool());
}

TEST(ItemCodec, NestingBeyondTheLimitIsRefused) {
  AttributeValue value = value_of("1");
  for (int i = 0; i < 31; ++i) value = AttributeValue::list({value});
  EXPECT_TRUE(decode_item(encode_item({{"a", value}})).ok());
  value = AttributeValue::list({value});
  EXPECT_EQ(decode_item(encode_item({{"a", value}})).code(), ErrorCode::kCorruption);
}

// A set's elements are no level of their own: the deepest value allowed may be a set, and counts.
TEST(ItemView, SetAtTheDeepestLevelCountsInTheSize) {
  std::string text = "<'four', 'five'>";
  for (size_t i = 1; i < kMaxNestingDepth; ++i) text = "[" + text + "]";
  const Item item = item_of("{a: " + text + "}");
  ASSERT_TRUE(check_nesting(item).ok());
  const std::string encoded = encode_item(item);
  EXPECT_EQ(ItemView::open(encoded)->size_bytes(), item_size_bytes(item));
  EXPECT_EQ(item_size_bytes(item), 1 + (kMaxNestingDepth - 1) * 4 + 8);
}

TEST(ItemView, PathsResolveInPlace) {
  const std::string bytes = encode_item(item_of("{m: {l: [1, {x: 'deep'}]}, s: <'a', 'c'>, n: <1, 2>}"));
  const Result<ItemView> view = ItemView::open(bytes);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->find("m")->member("l")->element(1)->member("x")->as_string(), "deep");
  EXPECT_FALSE(view->find("m")->member("l")->element(2).has_value());
  EXPECT_FALSE(view->find("m")->element(0).has_value());
  EXPECT_FALSE(view->find("s")->member("a").has_value());
  EXPECT_EQ(view->find("s")->element_count(), 2u);
  EXPECT_TRUE(view->find("s")->set_contains(ValueView(AttributeType::kString, "c")));
  EXPECT_FALSE(view->find("s")->set_contains(ValueView(AttributeType::kString, "b")));
  EXPECT_FALSE(view->find("s")->set_contains(ValueView(AttributeType::kBinary, "c")));
  EXPECT_EQ(view->find("n")->set_element(1).as_number(), Number(2));
}

TEST(ItemView, OtherVersionsAreCorruption) {
  EXPECT_EQ(ItemView::open("").code(), ErrorCode::kCorruption);
  EXPECT_EQ(ItemView::open("\x02").code(), ErrorCode::kCorruption);
}

// Containers whose ends overlap would make a careless walk exponential in the depth.
TEST(ItemView, OverlappingEntriesAreWalkedInLinearTime) {
  std::string value("\x00", 1);
  for (int depth = 0; depth < 30; ++depth) {
    std::string container("\x04", 1);
    const auto put32 = [&container](size_t v) {
      for (int i = 0; i < 4; ++i) container.push_back(static_cast<char>(v >> (8 * i)));
    };
    put32(5);
    for (int i = 0; i < 5; ++i) put32(i % 2 == 0 ? value.size() : 0);
    value = "\x05" + container + value;
  }
  std::string item("\x01\x04", 2);
  for (const size_t v : {size_t{1}, value.size() + 2}) {
    for (int i = 0; i < 4; ++i) item.push_back(static_cast<char>(v >> (8 * i)));
  }
  item +=
      "\x01"
      "a" +
      value;
  EXPECT_EQ(decode_item(item).code(), ErrorCode::kCorruption);
  EXPECT_GT(ItemView::open(item)->size_bytes(), 0u);
}

}  // namespace
}  // namespace varve::index
