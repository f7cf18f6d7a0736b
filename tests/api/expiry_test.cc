// Time to live: what goes, what stays, what follows; the index against what the items say.
#include "api/dynamo/expiry.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "api/dynamo/stream.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "index/expiry_entry.h"
#include "index/key_codec.h"
#include "tests/api/stream_history.h"
#include "tests/api/test_database.h"
#include "tests/support/scale.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

constexpr uint64_t kSecondNs = 1'000'000'000;

int64_t now_seconds() { return static_cast<int64_t>(io::wall_us() / 1'000'000); }

CreateTableRequest table_named(const std::string& name, bool streamed) {
  CreateTableRequest request;
  request.table = name;
  request.attribute_definitions = {{"pk", AttributeType::kString}};
  request.key_schema = {{"pk", KeyType::kHash}};
  request.billing_mode = BillingMode::kPayPerRequest;
  if (streamed) request.stream = StreamSpecification{true, StreamViewType::kNewAndOldImages};
  return request;
}

void enable(Database* database, const std::string& table, const std::string& attribute = "ttl") {
  const auto enabled = database->update_time_to_live({table, {true, attribute}});
  ASSERT_TRUE(enabled.ok()) << enabled.error().message;
}

Item item(const std::string& pk, const AttributeValue& time) {
  return {{"pk", AttributeValue::string(pk)}, {"ttl", time}};
}

AttributeValue seconds(int64_t time) { return AttributeValue::number(Number(time)); }

void put(Database* database, const std::string& table, const Item& item) {
  PutItemRequest request;
  request.table = table;
  request.item = item;
  const auto done = database->put_item(request);
  ASSERT_TRUE(done.ok()) << done.error().message;
}

std::set<std::string> keys_of(Database* database, const std::string& table) {
  std::set<std::string> keys;
  ScanRequest request;
  request.table = table;
  const auto page = database->scan(request);
  CHECK(page.ok());
  for (size_t i = 0; i < page->items.size(); ++i)
    keys.insert(std::string(page->items[i].find("pk")->as_string()));
  return keys;
}

// Empty when the table's expiry index is exactly what its items say.
std::string index_disagreement(Database* database, const std::string& name) {
  const dynamo::TableRef table = database->context().catalog->find(name);
  if (!table || !table->expiry || table->expiry->filling) return "";
  const auto snapshot = database->store().snapshot();
  std::set<std::string> expected, found;
  auto items = database->store().iterate(table->items, {}, snapshot->point());
  CHECK(items.ok());
  for ((*items)->seek_to_first(); (*items)->valid(); (*items)->next()) {
    const auto view = index::ItemView::open((*items)->value());
    CHECK(view.ok());
    const auto time = index::time_to_live(*view, table->expiry->attribute);
    if (time) expected.insert(index::encode_expiry_key(*time, (*items)->key()));
  }
  auto entries = database->store().iterate(table->expiry->entries, {}, snapshot->point());
  CHECK(entries.ok());
  for ((*entries)->seek_to_first(); (*entries)->valid(); (*entries)->next()) {
    found.insert(std::string((*entries)->key()));
  }
  if (found == expected) return "";
  return "the index has " + std::to_string(found.size()) + " entries, the items say " +
         std::to_string(expected.size());
}

TEST(Expiry, ItemsGoWithinSecondsAndOnlyThose) {
  with_database(5, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_named("Tab", false)).ok());
    enable(database, "Tab");
    const int64_t now = now_seconds();
    put(database, "Tab", item("soon", seconds(now + 5)));
    put(database, "Tab", item("gone", seconds(now - 1)));
    put(database, "Tab",
        item("fraction", AttributeValue::number(*Number::parse(std::to_string(now - 1) + ".5"))));
    put(database, "Tab", item("later", seconds(now + 3600)));
    put(database, "Tab", item("long ago", seconds(now - index::kMaxExpiredSeconds - 100)));
    put(database, "Tab", item("zero", seconds(0)));
    put(database, "Tab", item("negative", seconds(-now)));
    put(database, "Tab", item("text", AttributeValue::string(std::to_string(now - 1))));
    put(database, "Tab", {{"pk", AttributeValue::string("none")}});
    const std::set<std::string> never = {"long ago", "zero", "negative", "text", "none"};
    std::set<std::string> expected = never;
    expected.insert({"soon", "later"});
    io::sleep_ns(3 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab"), expected);
    expected.erase("soon");
    io::sleep_ns(5 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab"), expected);
    io::sleep_ns(3600 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab"), never);
    EXPECT_EQ(index_disagreement(database, "Tab"), "");
  });
}

