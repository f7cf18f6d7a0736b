// PartiQL: the parser and the planner by themselves, and paging through the C++ face.
#include <gtest/gtest.h>

#include "api/partiql/next_token.h"
#include "api/partiql/plan.h"
#include "api/partiql/statement.h"
#include "api/varve.h"
#include "tests/api/test_database.h"

namespace varve::api::partiql {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

const index::KeySchema kSchema{{"pk", AttributeType::kString},
                               index::KeyAttribute{"sk", AttributeType::kNumber}};

std::string message_of(Slice text) {
  const auto statement = parse_statement(text, {});
  return statement.ok() ? "" : statement.status().message();
}

ReadPlan plan_of(Slice text) {
  const auto statement = parse_statement(text, {});
  CHECK(statement.ok());
  auto planner = Planner::bind(*statement);
  CHECK(planner.ok());
  auto plan = planner->plan_read(kSchema);
  CHECK(plan.ok());
  return *std::move(plan);
}

TEST(PartiqlParser, KeywordsHaveNoCase) {
  EXPECT_EQ(message_of("select * from T where a = 1 and NOT b Is mIssing"), "");
  EXPECT_EQ(message_of("Insert Into T Value {}"), "");
}

TEST(PartiqlParser, CommentsAreWhiteSpace) {
  EXPECT_EQ(message_of("SELECT /* all */ * FROM T -- of it\n WHERE a = 1"), "");
  EXPECT_EQ(message_of("SELECT * FROM T /* open"), "Statement wasn't well formed, can't be processed: ");
}

TEST(PartiqlParser, NamesAreSharedAndValuesAreNot) {
  const auto statement = parse_statement("SELECT a, b.a FROM T WHERE a = 1 OR a = 1", {});
  ASSERT_TRUE(statement.ok());
  EXPECT_EQ(statement->names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(statement->values.size(), 2u);
}

TEST(PartiqlParser, ParametersTakeTheirPlacesInsideLiterals) {
  const std::vector<AttributeValue> parameters = {AttributeValue::string("x"), AttributeValue::null()};
  const auto statement = parse_statement("INSERT INTO T VALUE {'a': ?, 'b': [1, {'c': ?}]}", parameters);
  ASSERT_TRUE(statement.ok());
  const index::Item expected = {
      {"a", AttributeValue::string("x")},
      {"b", AttributeValue::list(
                {AttributeValue::number(Number(1)), AttributeValue::map({{"c", AttributeValue::null()}})})}};
  EXPECT_EQ(statement->item, expected);
}

TEST(PartiqlParser, MoreParametersThanPlacesAreAccepted) {
  const std::vector<AttributeValue> parameters = {AttributeValue::null(), AttributeValue::null()};
  EXPECT_TRUE(parse_statement("SELECT * FROM T WHERE a = ?", parameters).ok());
  EXPECT_FALSE(parse_statement("SELECT * FROM T WHERE a = ? OR b = ? OR c = ?", parameters).ok());
}

TEST(PartiqlParser, DeepNestingIsRefusedNotFollowed) {
  const std::string deep(4000, '(');
  EXPECT_NE(message_of("SELECT * FROM T WHERE " + deep), "");
  EXPECT_NE(message_of("INSERT INTO T VALUE {'a':" + std::string(4000, '[')), "");
  std::string nots;
  for (int i = 0; i < 2000; ++i) nots += "NOT ";
  EXPECT_NE(message_of("SELECT * FROM T WHERE " + nots + "a = 1"), "");
}

TEST(PartiqlPlanner, KeyConjunctsBecomeTheRange) {
  const ReadPlan one = plan_of("SELECT * FROM T WHERE sk = 5 AND pk = 'a'");
  EXPECT_TRUE(one.key.has_value());
  EXPECT_FALSE(one.filter.has_value());
  ASSERT_EQ(one.ranges.size(), 1u);
  const AttributeValue sort = AttributeValue::number(Number(5));
  EXPECT_TRUE(one.ranges[0].contains(index::encode_tree_key(AttributeValue::string("a"), &sort)));
  const AttributeValue other = AttributeValue::number(Number(6));
  EXPECT_FALSE(one.ranges[0].contains(index::encode_tree_key(AttributeValue::string("a"), &other)));
}

TEST(PartiqlPlanner, WhatIsNoKeyConditionFilters) {
  EXPECT_TRUE(plan_of("SELECT * FROM T WHERE pk = 'a' AND sk > 1 AND sk < 9").filter.has_value());
  EXPECT_FALSE(plan_of("SELECT * FROM T WHERE pk = 'a' AND sk > 1").filter.has_value());
  const ReadPlan scan = plan_of("SELECT * FROM T WHERE pk = 'a' OR sk = 1");
  EXPECT_TRUE(scan.filter.has_value());
  EXPECT_EQ(scan.ranges.at(0).lower, "");
  EXPECT_EQ(scan.ranges.at(0).upper, "");
}

TEST(PartiqlPlanner, InReadsEachPartitionOnce) {
  const ReadPlan plan = plan_of("SELECT * FROM T WHERE pk IN ['a', 'b', 'a']");
  EXPECT_EQ(plan.ranges.size(), 2u);
  EXPECT_FALSE(plan.key.has_value());
}

TEST(PartiqlNextToken, OnlyItsOwnStatementReadsIt) {
  const ReadPlan plan = plan_of("SELECT * FROM T WHERE pk = 'a'");
  const AttributeValue sort = AttributeValue::number(Number(5));
  const ReadPosition position{0, index::encode_tree_key(AttributeValue::string("a"), &sort)};
  const std::string token = encode_next_token(7, position);
  const auto decoded = decode_next_token(token, 7, plan, 2);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->after, position.after);
  EXPECT_FALSE(decode_next_token(token, 8, plan, 2).has_value());
  EXPECT_FALSE(decode_next_token(encode_next_token(7, {1, ""}), 7, plan, 2).has_value());
  // A key of another partition is outside of what the statement reads.
  const std::string outside = index::encode_tree_key(AttributeValue::string("b"), &sort);
  EXPECT_FALSE(decode_next_token(encode_next_token(7, {0, outside}), 7, plan, 2).has_value());
  EXPECT_FALSE(decode_next_token(encode_next_token(7, {0, position.after + "x"}), 7, plan, 2).has_value());
  for (size_t cut = 0; cut < token.size(); ++cut) {
    EXPECT_FALSE(decode_next_token(Slice(token).substr(0, cut), 7, plan, 2).value_or(ReadPosition{}).after ==
                 position.after);
  }
}

void create_table(Database* database) {
  CreateTableRequest request;
  request.table = "Table";
  request.attribute_definitions = {{"pk", AttributeType::kString}, {"sk", AttributeType::kNumber}};
  request.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
  request.billing_mode = BillingMode::kPayPerRequest;
  CHECK(database->create_table(request).ok());
}

// All sort keys that a statement answers, page by page.
std::vector<std::string> read_pages(Database* database, const std::string& text, int64_t limit) {
  ExecuteStatementRequest request;
  request.statement = text;
  request.limit = limit;
  std::vector<std::string> found;
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = database->execute_statement(request);
    CHECK(page.ok());
    CHECK(page->items.size() <= static_cast<size_t>(limit));
    const auto items = page->items.decode_all();
    CHECK(items.ok());
    for (const index::Item& item : *items) {
      found.push_back(item.find("pk")->as_string() + item.find("sk")->as_number().to_string());
    }
    if (!page->next_token) return found;
    request.next_token = page->next_token;
  }
  return {"too many pages"};
}

