// What the builder of expressions writes, and that requests made with it mean what they say.
#include "api/build.h"

#include <gtest/gtest.h>

#include "api/dynamo/context.h"
#include "api/expression/syntax_cache.h"
#include "tests/api/test_database.h"

namespace varve::api::build {
namespace {

// The text with the names and values back in the places of their placeholders.
std::string shown(const Fragment& fragment) {
  ExpressionAttributes attributes;
  std::string text = fragment.render('c', &attributes);
  const auto replace = [&text](const std::string& key, const std::string& content) {
    for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + content.size())) {
      text.replace(at, key.size(), content);
    }
  };
  for (const auto& [key, name] :
       attributes.names.value_or(std::vector<std::pair<std::string, std::string>>())) {
    replace(key, name);
  }
  if (attributes.values) {
    for (const auto& [key, value] : *attributes.values) replace(key, value.to_message_string());
  }
  return text;
}
std::string shown(const Condition& condition) { return shown(condition.fragment()); }

const Path a = attribute("a"), b = attribute("b"), c = attribute("c");

TEST(Build, Comparisons) {
  EXPECT_EQ(shown(a == 1), "a = {N:1}");
  EXPECT_EQ(shown(a != "x"), "a <> {S:x}");
  EXPECT_EQ(shown(a < b), "a < b");
  EXPECT_EQ(shown(1 <= a), "{N:1} <= a");
  EXPECT_EQ(shown(a > size(b)), "a > size(b)");
  EXPECT_EQ(shown(a >= uint64_t{18446744073709551615u}), "a >= {N:18446744073709551615}");
  EXPECT_EQ(shown(a == true), "a = {BOOL:true}");
  EXPECT_EQ(shown(a.between(1, b)), "a BETWEEN {N:1} AND b");
  EXPECT_EQ(shown(a.in({1, "x", b})), "a IN ({N:1}, {S:x}, b)");
}

TEST(Build, Functions) {
  EXPECT_EQ(shown(a.exists()), "attribute_exists(a)");
  EXPECT_EQ(shown(a.not_exists()), "attribute_not_exists(a)");
  EXPECT_EQ(shown(a.begins_with("x")), "begins_with(a, {S:x})");
  EXPECT_EQ(shown(a.contains(b)), "contains(a, b)");
  EXPECT_EQ(shown(a.is(index::AttributeType::kStringSet)), "attribute_type(a, {S:SS})");
}

TEST(Build, PathsStepIntoMapsAndLists) {
  EXPECT_EQ(shown(a["m"][2]["n"].exists()), "attribute_exists(a.m[2].n)");
  EXPECT_EQ(shown(a[0].exists()), "attribute_exists(a[0])");
}

TEST(Build, ParenthesesStandWhereTheyAreNeededAndNowhereElse) {
  const Condition p = a.exists(), q = b.exists(), r = c == 1;
  const auto strip = [](std::string text) {
    for (const char* noise : {"attribute_exists(a)", "attribute_exists(b)"}) {
      for (size_t at = text.find(noise); at != std::string::npos; at = text.find(noise)) {
        text.replace(at, std::string(noise).size(), noise == std::string("attribute_exists(a)") ? "p" : "q");
      }
    }
    return text;
  };
  EXPECT_EQ(strip(shown(p && q && r)), "p AND q AND c = {N:1}");
  EXPECT_EQ(strip(shown(p || (q && p))), "p OR q AND p");
  EXPECT_EQ(strip(shown((p || q) && p)), "(p OR q) AND p");
  EXPECT_EQ(strip(shown(!p && q)), "NOT p AND q");
  EXPECT_EQ(strip(shown(!(p && q))), "NOT (p AND q)");
  EXPECT_EQ(strip(shown(!!p)), "NOT NOT p");
  EXPECT_EQ(strip(shown(p && text("x = ? OR y = ?", 1, 2))), "p AND (x = {N:1} OR y = {N:2})");
}

TEST(Build, Updates) {
  Update update;
  update.remove(b[1]).set(a, a + 1).add(c, 2).set(b["x"], if_not_exists(a, 0) - c).remove(c);
  update.erase(a, *AttributeValue::string_set({"s"})).set(c, list_append(a, AttributeValue::list({})));
  EXPECT_EQ(shown(update.fragment()),
            "SET a = a + {N:1}, b.x = if_not_exists(a, {N:0}) - c, c = list_append(a, {L:[]}) "
            "REMOVE b[1], c ADD c {N:2} DELETE a {SS:[s]}");
}

TEST(Build, TextTakesValuesAndQuotedNamesWhereTheyStand) {
  EXPECT_EQ(shown(Condition(text("x = ? AND \"size\" > ?", "v", 3))), "x = {S:v} AND size > {N:3}");
  EXPECT_EQ(shown(Condition(text("\"a \"\"b\"\"\" = ?", 1))), "a \"b\" = {N:1}");
  EXPECT_EQ(shown(Projection(text("x, \"y\"[1]")).fragment()), "x, y[1]");
  EXPECT_EQ(shown(Update(text("SET x = ? REMOVE y", 1)).fragment()), "SET x = {N:1} REMOVE y");
}

TEST(Build, ARequestMayBeGivenAnotherExpressionAndKeepsItsOwnPlaceholders) {
  UpdateItemRequest request;
  request.attributes.values = {{{":mine", AttributeValue::null()}}};
  request.set_condition(a == 1 && b == 2);
  request.set_update(Update().set(a, 3));
  request.set_condition(a == 4);
  EXPECT_EQ(request.condition_expression, "#c0 = :c0");
  EXPECT_EQ(request.update_expression, "SET #u0 = :u0");
  EXPECT_EQ(request.attributes.names->size(), 2u);
  EXPECT_EQ(request.attributes.values->size(), 3u);
}

