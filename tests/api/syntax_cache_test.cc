#include "api/expression/syntax_cache.h"

#include <gtest/gtest.h>

#include <vector>

#include "api/dynamo/context.h"
#include "api/expression/condition.h"
#include "base/io/thread.h"
#include "tests/api/test_database.h"

namespace varve::api::expression {
namespace {

TEST(SyntaxCache, OneTreeServesAllRequestsOfOneText) {
  SyntaxCache cache;
  const auto first = cache.condition(ExpressionKind::kCondition, "a = :a");
  const auto again = cache.condition(ExpressionKind::kCondition, "a = :a");
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->get(), again->get());
  EXPECT_EQ(cache.counters().hits, 1u);
  EXPECT_EQ(cache.counters().misses, 1u);
}

TEST(SyntaxCache, OneTextIsAnotherTreeForEachKind) {
  SyntaxCache cache;
  const auto condition = cache.condition(ExpressionKind::kCondition, "a = :a");
  const auto filter = cache.condition(ExpressionKind::kFilter, "a = :a");
  ASSERT_TRUE(condition.ok() && filter.ok());
  EXPECT_EQ((*condition)->kind, ExpressionKind::kCondition);
  EXPECT_EQ((*filter)->kind, ExpressionKind::kFilter);
  ASSERT_TRUE(cache.projection("a").ok());
  ASSERT_TRUE(cache.update("REMOVE a").ok());
  EXPECT_FALSE(cache.update("a").ok());
  EXPECT_EQ(cache.counters().entries, 4u);
}

TEST(SyntaxCache, ATextThatDoesNotParseAnswersTheSameErrorEachTime) {
  SyntaxCache cache;
  const std::string first = cache.update("SET a").status().message();
  EXPECT_EQ(cache.update("SET a").status().message(), first);
  EXPECT_EQ(first, parse_update_syntax("SET a").status().message());
  EXPECT_EQ(cache.counters().entries, 0u);
}

TEST(SyntaxCache, IsBoundedAndKeepsWhatIsUsed) {
  SyntaxCache cache;
  const std::string tail(1000, 'a');
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(cache.projection("often").ok());
    ASSERT_TRUE(cache.projection("a" + std::to_string(i) + tail).ok());
    ASSERT_LE(cache.counters().text_bytes, SyntaxCache::kMaxTextBytes);
  }
  EXPECT_GT(cache.counters().text_bytes, SyntaxCache::kMaxTextBytes / 2);
  EXPECT_EQ(cache.counters().hits, 1999u);
}

TEST(SyntaxCache, ManyThreadsSeeWholeTreesWhileTheCacheTurnsOver) {
  SyntaxCache cache;
  const auto use = [&cache](int seed) {
    for (int i = 0; i < 3000; ++i) {
      const std::string name = "n" + std::to_string((i * 7 + seed) % 600) + std::string(900, 'x');
      const auto tree = cache.projection(name);
      ASSERT_TRUE(tree.ok());
      ASSERT_EQ((*tree)->operands.paths.front().front().text, name);
    }
  };
  std::vector<io::Thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back("use", [&use, t] { use(t); });
}

TEST(SyntaxCache, ADatabaseParsesATextOnce) {
  with_database(1, [](Database* database) {
    CreateTableRequest create;
    create.table = "Tab";
    create.attribute_definitions = {{"pk", index::AttributeType::kString}};
    create.key_schema = {{"pk", KeyType::kHash}};
    create.billing_mode = BillingMode::kPayPerRequest;
    ASSERT_TRUE(database->create_table(create).ok());
    UpdateItemRequest update;
    update.table = "Tab";
    update.key = {{"pk", AttributeValue::string("a")}};
    update.update_expression = "SET n = :n";
    update.condition_expression = "attribute_not_exists(n) OR n < :n";
    for (int i = 0; i < 10; ++i) {
      update.attributes.values = {{{":n", AttributeValue::number(index::Number(i))}}};
      ASSERT_TRUE(database->update_item(update).ok());
    }
    const SyntaxCache::Counters counters = database->context().expressions->counters();
    EXPECT_EQ(counters.misses, 2u);
    EXPECT_EQ(counters.hits, 18u);
  });
}

}  // namespace
}  // namespace varve::api::expression
