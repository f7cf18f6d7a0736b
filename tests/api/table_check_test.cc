// varve verify's check of tables: finds what was damaged beneath them, names it, and leaves the store's files alone.
#include "api/dynamo/table_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "api/dynamo/catalog.h"
#include "api/dynamo/context.h"
#include "api/dynamo/stream.h"
#include "base/io/clock.h"
#include "index/expiry_entry.h"
#include "index/index_entry.h"
#include "index/key_codec.h"
#include "tests/api/test_database.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

constexpr int kItems = 30;
constexpr int64_t kFarAway = 10'000'000'000;

// A table with a local and a global index, a stream, and items that expire in some centuries.
void fill(Database* database) {
  CreateTableRequest create;
  create.table = "Orders";
  create.billing_mode = BillingMode::kPayPerRequest;
  create.attribute_definitions = {
      {"pk", AttributeType::kString}, {"sk", AttributeType::kNumber}, {"state", AttributeType::kString}};
  create.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
  IndexDefinition by_state;
  by_state.name = "byState";
  by_state.key_schema = {{"state", KeyType::kHash}};
  by_state.projection = index::ProjectionType::kKeysOnly;
  IndexDefinition local;
  local.name = "local";
  local.key_schema = {{"pk", KeyType::kHash}, {"state", KeyType::kRange}};
  local.projection = index::ProjectionType::kAll;
  create.global_indexes = {{by_state}};
  create.local_indexes = {{local}};
  create.stream = StreamSpecification{true, StreamViewType::kNewAndOldImages};
  ASSERT_TRUE(database->create_table(create).ok());
  ASSERT_TRUE(database->update_time_to_live({"Orders", {true, "ttl"}}).ok());
  io::sleep_ns(2'000'000'000);  // filled
  for (int i = 0; i < kItems; ++i) {
    PutItemRequest put;
    put.table = "Orders";
    put.item = {{"pk", AttributeValue::string("p" + std::to_string(i % 3))},
                {"sk", AttributeValue::number(Number(int64_t{i}))},
                {"ttl", AttributeValue::number(Number(kFarAway))}};
    if (i % 2 == 0) put.item.set("state", AttributeValue::string("open"));
    ASSERT_TRUE(database->put_item(put).ok());
  }
}

struct Place {
  partition::Store* store;
  const dynamo::Table& table;
  std::string item_key;  // of item 4, {S:p1}{N:4}, which is in the indexes
  std::string item;
  index::IndexEntry entry(size_t i) const {
    return *index::IndexEntry::of(table.index(i).schema, table.description.key_schema, item_key, item);
  }
};

// What the check says of a store with some of its entries changed beneath its tables.
dynamo::TableCheckReport report_of(
    const std::function<void(const Place&, partition::WriteBatch*)>& damage = nullptr) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  dynamo::TableCheckReport report;
  io::Simulation simulation(4);
  simulation.run([&] {
    {
      auto database = Database::open("db", small_options(&driver));
      CHECK(database.ok());
      fill(database->get());
      if (damage) {
        partition::Store& store = (*database)->store();
        const dynamo::TableRef table = (*database)->context().catalog->find("Orders");
        const AttributeValue sort = AttributeValue::number(Number(4));
        Place place{&store, *table, index::encode_tree_key(AttributeValue::string("p1"), &sort), {}};
        partition::PinnedValue value;
        CHECK(store.get(table->items, place.item_key, partition::ReadPoint::visible(), &value)->found);
        place.item = std::string(value.slice());
        value = {};
        partition::WriteBatch batch;
        damage(place, &batch);
        CHECK(store.write(&batch).ok());
      }
      CHECK((*database)->close().ok());
    }
    const uint64_t before = disk.content_hash();
    uint64_t told = 0;
    auto checked =
        dynamo::check_tables(&driver, "db", [&](uint64_t done, uint64_t total) { told += done <= total; });
    EXPECT_TRUE(checked.ok()) << checked.status().to_string();
    EXPECT_EQ(disk.content_hash(), before) << "the check changed the store";
    EXPECT_GT(told, 0u);
    if (checked.ok()) report = *std::move(checked);
  });
  return report;
}

void expect_problem(const dynamo::TableCheckReport& report, const std::string& text) {
  EXPECT_EQ(report.problem_count, report.problems.size());
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0], text);
}

