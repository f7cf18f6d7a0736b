// Secondary indexes through the operations: what the cases in tests/api/cases/indexes.txt cannot show, because it takes many items,
// several threads or a crash.
#include <gtest/gtest.h>

#include <set>

#include "api/dynamo/backfill.h"
#include "api/dynamo/item_write.h"
#include "api/dynamo/operations.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "tests/api/test_database.h"

namespace varve::api {
namespace {

AttributeValue text(const std::string& value) { return AttributeValue::string(value); }
AttributeValue number(int64_t value) { return AttributeValue::number(index::Number(value)); }

IndexDefinition index_of(const std::string& name, std::vector<KeySchemaElement> keys) {
  IndexDefinition index;
  index.name = name;
  index.key_schema = std::move(keys);
  index.projection = index::ProjectionType::kAll;
  return index;
}

CreateTableRequest table_request() {
  CreateTableRequest request;
  request.table = "Tab";
  request.billing_mode = BillingMode::kPayPerRequest;
  request.attribute_definitions = {{"pk", index::AttributeType::kString}};
  request.key_schema = {{"pk", KeyType::kHash}};
  return request;
}

UpdateTableRequest create_index(const std::string& name) {
  UpdateTableRequest request;
  request.table = "Tab";
  request.attribute_definitions = {{"g", index::AttributeType::kString}};
  request.index_updates.emplace().emplace_back().create = index_of(name, {{"g", KeyType::kHash}});
  return request;
}

UpdateTableRequest delete_index(const std::string& name) {
  UpdateTableRequest request;
  request.table = "Tab";
  request.index_updates.emplace().emplace_back().remove = name;
  return request;
}

void put(Database* database, const std::string& pk, std::optional<AttributeValue> g) {
  PutItemRequest request;
  request.table = "Tab";
  request.item.set("pk", text(pk));
  if (g) request.item.set("g", *std::move(g));
  const auto done = database->put_item(request);
  ASSERT_TRUE(done.ok()) << done.error().message;
}

void wait_until_active(Database* database) {
  while (true) {
    const auto table = database->describe_table("Tab");
    CHECK(table.ok());
    bool busy = false;
    for (const IndexDescription& index : table->indexes)
      busy = busy || index.status == IndexStatus::kCreating;
    if (!busy) return;
    io::sleep_ns(1'000'000);
  }
}

// All pages of an index, by query or scan; every key once.
std::set<std::string> keys_in(Database* database, const std::string& index, std::optional<std::string> g,
                              int64_t limit) {
  std::set<std::string> keys;
  QueryRequest query;
  query.table = "Tab";
  query.index_name = index;
  query.limit = limit;
  query.key_condition_expression = "g = :g";
  if (g) query.attributes.values = {{{":g", text(*g)}}};
  ScanRequest scan;
  static_cast<ReadPageRequest&>(scan) = query;
  scan.attributes.values.reset();
  while (true) {
    const auto page = g ? database->query(query) : database->scan(scan);
    CHECK(page.ok());
    for (size_t i = 0; i < page->items.size(); ++i) {
      const auto item = page->items.decode(i);
      CHECK(keys.insert(item->find("pk")->as_bytes()).second);  // none twice
    }
    if (!page->last_evaluated_key) return keys;
    query.exclusive_start_key = scan.exclusive_start_key = page->last_evaluated_key;
  }
}

TEST(Index, PagesOverManyEqualKeysLoseAndRepeatNothing) {
  with_database(1, [](Database* database) {
    CreateTableRequest request = table_request();
    request.attribute_definitions.push_back({"g", index::AttributeType::kString});
    request.global_indexes = {{index_of("byG", {{"g", KeyType::kHash}})}};
    ASSERT_TRUE(database->create_table(request).ok());
    for (int i = 0; i < 100; ++i) put(database, "k" + std::to_string(i), text(i % 4 == 0 ? "other" : "same"));
    for (const int64_t limit : {1, 7, 75, 1000}) {
      EXPECT_EQ(keys_in(database, "byG", "same", limit).size(), 75u) << limit;
      EXPECT_EQ(keys_in(database, "byG", std::nullopt, limit).size(), 100u) << limit;
    }
  });
}

TEST(Index, SegmentsOfAnIndexAreDisjointAndComplete) {
  with_database(1, [](Database* database) {
    CreateTableRequest request = table_request();
    request.attribute_definitions.push_back({"g", index::AttributeType::kString});
    request.global_indexes = {{index_of("byG", {{"g", KeyType::kHash}})}};
    ASSERT_TRUE(database->create_table(request).ok());
    for (int i = 0; i < 60; ++i) put(database, "k" + std::to_string(i), text("g" + std::to_string(i % 20)));
    std::set<std::string> seen;
    size_t count = 0;
    for (int64_t segment = 0; segment < 7; ++segment) {
      ScanRequest scan;
      scan.table = "Tab";
      scan.index_name = "byG";
      scan.segment = segment;
      scan.total_segments = 7;
      std::set<std::string> collections;
      const auto page = database->scan(scan);
      ASSERT_TRUE(page.ok());
      for (size_t i = 0; i < page->items.size(); ++i) {
        const auto item = page->items.decode(i);
        seen.insert(item->find("pk")->as_bytes());
        collections.insert(item->find("g")->as_bytes());
        ++count;
      }
      // All of a collection is in one segment.
      EXPECT_EQ(page->items.size(), 3 * collections.size());
    }
    EXPECT_EQ(count, 60u);
    EXPECT_EQ(seen.size(), 60u);
  });
}

TEST(Index, OneThatIsCreatedOnAFilledTableHoldsItsItemsAndPassesOverThoseThatDoNotFit) {
  with_database(3, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_request()).ok());
    std::set<std::string> expected;
    for (int i = 0; i < 300; ++i) {
      const std::string pk = "k" + std::to_string(i);
      if (i % 5 == 0) {
        put(database, pk, std::nullopt);
      } else if (i % 5 == 1) {
        put(database, pk, number(i));
      } else if (i % 5 == 2) {
        put(database, pk, text(""));
      } else if (i % 5 == 3) {
        put(database, pk, text(std::string(2049, 'x')));
      } else {
        put(database, pk, text("g"));
        expected.insert(pk);
      }
    }
    const auto updated = database->update_table(create_index("byG"));
    ASSERT_TRUE(updated.ok()) << updated.error().message;
    EXPECT_EQ(updated->status, TableStatus::kUpdating);
    EXPECT_EQ(updated->indexes[0].status, IndexStatus::kCreating);
    wait_until_active(database);
    EXPECT_EQ(keys_in(database, "byG", "g", 10), expected);
    // From now on what does not fit is refused, also where the item had it before.
    UpdateItemRequest update;
    update.table = "Tab";
    update.key.set("pk", text("k1"));
    update.update_expression = "SET another = :o";
    update.attributes.values = {{{":o", text("x")}}};
    EXPECT_EQ(
        database->update_item(update).error().message,
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N "
        "IndexName: byG");
    update.update_expression = "SET g = :o";
    EXPECT_TRUE(database->update_item(update).ok());
    EXPECT_EQ(keys_in(database, "byG", "x", 10), std::set<std::string>{"k1"});
  });
}

