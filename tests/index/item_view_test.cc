// The typed getters of views and walking over what they hold.
#include "index/item_view.h"

#include <gtest/gtest.h>

#include <vector>

#include "index/item_codec.h"

namespace varve::index {
namespace {

class ItemViewTest : public ::testing::Test {
 protected:
  const std::string bytes_ = encode_item(
      {{"s", AttributeValue::string("text")},
       {"n", AttributeValue::number(Number(-7))},
       {"half", AttributeValue::number(*Number::parse("0.5"))},
       {"b", AttributeValue::binary("\x01\x02")},
       {"t", AttributeValue::boolean(true)},
       {"z", AttributeValue::null()},
       {"l", AttributeValue::list({AttributeValue::string("x"), AttributeValue::number(Number(1))})},
       {"m", AttributeValue::map({{"inner", AttributeValue::number(Number(3))}})},
       {"ss", *AttributeValue::string_set({"q", "p"})},
       {"ns", *AttributeValue::number_set({Number(10), Number(9)})}});
  const ItemView item_ = *ItemView::open(bytes_);
};

TEST_F(ItemViewTest, AnAttributeIsReadAsItsType) {
  EXPECT_EQ(*item_.get_string("s"), "text");
  EXPECT_EQ(*item_.get_number("n"), Number(-7));
  EXPECT_EQ(*item_.get_int64("n"), -7);
  EXPECT_EQ(*item_.get_number("half"), *Number::parse("0.5"));
  EXPECT_EQ(*item_.get_binary("b"), "\x01\x02");
  EXPECT_TRUE(*item_.get_bool("t"));
  EXPECT_EQ(item_.get("z")->type(), AttributeType::kNull);
  EXPECT_EQ(*item_.get_map("m")->get_int64("inner"), 3);
  EXPECT_EQ(item_.get_list("l")->size(), 2u);
  EXPECT_EQ(*(*item_.get_list("l"))[0].get_string(), "x");
}

TEST_F(ItemViewTest, ValuesAreViewsIntoTheItemsBytes) {
  const Slice text = *item_.get_string("s");
  EXPECT_GE(text.data(), bytes_.data());
  EXPECT_LE(text.data() + text.size(), bytes_.data() + bytes_.size());
}

TEST_F(ItemViewTest, ErrorsNameTheAttributeAndBothTypes) {
  EXPECT_EQ(item_.get_string("none").code(), ErrorCode::kNotFound);
  EXPECT_EQ(item_.get_string("none").status().message(), "there is no attribute \"none\"");
  const std::pair<Status, const char*> rows[] = {
      {item_.get_string("n").status(), "attribute \"n\" is N, not S"},
      {item_.get_number("s").status(), "attribute \"s\" is S, not N"},
      {item_.get_int64("half").status(), "attribute \"half\" is 0.5, no whole number of 64 bits"},
      {item_.get_binary("s").status(), "attribute \"s\" is S, not B"},
      {item_.get_bool("z").status(), "attribute \"z\" is NULL, not BOOL"},
      {item_.get_list("m").status(), "attribute \"m\" is M, not L"},
      {item_.get_map("l").status(), "attribute \"l\" is L, not M"},
      {item_.get_set("l").status(), "attribute \"l\" is L, not a set"},
      {item_.get_map("m")->get_string("inner").status(), "attribute \"inner\" is N, not S"},
  };
  for (const auto& [status, message] : rows) {
    EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(status.message(), message);
  }
}

TEST_F(ItemViewTest, AttributesAndElementsAreWalkedInOrder) {
  std::string names;
  for (const auto [name, value] : item_)
    names += std::string(name) + ":" + std::string(type_name(value.type())) + " ";
  EXPECT_EQ(names, "b:B half:N l:L m:M n:N ns:NS s:S ss:SS t:BOOL z:NULL ");
  std::vector<std::string> strings;
  const auto string_set = item_.get_set("ss");
  for (const ValueView element : *string_set) strings.emplace_back(*element.get_string());
  EXPECT_EQ(strings, (std::vector<std::string>{"p", "q"}));
  std::vector<int64_t> numbers;
  const auto number_set = item_.get_set("ns");
  for (const ValueView element : *number_set) numbers.push_back(*element.get_int64());
  EXPECT_EQ(numbers, (std::vector<int64_t>{9, 10}));
}

TEST_F(ItemViewTest, AnItemThatDoesNotExistHasNoAttributes) {
  const ItemView missing;
  EXPECT_EQ(missing.get_string("s").code(), ErrorCode::kNotFound);
  for ([[maybe_unused]] const auto attribute : missing) FAIL();
}

}  // namespace
}  // namespace varve::index
