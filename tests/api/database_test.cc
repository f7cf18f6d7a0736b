// The C++ face: the example of api/varve.h, what survives a reopen, and conditions under concurrency.
#include <gtest/gtest.h>

#include <cstdio>

#include "api/varve.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/api/test_database.h"
#include "tests/support/temporary_directory.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

CreateTableRequest on_demand_table(const std::string& name, bool with_sort_key = false) {
  CreateTableRequest request;
  request.table = name;
  request.attribute_definitions = {{"pk", AttributeType::kString}};
  request.key_schema = {{"pk", KeyType::kHash}};
  if (with_sort_key) {
    request.attribute_definitions.push_back({"sk", AttributeType::kNumber});
    request.key_schema.push_back({"sk", KeyType::kRange});
  }
  request.billing_mode = BillingMode::kPayPerRequest;
  return request;
}

Item key(const std::string& pk) { return {{"pk", AttributeValue::string(pk)}}; }

// The example of api/varve.h, line for line.
void example(const std::string& directory) {
  auto database = varve::api::Database::open(directory, {});
  varve::api::CreateTableRequest users;
  users.table = "Users";
  users.attribute_definitions = {{"UserID", varve::index::AttributeType::kString}};
  users.key_schema = {{"UserID", varve::api::KeyType::kHash}};
  users.billing_mode = varve::api::BillingMode::kPayPerRequest;
  auto created = (*database)->create_table(users);
  varve::api::PutItemRequest put;
  put.table = "Users";
  put.item.set("UserID", varve::index::AttributeValue::string("123"));
  put.condition_expression = "attribute_not_exists(UserID)";
  auto done = (*database)->put_item(put);  // durable on return
  if (!done.ok()) puts(done.error().message.c_str());

  ASSERT_TRUE(created.ok());
  ASSERT_TRUE(done.ok());
  done = (*database)->put_item(put);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().name(), "ConditionalCheckFailedException");
  EXPECT_EQ(done.error().code(), ErrorCode::kConflict);
}

TEST(Database, TheHeadersExampleRuns) {
  TemporaryDirectory directory;
  example(directory.path());
}

TEST(Database, TablesAndItemsSurviveAReopen) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(7);
  simulation.run([&] {
    std::string id;
    {
      auto database = Database::open("db", small_options(&driver));
      ASSERT_TRUE(database.ok());
      auto created = (*database)->create_table(on_demand_table("Kept", true));
      ASSERT_TRUE(created.ok());
      id = created->id;
      ASSERT_TRUE((*database)->create_table(on_demand_table("Gone")).ok());
      PutItemRequest put;
      put.table = "Kept";
      put.item = {{"pk", AttributeValue::string("a")}, {"sk", AttributeValue::number(Number(1))}};
      ASSERT_TRUE((*database)->put_item(put).ok());
      ASSERT_TRUE((*database)->delete_table("Gone").ok());
    }
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    const auto described = (*database)->describe_table("Kept");
    ASSERT_TRUE(described.ok());
    EXPECT_EQ(described->id, id);
    EXPECT_EQ(described->status, TableStatus::kActive);
    EXPECT_EQ(described->item_count, 1u);
    EXPECT_FALSE((*database)->describe_table("Gone").ok());
    GetItemRequest get;
    get.table = "Kept";
    get.key = {{"pk", AttributeValue::string("a")}, {"sk", AttributeValue::number(Number(1))}};
    const auto got = (*database)->get_item(get);
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE(got->item.found());
  });
}

TEST(Database, TypedRequestsKeepTheRulesOfTheDataModel) {
  with_database(1, [](Database* database) {
    ASSERT_TRUE(database->create_table(on_demand_table("Tab")).ok());
    PutItemRequest put;
    put.table = "Tab";
    put.item = {{"pk", AttributeValue::string("a")}, {"", AttributeValue::null()}};
    EXPECT_EQ(database->put_item(put).error().name(), "ValidationException");
    put.item = {{"pk", AttributeValue::string("\xff")}};
    EXPECT_EQ(database->put_item(put).error().name(), "ValidationException");
    AttributeValue deep = AttributeValue::null();
    for (int i = 0; i < 32; ++i) deep = AttributeValue::list({deep});
    put.item = {{"pk", AttributeValue::string("a")}, {"deep", deep}};
    EXPECT_EQ(
        database->put_item(put).error().message,
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
        "supported limit");
    StoredItem item;
    const auto failure = database->read_item("Tab", {AttributeValue::number(Number(1)), std::nullopt}, &item);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->message, "The provided key element does not match the schema");
    EXPECT_EQ(database->read_item("nope", {AttributeValue::string("a"), std::nullopt}, &item)->name(),
              "ResourceNotFoundException");
    EXPECT_FALSE(database->read_item("Tab", {AttributeValue::string("a"), std::nullopt}, &item).has_value());
    EXPECT_FALSE(item.found());
  });
}

int64_t counter(Database* database) {
  GetItemRequest get;
  get.table = "Tab";
  get.key = key("counter");
  const auto got = database->get_item(get);
  CHECK(got.ok());
  return got->item.found() ? got->item.view().find("n")->as_number().to_int64().value_or(-1) : 0;
}

// Half of the increments add blindly, half read, and write on the condition that nobody wrote in between.
void increment(Database* database, int count, uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    UpdateItemRequest update;
    update.table = "Tab";
    update.key = key("counter");
    if (random.one_in(2)) {
      update.update_expression = "ADD n :one";
      update.attributes.values = {{{":one", AttributeValue::number(Number(1))}}};
      ASSERT_TRUE(database->update_item(update).ok());
      continue;
    }
    while (true) {
      const int64_t seen = counter(database);
      update.update_expression = "SET n = :next";
      update.condition_expression = seen == 0 ? "attribute_not_exists(n) OR n = :seen" : "n = :seen";
      update.attributes.values = {{{":next", AttributeValue::number(Number(seen + 1))},
                                   {":seen", AttributeValue::number(Number(seen))}}};
      const auto done = database->update_item(update);
      if (done.ok()) break;
      ASSERT_EQ(done.error().name(), "ConditionalCheckFailedException") << done.error().message;
    }
  }
}

TEST(Conditions, ConcurrentIncrementsLoseNothingInAnySchedule) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    with_database(seed, [seed](Database* database) {
      ASSERT_TRUE(database->create_table(on_demand_table("Tab")).ok());
      {
        std::vector<io::Thread> threads;
        for (uint64_t t = 0; t < 4; ++t) {
          threads.emplace_back("increment", [database, seed, t] { increment(database, 8, seed * 100 + t); });
        }
      }
      EXPECT_EQ(counter(database), 32);
    });
  }
}

TEST(Conditions, ConcurrentIncrementsLoseNothingOnRealThreads) {
  TemporaryDirectory directory;
  DatabaseOptions options;
  options.store.memory_bytes = 32u << 20;
  auto database = Database::open(directory.path(), options);
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE((*database)->create_table(on_demand_table("Tab")).ok());
  {
    std::vector<io::Thread> threads;
    for (uint64_t t = 0; t < 8; ++t) {
      threads.emplace_back("increment", [&, t] { increment(database->get(), 25, t); });
    }
  }
  EXPECT_EQ(counter(database->get()), 200);
}

}  // namespace
}  // namespace varve::api
