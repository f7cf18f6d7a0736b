// Key conditions held against key schemas, and projections.
#include <gtest/gtest.h>

#include "api/expression/expression.h"
#include "index/item_codec.h"
#include "tests/api/expression_literals.h"

namespace varve::api::expression {
namespace {

using index::AttributeType;
using index::item_of;
using index::ItemView;
using index::KeySchema;
using index::SortOperator;
using index::value_of;

const KeySchema kHashOnly{{"p", AttributeType::kString}, std::nullopt};
const KeySchema kHashRange{{"p", AttributeType::kString}, index::KeyAttribute{"s", AttributeType::kNumber}};
const KeySchema kHashText{{"p", AttributeType::kString}, index::KeyAttribute{"s", AttributeType::kString}};

TEST(KeyCondition, ResolvesToAPartitionAndASortCondition) {
  const struct {
    const char* text;
    SortOperator op;
    const char* low;
  } table[] = {
      {"p = :p AND s = :n", SortOperator::kEqual, "5"},
      {"s < :n AND p = :p", SortOperator::kLess, "5"},
      {":p = p AND s <= :n", SortOperator::kLessOrEqual, "5"},
      {"p = :p AND s > :n", SortOperator::kGreater, "5"},
      {"p = :p AND s >= :n", SortOperator::kGreaterOrEqual, "5"},
      {"p = :p AND :n <= s", SortOperator::kGreaterOrEqual, "5"},
      {"p = :p AND :n < s", SortOperator::kGreater, "5"},
      {"p = :p AND :n >= s", SortOperator::kLessOrEqual, "5"},
      {"p = :p AND :n > s", SortOperator::kLess, "5"},
      {"(p = :p) AND (s BETWEEN :n AND :m)", SortOperator::kBetween, "5"},
      {"(#p = :p AND #s = :n)", SortOperator::kEqual, "5"},
  };
  for (const auto& row : table) {
    Placeholders placeholders = placeholders_of("p=p s=s", "{p: 'a', n: 5, m: 9}");
    const Result<KeyCondition> condition = parse_key_condition(row.text, &placeholders);
    ASSERT_TRUE(condition.ok()) << row.text << condition.status().message();
    const Result<KeyQuery> query = condition->resolve(kHashRange);
    ASSERT_TRUE(query.ok()) << row.text << query.status().message();
    EXPECT_EQ(query->partition, std::vector{value_of("'a'")});
    ASSERT_TRUE(query->sort.has_value()) << row.text;
    EXPECT_EQ(query->sort->op, row.op) << row.text;
    EXPECT_EQ(query->sort->low, value_of(row.low)) << row.text;
    EXPECT_EQ(query->sort->high, row.op == SortOperator::kBetween ? value_of("9") : value_of("null"));
  }
  Placeholders placeholders = placeholders_of("", "{p: 'a', x: 'pre'}");
  EXPECT_FALSE(parse_key_condition("p = :p", &placeholders)->resolve(kHashRange)->sort.has_value());
  const Result<KeyQuery> prefix =
      parse_key_condition("p = :p AND begins_with(s, :x)", &placeholders)->resolve(kHashText);
  EXPECT_EQ(prefix->sort->op, SortOperator::kBeginsWith);
}

TEST(KeyCondition, RefusalsAgainstASchemaAreThoseOfDynamoDb) {
  const std::string type =
      "One or more parameter values were invalid: Condition parameter type does not match schema type";
  const std::string unsupported = "Query key condition not supported";
  const std::string missed = "Query condition missed key schema element: ";
  const std::string empty =
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
      "contain an empty string value. Key: ";
  const struct {
    const char* text;
    const KeySchema* schema;
    std::string message;
  } table[] = {
      {"p = :p AND s = :n", &kHashOnly, unsupported},
      {"x = :p", &kHashOnly, missed + "p"},
      {"s = :n", &kHashRange, missed + "p"},
      {"p = :p AND x = :n", &kHashRange, missed + "s"},
      {"x = :p AND s = :n", &kHashRange, missed + "p"},
      {"p = :n", &kHashOnly, type},
      {"p = :p AND s = :p", &kHashRange, type},
      {"p = :p AND s BETWEEN :p AND :p", &kHashRange, type},
      {"p = :p AND begins_with(s, :p)", &kHashRange, type},
      {"p > :p", &kHashOnly, unsupported},
      {"begins_with(p, :p) AND s = :n", &kHashRange, unsupported},
      {"p = :e", &kHashOnly, empty + "p"},
      {"p = :p AND s = :e", &kHashText, empty + "s"},
      {"p = :p AND s BETWEEN :e AND :p", &kHashText, empty + "s"},
  };
  for (const auto& row : table) {
    Placeholders placeholders = placeholders_of("", "{p: 'a', n: 5, e: ''}");
    const Result<KeyCondition> condition = parse_key_condition(row.text, &placeholders);
    ASSERT_TRUE(condition.ok()) << row.text << condition.status().message();
    EXPECT_EQ(condition->resolve(*row.schema).status().message(), row.message) << row.text;
  }
}

TEST(Projection, KeepsStructureAndSkipsWhatIsMissing) {
  const std::string bytes = index::encode_item(item_of(
      "{pk: 'k', a: 1, m: {x: 1, y: {z: 2, w: 3}}, l: ['a', 'b', 'c', {k: 1, j: 2}], 'a.b': 'dotted'}"));
  const Result<ItemView> view = ItemView::open(bytes);
  const struct {
    const char* text;
    const char* kept;
  } table[] = {
      {"a", "{a: 1}"},
      {"pk, nope", "{pk: 'k'}"},
      {"nope", "{}"},
      {"m", "{m: {x: 1, y: {z: 2, w: 3}}}"},
      {"m.x, m.y.z", "{m: {x: 1, y: {z: 2}}}"},
      {"m.nope, a", "{a: 1}"},
      {"l[2], l[0]", "{l: ['a', 'c']}"},
      {"l[3].k, l[1]", "{l: ['b', {k: 1}]}"},
      {"l[3].nope", "{}"},
      {"l[9]", "{}"},
      {"a.x, m[0], l.y", "{}"},
      {"#d", "{'a.b': 'dotted'}"},
      {"m.y.w, l[3].j", "{m: {y: {w: 3}}, l: [{j: 2}]}"},
  };
  for (const auto& row : table) {
    Placeholders placeholders = placeholders_of("d=a.b", "{}");
    const Result<Projection> projection = parse_projection(row.text, &placeholders);
    ASSERT_TRUE(projection.ok()) << row.text;
    EXPECT_EQ(*projection->apply(*view), item_of(row.kept)) << row.text;
  }
  EXPECT_EQ(*project_attributes({"a.b", "nope", "a"}).apply(*view), item_of("{'a.b': 'dotted', a: 1}"));
  EXPECT_TRUE(Projection().apply(*view)->empty());
}

TEST(Projection, PathsBelowKeyAttributesAreRefused) {
  Placeholders placeholders;
  EXPECT_EQ(
      parse_projection("a, p.x", &placeholders)->check_key_paths(kHashOnly).message(),
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: p");
  EXPECT_TRUE(parse_projection("a.x, p", &placeholders)->check_key_paths(kHashOnly).ok());
}

TEST(Projection, DamagedBytesItKeepsAreCorruption) {
  std::string bytes = index::encode_item(item_of("{a: 1, b: 2}"));
  bytes.back() = '\x01';  // b's digit
  Placeholders placeholders;
  EXPECT_EQ(parse_projection("b", &placeholders)->apply(*ItemView::open(bytes)).code(),
            ErrorCode::kCorruption);
  EXPECT_TRUE(parse_projection("a", &placeholders)->apply(*ItemView::open(bytes)).ok());
}

}  // namespace
}  // namespace varve::api::expression