TEST(Expiry, ALaterTimeSavesAnItemAndNoTimeAnymoreToo) {
  with_database(6, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_named("Tab", false)).ok());
    enable(database, "Tab");
    const int64_t now = now_seconds();
    for (const char* pk : {"raised", "removed", "retyped", "lowered"})
      put(database, "Tab", item(pk, seconds(now + 10)));
    put(database, "Tab", item("raised", seconds(now + 3600)));
    UpdateItemRequest remove;
    remove.table = "Tab";
    remove.key = {{"pk", AttributeValue::string("removed")}};
    remove.update_expression = "REMOVE #ttl";  // a reserved word
    remove.attributes.names.emplace().emplace_back("#ttl", "ttl");
    ASSERT_TRUE(database->update_item(remove).ok());
    put(database, "Tab", item("retyped", AttributeValue::string("never")));
    put(database, "Tab", item("lowered", seconds(now - 60)));
    io::sleep_ns(3 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab"), (std::set<std::string>{"raised", "removed", "retyped"}));
    io::sleep_ns(20 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab"), (std::set<std::string>{"raised", "removed", "retyped"}));
    EXPECT_EQ(index_disagreement(database, "Tab"), "");
  });
}

TEST(Expiry, TheStreamSaysThatTheServiceRemovedThem) {
  with_database(7, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_named("Tab", true)).ok());
    enable(database, "Tab");
    put(database, "Tab", item("a", seconds(now_seconds() - 10)));
    put(database, "Tab", item("b", seconds(now_seconds() + 1000)));
    io::sleep_ns(3 * kSecondNs);
    DeleteItemRequest remove;
    remove.table = "Tab";
    remove.key = {{"pk", AttributeValue::string("b")}};
    ASSERT_TRUE(database->delete_item(remove).ok());
    std::string problem;
    const auto records = read_stream(
        database, dynamo::stream_arn("Tab", database->describe_table("Tab")->latest_stream_label), &problem);
    ASSERT_EQ(problem, "");
    ASSERT_EQ(records.size(), 4u);
    EXPECT_EQ(records[2].event, StreamEvent::kRemove);
    EXPECT_TRUE(records[2].by_service);
    EXPECT_EQ(records[2].keys.find("pk")->as_bytes(), "a");
    EXPECT_EQ(records[2].old_image->find("ttl")->as_number(), Number(now_seconds() - 13));
    EXPECT_EQ(records[3].event, StreamEvent::kRemove);
    EXPECT_FALSE(records[3].by_service);
  });
}

TEST(Expiry, EnablingFillsTheIndexOfATableThatHasItems) {
  with_database(8, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_named("Tab", false)).ok());
    const int64_t now = now_seconds();
    for (int i = 0; i < 500; ++i) put(database, "Tab", item("k" + std::to_string(i), seconds(now - 100 + i)));
    enable(database, "Tab");
    EXPECT_EQ(database->describe_time_to_live("Tab")->status, TimeToLiveStatus::kEnabling);
    io::sleep_ns(3 * kSecondNs);
    EXPECT_EQ(database->describe_time_to_live("Tab")->status, TimeToLiveStatus::kEnabled);
    EXPECT_EQ(index_disagreement(database, "Tab"), "");
    const auto left = keys_of(database, "Tab");
    EXPECT_FALSE(left.contains("k99"));
    EXPECT_TRUE(left.contains("k110"));
    // Disabled, it stops, and its index goes; enabled anew on another attribute, it begins anew.
    ASSERT_TRUE(database->update_time_to_live({"Tab", {false, "ttl"}}).ok());
    for (const auto& keyspace : database->store().keyspaces()) {
      EXPECT_FALSE(keyspace.name.starts_with(dynamo::kExpiryPrefix)) << keyspace.name;
    }
    const size_t count = keys_of(database, "Tab").size();
    io::sleep_ns(60 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab").size(), count);
    enable(database, "Tab", "other");
    io::sleep_ns(3 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab").size(), count);
  });
}