TEST(PartiqlPaging, PagesOfAnySizeJoinToTheWhole) {
  with_database(7, [](Database* database) {
    create_table(database);
    BatchExecuteStatementRequest batch;
    for (const char* pk : {"a", "b", "c"}) {
      for (int sk = 0; sk < 5; ++sk) {
        batch.statements.push_back({"INSERT INTO \"Table\" VALUE {'pk':?,'sk':?}",
                                    {AttributeValue::string(pk), AttributeValue::number(Number(sk))},
                                    false,
                                    false});
      }
    }
    const auto written = database->batch_execute_statement(batch);
    ASSERT_TRUE(written.ok());
    for (const BatchStatementResponse& response : written->responses)
      EXPECT_FALSE(response.error.has_value());
    const std::vector<std::string> statements = {
        "SELECT * FROM \"Table\"",
        "SELECT * FROM \"Table\" WHERE pk IN ['c','nothing','a']",
        "SELECT * FROM \"Table\" WHERE pk = 'b' ORDER BY sk DESC",
        "SELECT * FROM \"Table\" WHERE pk IN ['a','b'] AND sk = 3",
        "SELECT * FROM \"Table\" WHERE sk > 2",
    };
    const std::vector<size_t> counts = {15, 10, 5, 2, 6};
    for (size_t i = 0; i < statements.size(); ++i) {
      const auto whole = read_pages(database, statements[i], 1000);
      EXPECT_EQ(whole.size(), counts[i]) << statements[i];
      for (const int64_t limit : {1, 2, 3, 7}) EXPECT_EQ(read_pages(database, statements[i], limit), whole);
    }
  });
}

}  // namespace
}  // namespace varve::api::partiql
