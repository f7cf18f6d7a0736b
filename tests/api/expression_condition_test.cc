// What conditions and filters mean. To add a case, add a row: the expression, its values, and whether it holds on
// kItem.
#include <gtest/gtest.h>

#include "api/expression/expression.h"
#include "index/item_codec.h"
#include "tests/api/expression_literals.h"
#include "tests/support/allocation_counter.h"

namespace varve::api::expression {
namespace {

using index::encode_item;
using index::item_of;
using index::ItemView;

constexpr Slice kItem =
    "{pk: 'key', s: 'hello', e: '', n: 5, f: -1.50, b: x'0102', t: true, z: null, l: [1, 'x', {k: 'v'}, <1, "
    "2>], "
    "m: {x: {y: 7}, '1': 'one'}, ss: <'a', 'b'>, ns: <1, 2.0>, bs: <x'01', x'02'>, 'a.b': 'dotted', name: "
    "'N', el: []}";
constexpr Slice kNames = "d=a.b n=name one=1 mm=m";

struct Case {
  const char* text;
  const char* values;
  bool holds;
};

void check(const Case& c, const ItemView& item) {
  Placeholders placeholders = placeholders_of(kNames, c.values);
  const Result<Condition> condition = parse_condition(c.text, &placeholders);
  ASSERT_TRUE(condition.ok()) << c.text << ": " << condition.status().message();
  EXPECT_EQ(condition->evaluate(item), c.holds) << c.text << " with " << c.values;
}

TEST(Condition, HoldsOnTheItemAsTheTableSays) {
  const Case table[] = {
      // Comparators
      {"s = :v", "{v: 'hello'}", true},
      {"s = :v", "{v: 'Hello'}", false},
      {"n = :v", "{v: 5.0}", true},
      {"n = :v", "{v: '5'}", false},
      {"f = :v", "{v: -1.5}", true},
      {"n <> :v", "{v: 6}", true},
      {"n <> :v", "{v: 5}", false},
      {"n <> :v", "{v: 'x'}", true},
      {"n < :v", "{v: 10}", true},
      {"n < :v", "{v: 5}", false},
      {"n <= :v", "{v: 5}", true},
      {"n > f", "{}", true},
      {"f >= n", "{}", false},
      {"n > :v", "{v: -100}", true},
      {"n > :v", "{v: 'a'}", false},
      {"n <= :v", "{v: 'a'}", false},
      {"s < :v", "{v: 'hellp'}", true},
      {"s > :v", "{v: 'Z'}", true},
      {"b < :v", "{v: x'0103'}", true},
      {"b < :v", "{v: x'01'}", false},
      {":v = s", "{v: 'hello'}", true},
      {":v < n", "{v: 4}", true},
      {"t = :v", "{v: true}", true},
      {"z = :v", "{v: null}", true},
      {"l < n", "{}", false},
      {"t < s", "{}", false},
      // Deep equality
      {"ss = :v", "{v: <'b', 'a'>}", true},
      {"ns = :v", "{v: <2, 1>}", true},
      {"ss = :v", "{v: <'a'>}", false},
      {"m = :v", "{v: {'1': 'one', x: {y: 7}}}", true},
      {"l = :v", "{v: [1, 'x', {k: 'v'}, <2, 1>]}", true},
      {"l = :v", "{v: ['x', 1]}", false},
      // Missing attributes
      {"nope = :v", "{v: 1}", false},
      {"nope <> :v", "{v: 1}", true},
      {"nope = nada", "{}", false},
      {"nope <> nada", "{}", true},
      {"NOT nope = :v", "{v: 1}", true},
      {"nope < :v", "{v: 1}", false},
      {"nope BETWEEN :a AND :b", "{a: 1, b: 2}", false},
      {"nope IN (:a)", "{a: 1}", false},
      {"n BETWEEN nope AND :b", "{b: 9}", false},
      // Paths
      {"m.x.y = :v", "{v: 7}", true},
      {"#mm.x.y = :v", "{v: 7}", true},
      {"m.#one = :v", "{v: 'one'}", true},
      {"l[0] = :v", "{v: 1}", true},
      {"l[2].k = :v", "{v: 'v'}", true},
      {"l[9] = :v", "{v: 1}", false},
      {"s.x = :v", "{v: 1}", false},
      {"m[0] = :v", "{v: 1}", false},
      {"l.x = :v", "{v: 1}", false},
      {"#d = :v", "{v: 'dotted'}", true},
      {"#n = :v", "{v: 'N'}", true},
      {"m.nope.deeper[3] = :v", "{v: 1}", false},
      {" l [ 0 ]=:v\t", "{v: 1}", true},
      // BETWEEN and IN
      {"n BETWEEN :a AND :b", "{a: 5, b: 5}", true},
      {"n BETWEEN :a AND :b", "{a: 6, b: 7}", false},
      {"n between :a and :b AND s = :s", "{a: 1, b: 7, s: 'hello'}", true},
      {":v BETWEEN f AND n", "{v: 0}", true},
      {"s BETWEEN :a AND :b", "{a: 'h', b: 'i'}", true},
      {"n IN (:a, :b)", "{a: 4, b: 5}", true},
      {"n IN (:a)", "{a: '5'}", false},
      {"ss IN (:a, :b)", "{a: 1, b: <'b', 'a'>}", true},
      {"m IN (:a)", "{a: {x: {y: 7}, '1': 'one'}}", true},
      // Booleans and precedence
      {"s = :v AND n = :w", "{v: 'hello', w: 5}", true},
      {"s = :v OR n = :w", "{v: 'no', w: 5}", true},
      {"n = :y OR n = :x AND n = :x", "{x: 1, y: 5}", true},
      {"(n = :y OR n = :x) AND n = :x", "{x: 1, y: 5}", false},
      {"NOT n = :x AND n = :y", "{x: 1, y: 5}", true},
      {"NOT (n = :x OR n = :y)", "{x: 1, y: 5}", false},
      {"NOT NOT n = :y", "{y: 5}", true},
      {"not n = :x aNd n = :y oR n = :x", "{x: 1, y: 5}", true},
      {"(n = :y)", "{y: 5}", true},
      {"((n = :y) AND s = :s)", "{y: 5, s: 'hello'}", true},
      {"(n) = :y", "{y: 5}", true},
      {"(n) = (:y)", "{y: 5}", true},
      // attribute_exists and its kin
      {"attribute_exists(s)", "{}", true},
      {"attribute_exists(z)", "{}", true},
      {"attribute_exists(nope)", "{}", false},
      {"attribute_exists(m.x.y)", "{}", true},
      {"attribute_exists(l[7])", "{}", false},
      {"attribute_not_exists(nope)", "{}", true},
      {"attribute_not_exists(s)", "{}", false},
      {"attribute_type(s, :t)", "{t: 'S'}", true},
      {"attribute_type(z, :t)", "{t: 'NULL'}", true},
      {"attribute_type(t, :t)", "{t: 'BOOL'}", true},
      {"attribute_type(ns, :t)", "{t: 'NS'}", true},
      {"attribute_type(m, :t)", "{t: 'L'}", false},
      {"attribute_type(nope, :t)", "{t: 'S'}", false},
      // begins_with
      {"begins_with(s, :v)", "{v: 'hell'}", true},
      {"begins_with(s, :v)", "{v: ''}", true},
      {"begins_with(s, :v)", "{v: 'ello'}", false},
      {"begins_with(s, :v)", "{v: 'hello!'}", false},
      {"begins_with(b, :v)", "{v: x'01'}", true},
      {"begins_with(s, :v)", "{v: x'68'}", false},
      {"begins_with(n, :v)", "{v: '5'}", false},
      {"begins_with(nope, :v)", "{v: 'x'}", false},
      {"begins_with(:v, s)", "{v: 'hello world'}", true},
      // contains
      {"contains(s, :v)", "{v: 'ell'}", true},
      {"contains(s, :v)", "{v: ''}", true},
      {"contains(s, :v)", "{v: 'lle'}", false},
      {"contains(b, :v)", "{v: x'02'}", true},
      {"contains(ss, :v)", "{v: 'a'}", true},
      {"contains(ss, :v)", "{v: 'c'}", false},
      {"contains(ns, :v)", "{v: 2.00}", true},
      {"contains(ns, :v)", "{v: '2'}", false},
      {"contains(bs, :v)", "{v: x'02'}", true},
      {"contains(ss, :v)", "{v: <'a'>}", false},
      {"contains(l, :v)", "{v: 'x'}", true},
      {"contains(l, :v)", "{v: {k: 'v'}}", true},
      {"contains(l, :v)", "{v: <2, 1>}", true},
      {"contains(l, :v)", "{v: null}", false},
      {"contains(n, :v)", "{v: 5}", false},
      {"contains(nope, :v)", "{v: 5}", false},
      {"contains(:v, s)", "{v: <'hello', 'x'>}", true},
      // size
      {"size(s) = :v", "{v: 5}", true},
      {"size(e) = :v", "{v: 0}", true},
      {"size(b) = :v", "{v: 2}", true},
      {"size(l) = :v", "{v: 4}", true},
      {"size(el) = :v", "{v: 0}", true},
      {"size(m) = :v", "{v: 2}", true},
      {"size(ss) >= :v", "{v: 2}", true},
      {"size(s) BETWEEN :a AND :b", "{a: 1, b: 5}", true},
      {"size(s) IN (:a, n)", "{a: 1}", true},
      {"size(s) = n", "{}", true},
      {":v > size(l)", "{v: 5}", true},
      {"size(n) = :v", "{v: 1}", false},
      {"size(n) <> :v", "{v: 1}", false},
      {"size(nope) = :v", "{v: 0}", false},
      {"size(:v) = n", "{v: 'abcde'}", true},
  };
  const std::string bytes = encode_item(item_of(kItem));
  const Result<ItemView> view = ItemView::open(bytes);
  ASSERT_TRUE(view.ok());
  for (const Case& c : table) check(c, *view);
}

TEST(Condition, AMissingItemHasNoAttributes) {
  const Case table[] = {
      {"attribute_not_exists(pk)", "{}", true}, {"attribute_exists(pk)", "{}", false},
      {"pk = :v", "{v: 'key'}", false},         {"pk <> :v", "{v: 'key'}", true},
      {"NOT pk = :v", "{v: 'key'}", true},      {"size(pk) > :v", "{v: 0}", false},
  };
  for (const Case& c : table) check(c, ItemView());
}

TEST(Condition, StringsCompareByUtf8BytesNotByUtf16) {
  const std::string bytes = encode_item(item_of("{astral: '😀', bmp: '\xef\xbf\xbd'}"));
  const Result<ItemView> view = ItemView::open(bytes);
  check({"astral > bmp", "{}", true}, *view);
  check({"size(astral) = :n", "{n: 4}", true}, *view);
}

TEST(Condition, EvaluationAllocatesNothing) {
  const std::string bytes = encode_item(item_of(kItem));
  const Result<ItemView> view = ItemView::open(bytes);
  Placeholders placeholders =
      placeholders_of("", "{s: 'hello', n: 5, t: 'S', p: 'he', m: {x: {y: 7}, '1': 'one'}}");
  const Result<Condition> condition = parse_condition(
      "s = :s AND n <= :n AND NOT n > :n AND n BETWEEN f AND :n AND begins_with(s, :p) AND contains(s, :p) "
      "AND "
      "attribute_exists(m.x.y) AND attribute_type(s, :t) AND size(s) = :n AND n IN (f, :n) AND l[2].k <> :s "
      "AND m = :m "
      "AND attribute_not_exists(nope)",
      &placeholders);
  ASSERT_TRUE(condition.ok()) << condition.status().message();
  const uint64_t before = allocations();
  const bool holds = condition->evaluate(*view);
  EXPECT_EQ(allocations() - before, 0u);
  EXPECT_TRUE(holds);
  const std::string counted(100, 'x');
  EXPECT_EQ(allocations() - before > 0u, kAllocationsCounted) << "the counter does not count";
}

TEST(Condition, OneBoundConditionServesManyItems) {
  Placeholders placeholders = placeholders_of("", "{v: 3}");
  const Result<Condition> condition = parse_filter("n >= :v", &placeholders);
  ASSERT_TRUE(condition.ok());
  int matched = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string bytes = encode_item(item_of("{n: " + std::to_string(i) + "}"));
    matched += condition->evaluate(*ItemView::open(bytes));
  }
  EXPECT_EQ(matched, 7);
}

TEST(Condition, AFilterMayNotNameKeysAndNoPathMayGoBelowThem) {
  const index::KeySchema schema{{"pk", index::AttributeType::kString}, std::nullopt};
  Placeholders placeholders = placeholders_of("k=pk", "{v: 3}");
  const Result<Condition> on_key = parse_filter("n = :v AND #k = :v", &placeholders);
  EXPECT_EQ(on_key->check_no_key_attributes(schema).message(),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk");
  EXPECT_TRUE(on_key->check_key_paths(schema).ok());
  const Result<Condition> below = parse_filter("#k.x = :v", &placeholders);
  EXPECT_EQ(
      below->check_key_paths(schema).message(),
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk");
}

// The last values differ by one byte in the middle of a long run: a product-time search would not end.
TEST(Condition, ContainsIsLinear) {
  const std::string bytes = encode_item({{"a", index::AttributeValue::string(std::string(400000, 'a'))}});
  Placeholders placeholders;
  ASSERT_TRUE(placeholders
                  .add_value(":v", index::AttributeValue::string(std::string(150000, 'a') + "b" +
                                                                 std::string(50000, 'a')))
                  .ok());
  const Result<Condition> condition = parse_condition("contains(a, :v)", &placeholders);
  EXPECT_FALSE(condition->evaluate(*ItemView::open(bytes)));
}

}  // namespace
}  // namespace varve::api::expression