TEST(TableCheck, FindsNothingInAWholeStoreAndLeavesItAlone) {
  const dynamo::TableCheckReport report = report_of();
  EXPECT_EQ(report.problems, std::vector<std::string>());
  EXPECT_EQ(report.tables, 1u);
  EXPECT_EQ(report.items, uint64_t{kItems});
  EXPECT_EQ(report.index_entries, uint64_t{kItems});  // half of the items in each of two
  EXPECT_EQ(report.expiry_entries, uint64_t{kItems});
  EXPECT_EQ(report.stream_records, uint64_t{kItems});
}

TEST(TableCheck, FindsAnEntryThatIsMissing) {
  for (const size_t i : {0u, 1u}) {
    const auto report = report_of([&](const Place& place, partition::WriteBatch* batch) {
      batch->remove(place.table.index_entries[i], place.entry(i).key());
    });
    expect_problem(report, std::string("table Orders, index ") + (i == 0 ? "local" : "byState") +
                               ": no entry of item {S:p1}{N:4}");
  }
}

TEST(TableCheck, FindsAnEntryThatIsNotOfTheItem) {
  const auto report = report_of([](const Place& place, partition::WriteBatch* batch) {
    Item other = *index::decode_item(place.item);
    other.set("note", AttributeValue::string("of another time"));
    batch->put(place.table.index_entries[0], place.entry(0).key(), index::encode_item(other));
  });
  expect_problem(
      report, "table Orders, index local: the entry of item {S:p1}{N:4} is not what the index keeps of it");
}

TEST(TableCheck, FindsAnEntryLeftBehind) {
  const auto report = report_of([](const Place& place, partition::WriteBatch* batch) {
    Item before = *index::decode_item(place.item);
    before.set("state", AttributeValue::string("new"));
    const std::string encoded = index::encode_item(before);
    const auto entry = index::IndexEntry::of(place.table.index(1).schema, place.table.description.key_schema,
                                             place.item_key, encoded);
    batch->put(place.table.index_entries[1], entry->key(), entry->value());
  });
  expect_problem(report,
                 "table Orders, index byState: an entry that item {S:p1}{N:4} does not have (any more)");
}

TEST(TableCheck, FindsEntriesWithoutTheirItem) {
  const auto report = report_of([](const Place& place, partition::WriteBatch* batch) {
    batch->remove(place.table.items, place.item_key);
  });
  EXPECT_EQ(report.problems, (std::vector<std::string>{
                                 "table Orders, index local: an entry without its item {S:p1}{N:4}",
                                 "table Orders, index byState: an entry without its item {S:p1}{N:4}",
                                 "table Orders, expiry index: an entry without its item {S:p1}{N:4}",
                             }));
}

TEST(TableCheck, FindsWhatTheExpiryIndexLacksAndHasTooMuch) {
  const auto report = report_of([](const Place& place, partition::WriteBatch* batch) {
    batch->remove(place.table.expiry->entries, index::encode_expiry_key(Number(kFarAway), place.item_key));
    batch->put(place.table.expiry->entries, index::encode_expiry_key(Number(kFarAway + 1), place.item_key),
               {});
  });
  EXPECT_EQ(report.problems,
            (std::vector<std::string>{
                "table Orders, expiry index: no entry of item {S:p1}{N:4}",
                "table Orders, expiry index: an entry that item {S:p1}{N:4} does not have (any more)",
            }));
}

TEST(TableCheck, FindsAnItemUnderAnothersKeyAndADamagedRecord) {
  const auto report = report_of([](const Place& place, partition::WriteBatch* batch) {
    const AttributeValue sort = AttributeValue::number(Number(99));
    batch->put(place.table.items, index::encode_tree_key(AttributeValue::string("p1"), &sort), place.item);
    batch->put(place.table.stream->segment, std::string(12, '\x01'), "no record");
  });
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_EQ(report.problems[0],
            "table Orders: what lies under the key of {S:p1}{N:99} is no item of that key");
  EXPECT_TRUE(report.problems[1].starts_with("table Orders, stream ")) << report.problems[1];
}

TEST(TableCheck, FindsATableAndAStreamThatDisagree) {
  const auto report = report_of([](const Place& place, partition::WriteBatch* batch) {
    const std::string key = dynamo::stream_key("Orders", place.table.description.latest_stream_label);
    const KeyspaceId streams = *place.store->find_keyspace("streams");
    partition::PinnedValue value;
    CHECK(place.store->get(streams, key, partition::ReadPoint::visible(), &value)->found);
    dynamo::Stream stream = *dynamo::decode_stream(value.slice());
    stream.shards.back().through = place.store->visible();
    batch->put(streams, key, dynamo::encode_stream(stream));
  });
  expect_problem(report, "table Orders: writes to a stream that is not open");
}

}  // namespace
}  // namespace varve::api
