// What updates do. To add a case, add a row: the item before ("" when there is none), the expression, its values, and
// the item after, or the error message behind '!'.
#include <gtest/gtest.h>

#include "api/expression/expression.h"
#include "index/item_codec.h"
#include "tests/api/expression_literals.h"

namespace varve::api::expression {
namespace {

using index::encode_item;
using index::Item;
using index::item_of;
using index::ItemView;

constexpr Slice kNames = "n=name d=a.b";
const Item kKey = item_of("{pk: 'k'}");

struct Case {
  std::string before;
  const char* text;
  const char* values;
  std::string after;
};

const std::string kBadPath = "!The document path provided in the update expression is invalid for update";
const std::string kMissing =
    "!The provided expression refers to an attribute that does not exist in the item";
const std::string kBadType = "!An operand in the update expression has an incorrect data type";
const std::string kOverflow =
    "!Number overflow. Attempting to store a number with magnitude larger than supported range";

Result<Item> applied(const Case& c) {
  Placeholders placeholders = placeholders_of(kNames, c.values);
  const Result<Update> update = parse_update(c.text, &placeholders);
  if (!update.ok()) return update.status();
  const Item before = c.before.empty() ? Item() : item_of(c.before);
  return update->apply(c.before.empty() ? nullptr : &before, kKey);
}

TEST(Update, TurnsOldItemsIntoNewOnes) {
  const Case table[] = {
      // SET
      {"{pk: 'k', a: 1}", "SET a = :v", "{v: 'x'}", "{pk: 'k', a: 'x'}"},
      {"{pk: 'k', a: 1}", "SET b = :v, #n = :v", "{v: 2}", "{pk: 'k', a: 1, b: 2, name: 2}"},
      {"{pk: 'k', a: 1, b: 2}", "SET a = b, b = a", "{}", "{pk: 'k', a: 2, b: 1}"},
      {"{pk: 'k', a: 1}", "SET a = a + :v", "{v: 0.5}", "{pk: 'k', a: 1.5}"},
      {"{pk: 'k', a: 1}", "SET a = :v - a", "{v: 0.5}", "{pk: 'k', a: -0.5}"},
      {"{pk: 'k', a: 1}", "SET a = (a + :v)", "{v: 1}", "{pk: 'k', a: 2}"},
      {"{pk: 'k', a: 99999999999999999999999999999999999998}", "SET a = a + :v", "{v: 1}",
       "{pk: 'k', a: 99999999999999999999999999999999999999}"},
      {"{pk: 'k', a: 1e50}", "SET a = a + :v", "{v: 1}", kOverflow},
      {"{pk: 'k', a: 9e125}", "SET a = a + a", "{}", kOverflow},
      {"{pk: 'k'}", "SET a = b", "{}", kMissing},
      {"{pk: 'k', a: 's'}", "SET b = a + :v", "{v: 1}", kBadType},
      {"{pk: 'k'}", "SET b = a + :v", "{v: 1}", kMissing},
      {"{pk: 'k'}", "SET c = if_not_exists(c, :z) + :i", "{z: 0, i: 1}", "{pk: 'k', c: 1}"},
      {"{pk: 'k', c: 4}", "SET c = if_not_exists(c, :z) + :i", "{z: 0, i: 1}", "{pk: 'k', c: 5}"},
      // The value that does not come into play may be of any type.
      {"{pk: 'k', c: 4}", "SET c = if_not_exists(c, :z) - :i", "{z: 'text', i: 1}", "{pk: 'k', c: 3}"},
      {"{pk: 'k', l: [1]}", "SET l = list_append(if_not_exists(l, :z), :v)", "{z: 0, v: [2]}",
       "{pk: 'k', l: [1, 2]}"},
      {"{pk: 'k'}", "SET c = if_not_exists(c, :z) + :i", "{z: 'text', i: 1}", kBadType},
      {"{pk: 'k', l: [1], c: 1}", "SET l = list_append(l, l) + c", "{}", kBadType},
      {"{pk: 'k', c: 4}", "SET d = if_not_exists(c, nope)", "{}", "{pk: 'k', c: 4, d: 4}"},
      {"{pk: 'k'}", "SET d = if_not_exists(c, nope)", "{}", kMissing},
      {"{pk: 'k', l: [1]}", "SET l = list_append(l, :v)", "{v: [2]}", "{pk: 'k', l: [1, 2]}"},
      {"{pk: 'k', l: [1]}", "SET l = list_append(:v, l)", "{v: [2]}", "{pk: 'k', l: [2, 1]}"},
      {"{pk: 'k'}", "SET l = list_append(if_not_exists(l, :e), :v)", "{e: [], v: [2]}", "{pk: 'k', l: [2]}"},
      {"{pk: 'k'}", "SET l = list_append(l, :v)", "{v: [2]}", kMissing},
      {"{pk: 'k', l: 's'}", "SET l = list_append(l, :v)", "{v: [2]}", kBadType},
      {"{pk: 'k', m: {x: 1}}", "SET m.y = :v, m.x = :w", "{v: 2, w: 3}", "{pk: 'k', m: {x: 3, y: 2}}"},
      {"{pk: 'k', m: {x: {}}}", "SET m.x.y = m.x", "{}", "{pk: 'k', m: {x: {y: {}}}}"},
      {"{pk: 'k'}", "SET m.y = :v", "{v: 2}", kBadPath},
      {"{pk: 'k', m: {}}", "SET m.x.y = :v", "{v: 2}", kBadPath},
      {"{pk: 'k', m: 's'}", "SET m.y = :v", "{v: 2}", kBadPath},
      {"{pk: 'k', m: {}}", "SET m[0] = :v", "{v: 2}", kBadPath},
      {"{pk: 'k', l: []}", "SET l.x = :v", "{v: 2}", kBadPath},
      {"{pk: 'k', l: [1, 2]}", "SET l[0] = :v", "{v: 9}", "{pk: 'k', l: [9, 2]}"},
      {"{pk: 'k', l: [1, 2]}", "SET l[100] = :v", "{v: 9}", "{pk: 'k', l: [1, 2, 9]}"},
      {"{pk: 'k', l: [1, 2]}", "SET l[9] = :a, l[5] = :b, l[1] = l[0]", "{a: 'a', b: 'b'}",
       "{pk: 'k', l: [1, 1, 'b', 'a']}"},
      {"{pk: 'k', l: [1, 2]}", "SET l[7].x = :v", "{v: 9}", kBadPath},
      {"{pk: 'k', l: [{}, 2]}", "SET l[0].x = :v", "{v: 9}", "{pk: 'k', l: [{x: 9}, 2]}"},
      {"{pk: 'k'}", "SET #d = :v", "{v: 9}", "{pk: 'k', 'a.b': 9}"},
      // REMOVE
      {"{pk: 'k', a: 1}", "REMOVE a, nope", "{}", "{pk: 'k'}"},
      {"{pk: 'k', m: {x: 1}}", "REMOVE m.x", "{}", "{pk: 'k', m: {}}"},
      {"{pk: 'k', m: {x: 1}}", "REMOVE m.y", "{}", "{pk: 'k', m: {x: 1}}"},
      {"{pk: 'k'}", "REMOVE m.y", "{}", kBadPath},
      {"{pk: 'k', m: 1}", "REMOVE m.y", "{}", kBadPath},
      {"{pk: 'k', l: ['a', 'b', 'c', 'd']}", "REMOVE l[1], l[2]", "{}", "{pk: 'k', l: ['a', 'd']}"},
      {"{pk: 'k', l: ['a']}", "REMOVE l[0], l[5]", "{}", "{pk: 'k', l: []}"},
      {"{pk: 'k', l: ['a', 'b', 'c']}", "SET l[2] = :v, l[9] = :w REMOVE l[0]", "{v: 'C', w: 'z'}",
       "{pk: 'k', l: ['b', 'C', 'z']}"},
      // ADD
      {"{pk: 'k', a: 1}", "ADD a :v, b :v", "{v: 2}", "{pk: 'k', a: 3, b: 2}"},
      {"{pk: 'k', s: <'a'>}", "ADD s :v", "{v: <'a', 'b'>}", "{pk: 'k', s: <'a', 'b'>}"},
      {"{pk: 'k'}", "ADD s :v", "{v: <1>}", "{pk: 'k', s: <1>}"},
      {"{pk: 'k', s: <1>}", "ADD s :v", "{v: <'a'>}", kBadType},
      {"{pk: 'k', s: 'a'}", "ADD s :v", "{v: 1}", kBadType},
      {"{pk: 'k', s: 1}", "ADD s :v", "{v: <1>}", kBadType},
      {"{pk: 'k', m: {}}", "ADD m.x :v", "{v: 1}", "{pk: 'k', m: {x: 1}}"},
      {"{pk: 'k'}", "ADD m.x :v", "{v: 1}", kBadPath},
      {"{pk: 'k', a: 1e125}", "ADD a :v", "{v: 9e125}", kOverflow},
      // DELETE
      {"{pk: 'k', s: <'a', 'b'>}", "DELETE s :v", "{v: <'b', 'c'>}", "{pk: 'k', s: <'a'>}"},
      {"{pk: 'k', s: <'a'>}", "DELETE s :v", "{v: <'a'>}", "{pk: 'k'}"},
      {"{pk: 'k'}", "DELETE s :v", "{v: <'a'>}", "{pk: 'k'}"},
      {"{pk: 'k', s: <1>}", "DELETE s :v", "{v: <'a'>}", kBadType},
      {"{pk: 'k', s: 'a'}", "DELETE s :v", "{v: <'a'>}", kBadType},
      {"{pk: 'k', m: {s: <1, 2>}}", "DELETE m.s :v", "{v: <1>}", "{pk: 'k', m: {s: <2>}}"},
      // All sections, any order; right sides see the old item
      {"{pk: 'k', a: 1, b: 2, c: 3, s: <1, 2>}", "REMOVE b ADD c :one SET a = b DELETE s :s",
       "{one: 1, s: <1>}", "{pk: 'k', a: 2, c: 4, s: <2>}"},
      // No item
      {"", "SET a = :v", "{v: 1}", "{pk: 'k', a: 1}"},
      {"", "ADD a :v", "{v: 1}", "{pk: 'k', a: 1}"},
      {"", "REMOVE a, m.x, l[3].y", "{}", "{pk: 'k'}"},
      {"", "SET a.b = :v", "{v: 1}", kBadPath},
      {"", "SET a = b", "{}", kMissing},
  };
  for (const Case& c : table) {
    const Result<Item> after = applied(c);
    if (c.after[0] == '!') {
      EXPECT_EQ(after.status().message(), c.after.substr(1)) << c.before << " " << c.text;
    } else {
      ASSERT_TRUE(after.ok()) << c.before << " " << c.text << ": " << after.status().message();
      EXPECT_EQ(*after, item_of(c.after)) << c.before << " " << c.text;
    }
  }
}

TEST(Update, OnlySetAndAddCreateAnItem) {
  const struct {
    const char* text;
    bool creates;
  } table[] = {{"SET a = :v", true},
               {"ADD a :v", true},
               {"REMOVE a", false},
               {"DELETE a :v", false},
               {"REMOVE b DELETE a :v", false},
               {"REMOVE b SET a = :v", true}};
  for (const auto& row : table) {
    Placeholders placeholders = placeholders_of("", "{v: <1>}");
    EXPECT_EQ(parse_update(row.text, &placeholders)->creates_item(), row.creates) << row.text;
  }
}

TEST(Update, TargetsProjectTheOldAndTheNewItem) {
  const struct {
    const char* before;
    const char* text;
    const char* values;
    const char* old_part;
    const char* new_part;
  } table[] = {
      {"{pk: 'k', a: 1, b: 2}", "SET a = :v", "{v: 1}", "{a: 1}", "{a: 1}"},
      {"{pk: 'k', m: {x: 1, y: 2}}", "SET m.x = :v", "{v: 3}", "{m: {x: 1}}", "{m: {x: 3}}"},
      {"{pk: 'k', l: [1, 2, 3]}", "SET l[2] = :w, l[0] = :v", "{v: 'x', w: 'y'}", "{l: [1, 3]}",
       "{l: ['x', 'y']}"},
      {"{pk: 'k', l: [1, 2]}", "SET l[100] = :v", "{v: 3}", "{}", "{}"},
      {"{pk: 'k', l: [1, 2]}", "SET l[2] = :v", "{v: 3}", "{}", "{l: [3]}"},
      {"{pk: 'k', a: 1}", "REMOVE a", "{}", "{a: 1}", "{}"},
      {"{pk: 'k', l: ['a', 'b', 'c']}", "REMOVE l[1]", "{}", "{l: ['b']}", "{l: ['c']}"},
      {"{pk: 'k', l: ['a', 'b']}", "REMOVE l[1]", "{}", "{l: ['b']}", "{}"},
      {"{pk: 'k'}", "ADD n :v", "{v: 1}", "{}", "{n: 1}"},
  };
  for (const auto& row : table) {
    Placeholders placeholders = placeholders_of("", row.values);
    const Result<Update> update = parse_update(row.text, &placeholders);
    ASSERT_TRUE(update.ok()) << row.text;
    const Item before = item_of(row.before);
    const Result<Item> after = update->apply(&before, kKey);
    ASSERT_TRUE(after.ok());
    const std::string old_bytes = encode_item(before);
    const std::string new_bytes = encode_item(*after);
    EXPECT_EQ(*update->targets().apply(*ItemView::open(old_bytes)), item_of(row.old_part)) << row.text;
    EXPECT_EQ(*update->targets().apply(*ItemView::open(new_bytes)), item_of(row.new_part)) << row.text;
  }
}

TEST(Update, KeyAttributesAreNoTargets) {
  const index::KeySchema schema{{"pk", index::AttributeType::kString}, std::nullopt};
  const std::string cannot =
      "One or more parameter values were invalid: Cannot update attribute pk. This attribute is "
      "part of the key";
  const std::string nested =
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk";
  const struct {
    const char* text;
    std::string message;
  } table[] = {
      {"SET pk = :v", cannot},   {"SET a = :v, pk = :v", cannot}, {"REMOVE pk", cannot},
      {"SET pk.x = :v", nested}, {"SET a = pk.x", nested},        {"SET a = pk", ""},
  };
  for (const auto& row : table) {
    Placeholders placeholders = placeholders_of("", "{v: 'x'}");
    EXPECT_EQ(parse_update(row.text, &placeholders)->check_key_attributes(schema).message(), row.message)
        << row.text;
  }
}

TEST(Update, ResultsNestedTooDeeplyAreRefused) {
  index::AttributeValue deep = index::value_of("1");
  for (int i = 0; i < 31; ++i) deep = index::AttributeValue::list({deep});
  Placeholders placeholders;
  ASSERT_TRUE(placeholders.add_value(":v", deep).ok());
  const Result<Update> update = parse_update("SET m.x = :v", &placeholders);
  const Item before = item_of("{pk: 'k', m: {}}");
  EXPECT_EQ(update->apply(&before, kKey).status().message(),
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
            "supported "
            "limit");
}

// A thousand clauses that each write the same large value must not take a thousand times its memory.
TEST(Update, ValuesWrittenBeyondTheItemSizeAreRefusedEarly) {
  Placeholders placeholders;
  ASSERT_TRUE(placeholders.add_value(":v", index::AttributeValue::string(std::string(300000, 'x'))).ok());
  std::string text = "SET ";
  for (int i = 0; i < 300; ++i) text += (i > 0 ? ",a" : "a") + std::to_string(i) + "=:v";
  const Result<Update> update = parse_update(text, &placeholders);
  ASSERT_TRUE(update.ok()) << update.status().message();
  EXPECT_EQ(update->apply(nullptr, kKey).status().message(),
            "Item size to update has exceeded the maximum allowed size");
}

}  // namespace
}  // namespace varve::api::expression