// Runs `body` on a table with one item: {pk: "k", n: 5, "odd.name": "x", l: [1, 2], s: {"a", "b"}}.
void with_item(const std::function<void(Database*, const Item& key)>& body) {
  with_database(1, [&](Database* database) {
    CreateTableRequest create;
    create.table = "Tab";
    create.attribute_definitions = {{"pk", index::AttributeType::kString}};
    create.key_schema = {{"pk", KeyType::kHash}};
    create.billing_mode = BillingMode::kPayPerRequest;
    ASSERT_TRUE(database->create_table(create).ok());
    PutItemRequest put;
    put.table = "Tab";
    put.item = {{"pk", AttributeValue::string("k")},
                {"n", Value(5).get()},
                {"odd.name", Value("x").get()},
                {"l", AttributeValue::list({Value(1).get(), Value(2).get()})},
                {"s", *AttributeValue::string_set({"a", "b"})}};
    ASSERT_TRUE(database->put_item(put).ok());
    body(database, {{"pk", AttributeValue::string("k")}});
  });
}

TEST(Build, ConditionsMeanWhatTheySay) {
  const Path n = attribute("n"), odd = attribute("odd.name"), l = attribute("l"), s = attribute("s");
  const std::pair<Condition, bool> rows[] = {
      {n == 5, true},
      {n != 5, false},
      {n < 6 && n > 4, true},
      {n.between(6, 9) || odd == "x", true},
      {!(odd == "x"), false},
      {(n == 1 || n == 5) && !attribute("none").exists(), true},
      {l[1] == 2 && size(l) == 2, true},
      {s.contains("b") && !s.contains("z"), true},
      {odd.begins_with("y"), false},
      {n.in({1, 5}), true},
      {s.is(index::AttributeType::kStringSet), true},
      {text("n = ? AND \"odd.name\" = ?", 5, "x"), true},
      {text("n = ?", 5) && text("size(l) = ? OR n = ?", 7, 8), false},
  };
  with_item([&](Database* database, const Item& key) {
    for (const auto& [condition, is_true] : rows) {
      UpdateItemRequest update;
      update.table = "Tab";
      update.key = key;
      update.set_condition(condition);
      update.set_update(Update().set(attribute("touched"), true));
      const auto done = database->update_item(update);
      EXPECT_EQ(done.ok(), is_true) << shown(condition);
      if (!done.ok()) {
        EXPECT_EQ(done.error().name(), "ConditionalCheckFailedException") << done.error().message;
      }
      ScanRequest scan;
      scan.table = "Tab";
      scan.set_filter(condition);
      scan.set_projection({n, l[1]});
      const auto page = database->scan(scan);
      ASSERT_TRUE(page.ok()) << page.error().message;
      EXPECT_EQ(page->count, is_true ? 1u : 0u);
      if (is_true) {
        EXPECT_EQ(*page->items[0].get_int64("n"), 5);
        EXPECT_EQ(*(*page->items[0].get_list("l"))[0].get_int64(), 2);
      }
    }
  });
}

TEST(Build, UpdatesMeanWhatTheySay) {
  with_item([&](Database* database, const Item& key) {
    UpdateItemRequest update;
    update.table = "Tab";
    update.key = key;
    update.set_update(
        Update()
            .set(attribute("n"), attribute("n") + 1)
            .set(attribute("m"), if_not_exists(attribute("m"), 7) - 2)
            .set(attribute("l"), list_append(attribute("l"), AttributeValue::list({Value(3).get()})))
            .remove(attribute("odd.name"))
            .erase(attribute("s"), *AttributeValue::string_set({"a"}))
            .add(attribute("count"), 1));
    update.return_values = ReturnValues::kAllNew;
    const auto done = database->update_item(update);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(*done->attributes,
              (Item{{"pk", AttributeValue::string("k")},
                    {"n", Value(6).get()},
                    {"m", Value(5).get()},
                    {"l", AttributeValue::list({Value(1).get(), Value(2).get(), Value(3).get()})},
                    {"s", *AttributeValue::string_set({"b"})},
                    {"count", Value(1).get()}}));
  });
}

TEST(Build, WhatIsWrongIsToldInDynamoDbsWords) {
  with_item([&](Database* database, const Item& key) {
    UpdateItemRequest update;
    update.table = "Tab";
    update.key = key;
    update.set_update(Update().set(attribute("pk"), 1));
    EXPECT_EQ(database->update_item(update).error().message,
              "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part "
              "of the key");
    update.set_update(text("SET n = ?"));
    EXPECT_EQ(database->update_item(update).error().message.rfind(
                  "Invalid UpdateExpression: Syntax error; token: \"?\"", 0),
              0u);
    update.set_update(text("SET n = ?", 1, 2));
    EXPECT_EQ(
        database->update_item(update).error().message.rfind("Invalid UpdateExpression: Syntax error;", 0),
        0u);
    update.set_update(Update());
    EXPECT_EQ(database->update_item(update).error().message,
              "Invalid UpdateExpression: The expression can not be empty;");
  });
}

TEST(Build, OneShapeIsParsedOnceWhateverItsValues) {
  with_item([&](Database* database, const Item& key) {
    UpdateItemRequest update;
    update.table = "Tab";
    update.key = key;
    for (int i = 0; i < 20; ++i) {
      update.set_update(Update().set(attribute("n"), i));
      update.set_condition(attribute("n") != -i - 1);
      ASSERT_TRUE(database->update_item(update).ok());
    }
    EXPECT_EQ(database->context().expressions->counters().misses, 2u);
  });
}

}  // namespace
}  // namespace varve::api::build