TEST(Index, WhileItIsCreatedItIsNotReadAndOnlyItsDeletionIsPossible) {
  with_database(4, [](Database* database) {
    ASSERT_TRUE(database->create_table(table_request()).ok());
    for (int i = 0; i < 200; ++i) put(database, "k" + std::to_string(i), text("g"));
    ASSERT_TRUE(database->update_table(create_index("byG")).ok());
    const auto described = database->describe_table("Tab");
    ASSERT_EQ(described->indexes[0].status, IndexStatus::kCreating) << "the filling was faster than the test";
    EXPECT_TRUE(described->indexes[0].backfilling);
    EXPECT_EQ(described->status, TableStatus::kActive);

    QueryRequest query;
    query.table = "Tab";
    query.index_name = "byG";
    query.key_condition_expression = "g = :g";
    query.attributes.values = {{{":g", text("g")}}};
    EXPECT_EQ(database->query(query).error().message,
              "Cannot read from backfilling global secondary index: byG");
    EXPECT_EQ(
        database->update_table(create_index("again")).error().message,
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table");
    UpdateTableRequest protect;
    protect.table = "Tab";
    protect.deletion_protection = true;
    const auto refused = database->update_table(protect);
    EXPECT_EQ(refused.error().type, ErrorType::kResourceInUse);
    EXPECT_EQ(refused.error().message,
              "Attempt to change a resource which is still in use: Table is being updated: Tab");
    ASSERT_TRUE(database->update_table(delete_index("byG")).ok());
    EXPECT_EQ(database->query(query).error().message, "The table does not have the specified index: byG");
    // Its name is free, for an index that has nothing of the old one.
    ASSERT_TRUE(database->update_table(create_index("byG")).ok());
    wait_until_active(database);
    EXPECT_EQ(keys_in(database, "byG", "g", 50).size(), 200u);
    EXPECT_TRUE(database->update_table(protect).ok());
  });
}

TEST(Index, WritersThatKnowOnlyTheOldTableDoNotMissANewIndex) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    with_database(seed, [](Database* database) {
      ASSERT_TRUE(database->create_table(table_request()).ok());
      std::vector<io::Thread> writers;
      for (int w = 0; w < 3; ++w) {
        writers.emplace_back("writer", [database, w] {
          for (int i = 0; i < 40; ++i)
            put(database, "k" + std::to_string(i),
                text(std::string(1, static_cast<char>('a' + (w + i) % 3))));
        });
      }
      ASSERT_TRUE(database->update_table(create_index("byG")).ok());
      for (io::Thread& writer : writers) writer.join();
      wait_until_active(database);
      size_t found = 0;
      for (const char* g : {"a", "b", "c"}) found += keys_in(database, "byG", g, 100).size();
      EXPECT_EQ(found, 40u);
      EXPECT_EQ(keys_in(database, "byG", std::nullopt, 100).size(), 40u);
    });
  }
}

