#include <gtest/gtest.h>

#include <string>

#include "api/expression/legacy.h"

namespace varve::api::expression {
namespace {

using index::AttributeValue;
using index::Item;

AttributeValue number(uint64_t n) { return AttributeValue::number(index::Number::from_unsigned(n)); }

// Names in no particular order, so that each insertion into a sorted vector would land in its middle.
std::string scattered_name(uint64_t i) { return std::to_string((i * 7919) % 100003); }

TEST(Legacy, ManyChangesOfABigItemDoWhatFewDo) {
  Item old_item;
  std::vector<index::Attribute> attributes;
  for (uint64_t i = 0; i < 20000; ++i) attributes.push_back({scattered_name(i), number(i)});
  old_item = Item::from_unsorted(std::move(attributes));

  std::vector<AttributeChange> changes;
  for (uint64_t i = 10000; i < 30000; ++i) {
    AttributeChange change;
    change.attribute = scattered_name(i);
    change.action = i % 2 == 0 ? AttributeAction::kDelete : AttributeAction::kAdd;
    if (i % 2 == 1) change.value = LegacyValue{number(1), ""};
    changes.push_back(std::move(change));
  }
  const auto update = translate_changes(changes);
  ASSERT_TRUE(update.ok());
  const auto item = (*update)->apply(&old_item, {});
  ASSERT_TRUE(item.ok()) << item.status().message();
  // The first half is untouched; of the rest every second one is there, greater by one when it was there before.
  EXPECT_EQ(item->size(), 20000u);
  for (uint64_t i = 0; i < 30000; ++i) {
    const AttributeValue* const found = item->find(scattered_name(i));
    if (i >= 10000 && i % 2 == 0) {
      EXPECT_EQ(found, nullptr) << i;
      continue;
    }
    ASSERT_NE(found, nullptr) << i;
    EXPECT_EQ(*found, number(i < 10000 ? i : i < 20000 ? i + 1 : 1)) << i;
  }
}

TEST(Legacy, AHundredThousandTestsNeedNoDeepStack) {
  std::vector<AttributeTest> tests(100000);
  for (size_t i = 0; i < tests.size(); ++i) {
    tests[i].attribute = std::to_string(i);
    tests[i].exists = false;
  }
  const auto all = translate_tests(tests, ConditionalOperator::kAnd);
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE((*all)->evaluate(index::ItemView()));
  tests[77777].op = ComparisonOperator::kNotNull;
  tests[77777].exists.reset();
  const auto one_fails = translate_tests(tests, ConditionalOperator::kAnd);
  ASSERT_TRUE(one_fails.ok());
  EXPECT_FALSE((*one_fails)->evaluate(index::ItemView()));
  const auto any = translate_tests(tests, ConditionalOperator::kOr);
  ASSERT_TRUE(any.ok());
  EXPECT_TRUE((*any)->evaluate(index::ItemView()));
}

}  // namespace
}  // namespace varve::api::expression
