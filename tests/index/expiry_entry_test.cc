#include "index/expiry_entry.h"

#include <gtest/gtest.h>

#include "index/item_codec.h"
#include "tests/index/item_literal.h"

namespace varve::index {
namespace {

constexpr int64_t kNow = 1'767'225'600;

Number number(const char* text) { return *Number::parse(text); }

std::string tree_key() { return encode_tree_key(AttributeValue::string("a"), nullptr); }

std::string hex(Slice bytes) {
  std::string out;
  for (const char c : bytes) {
    char buffer[3];
    std::snprintf(buffer, sizeof(buffer), "%02X", static_cast<unsigned char>(c));
    out += buffer;
  }
  return out;
}

TEST(ExpiryEntry, TheExampleOfTheFormatDocument) {
  const std::string key = encode_expiry_key(number("1767225600"), "");
  EXPECT_EQ(hex(key), "C6124417390001");
  EXPECT_EQ(encode_expiry_key(number("1767225600"), tree_key()), key + tree_key());
}

TEST(ExpiryEntry, ReadsBack) {
  for (const char* text : {"0", "-5", "1", "1767225600", "1767225600.25", "1E125", "-1E-130"}) {
    const std::string key = encode_expiry_key(number(text), tree_key());
    const auto entry = decode_expiry_key(key);
    ASSERT_TRUE(entry.ok()) << text;
    EXPECT_EQ(entry->time_to_live, number(text));
    EXPECT_EQ(entry->tree_key, tree_key());
  }
  EXPECT_EQ(decode_expiry_key("").code(), ErrorCode::kCorruption);
  EXPECT_EQ(decode_expiry_key(encode_expiry_key(number("1"), "short")).code(), ErrorCode::kCorruption);
}

TEST(ExpiryEntry, TheRangeHoldsExactlyWhatIsExpired) {
  const KeyRange range = expired_range(kNow);
  const std::string now = std::to_string(kNow), last = std::to_string(kNow - kMaxExpiredSeconds);
  const struct {
    std::string time;
    bool expired;
  } cases[] = {{"0", false},
               {"-1", false},
               {"-1E125", false},
               {std::to_string(kNow - kMaxExpiredSeconds - 1), false},
               {last + ".5", true},
               {last, true},
               {std::to_string(kNow - 1), true},
               {std::to_string(kNow - 1) + ".999", true},
               {now, false},
               {now + ".001", false},
               {std::to_string(kNow + 1), false},
               {"1E125", false}};
  for (const auto& c : cases) {
    const Number time = number(c.time.c_str());
    EXPECT_EQ(is_expired(time, kNow), c.expired) << c.time;
    EXPECT_EQ(range.contains(encode_expiry_key(time, tree_key())), c.expired) << c.time;
  }
}

TEST(ExpiryEntry, OnlyNumbersAreTimes) {
  const auto of = [](const AttributeValue& value) {
    const std::string encoded = encode_item(Item{{"ttl", value}, {"other", AttributeValue::string("x")}});
    return time_to_live(*ItemView::open(encoded), "ttl");
  };
  EXPECT_EQ(of(AttributeValue::number(Number(7))), Number(7));
  EXPECT_FALSE(of(AttributeValue::string("7")).has_value());
  EXPECT_FALSE(of(AttributeValue::boolean(true)).has_value());
  EXPECT_FALSE(time_to_live(ItemView(), "ttl").has_value());
}

}  // namespace
}  // namespace varve::index