TEST(Index, AnIndexOfAnotherTableThatWasDeletedIsGoneWithIt) {
  with_database(5, [](Database* database) {
    CreateTableRequest request = table_request();
    request.attribute_definitions.push_back({"g", index::AttributeType::kString});
    request.global_indexes = {{index_of("byG", {{"g", KeyType::kHash}})}};
    ASSERT_TRUE(database->create_table(request).ok());
    put(database, "k", text("g"));
    ASSERT_TRUE(database->delete_table("Tab").ok());
    for (const auto& keyspace : database->store().keyspaces()) {
      EXPECT_FALSE(keyspace.name.starts_with("index/")) << keyspace.name;
      EXPECT_FALSE(keyspace.name.starts_with("table/")) << keyspace.name;
    }
    ASSERT_TRUE(database->create_table(request).ok());
    EXPECT_TRUE(keys_in(database, "byG", "g", 10).empty());
  });
}

// The process ends in the middle of the filling; the next one goes on behind what is done.
TEST(Index, AFillingThatWasCutOffGoesOn) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation first(8);
  first.run([&] {
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->create_table(table_request()).ok());
    for (int i = 0; i < 500; ++i) put(database->get(), "k" + std::to_string(i), text("g"));
    ASSERT_TRUE((*database)->update_table(create_index("byG")).ok());
    const auto positions = (*database)->store().find_keyspace("backfill");
    ASSERT_TRUE(positions.has_value());
    while ((*database)->store().keyspace_statistics(*positions)->memtable_entries == 0) io::sleep_ns(100'000);
    ASSERT_EQ((*database)->describe_table("Tab")->indexes[0].status, IndexStatus::kCreating);
    ASSERT_TRUE((*database)->close().ok());
  });
  io::Simulation second(9);
  second.run([&] {
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    wait_until_active(database->get());
    EXPECT_EQ(keys_in(database->get(), "byG", "g", 100).size(), 500u);
    ASSERT_TRUE((*database)->close().ok());
  });
}

}  // namespace
}  // namespace varve::api