// Where an interrupted filling stood says nothing of the next one's index.
TEST(Expiry, AFillingThatWasCutOffDoesNotShortenTheNext) {
  with_database(10, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_named("Tab", false)).ok());
    const int64_t later = now_seconds() + 100'000;
    for (int i = 0; i < 300; ++i) put(database, "Tab", item("k" + std::to_string(i), seconds(later)));
    dynamo::Expiry expiry(database->context());
    enable(database, "Tab");
    int commits = 2;
    ASSERT_TRUE(expiry.round(true, [&] { return commits-- > 0; }).ok());
    ASSERT_TRUE(database->update_time_to_live({"Tab", {false, "ttl"}}).ok());
    enable(database, "Tab");
    ASSERT_TRUE(expiry.round(true, [] { return true; }).ok());
    EXPECT_EQ(database->describe_time_to_live("Tab")->status, TimeToLiveStatus::kEnabled);
    EXPECT_EQ(index_disagreement(database, "Tab"), "");
  });
}

// A sweep does not look again at what earlier ones have emptied, but finds what is put there later.
TEST(Expiry, WhatIsPutBelowTheFloorIsFound) {
  with_database(12, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_named("Tab", false)).ok());
    enable(database, "Tab");
    for (int i = 0; i < 100; ++i)
      put(database, "Tab", item("k" + std::to_string(i), seconds(now_seconds() - i)));
    io::sleep_ns(60 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab").size(), 0u);
    const auto floor = [&] { return database->context().catalog->find("Tab")->expiry->floor->seconds(); };
    EXPECT_GT(floor(), now_seconds() - 5);
    for (const int64_t age : {5, 1000, 1'000'000, 100'000'000}) {
      put(database, "Tab", item("late", seconds(now_seconds() - age)));
      put(database, "Tab",
          item("fraction",
               AttributeValue::number(*Number::parse(std::to_string(now_seconds() - age) + ".5"))));
      io::sleep_ns(3 * kSecondNs);
      EXPECT_EQ(keys_of(database, "Tab").size(), 0u) << age;
    }
    // A transaction that holds an item leaves it to a later sweep.
    put(database, "Tab", item("held", seconds(now_seconds() + 5)));
    const dynamo::TableRef table = database->context().catalog->find("Tab");
    const std::string tree_key = index::encode_tree_key(AttributeValue::string("held"), nullptr);
    const partition::CommitKey key{table->items, tree_key};
    std::vector<size_t> taken;
    auto claim = database->store().claim({&key, 1}, &taken);
    ASSERT_NE(claim, nullptr);
    io::sleep_ns(60 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab").size(), 1u);
    claim.reset();
    io::sleep_ns(3 * kSecondNs);
    EXPECT_EQ(keys_of(database, "Tab").size(), 0u);
    EXPECT_EQ(index_disagreement(database, "Tab"), "");
  });
}

TEST(Expiry, NothingIsRemovedWhileTheClocksDisagree) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(9);
  simulation.run([&] {
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->create_table(table_named("Tab", false)).ok());
    enable(database->get(), "Tab");
    put(database->get(), "Tab", item("a", seconds(now_seconds() + 3600)));
    io::sleep_ns(3 * kSecondNs);
    simulation.jump_wall_clock_us(7'200'000'000);
    io::sleep_ns(30 * kSecondNs);
    EXPECT_EQ(keys_of(database->get(), "Tab").size(), 1u) << "an operator's slip of an hour costs nothing";
    simulation.jump_wall_clock_us(-7'200'000'000);
    io::sleep_ns(300 * kSecondNs);
    EXPECT_EQ(keys_of(database->get(), "Tab").size(), 1u);
    simulation.jump_wall_clock_us(7'200'000'000);
    io::sleep_ns(90 * kSecondNs);
    EXPECT_EQ(keys_of(database->get(), "Tab").size(), 0u) << "once they agree again, the new time counts";
    ASSERT_TRUE((*database)->close().ok());
  });
}

}  // namespace
}  // namespace varve::api
