#include "api/dynamo/catalog.h"

#include <gtest/gtest.h>

#include "api/dynamo/context.h"
#include "tests/api/test_database.h"
#include "tests/support/hex.h"

namespace varve::api::dynamo {
namespace {

Table sample() {
  Table table;
  TableDescription& d = table.description;
  d.name = "Users";
  d.id = "00000000-0000-4000-8000-000000000001";
  d.arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Users";
  d.created_us = 1'767'225'600'123'000;
  d.attribute_definitions = {{"UserID", index::AttributeType::kString},
                             {"Email", index::AttributeType::kNumber}};
  d.key_schema.partition = {"UserID", index::AttributeType::kString};
  d.key_schema.sort = index::KeyAttribute{"Email", index::AttributeType::kNumber};
  d.billing_mode = BillingMode::kProvisioned;
  d.throughput = {5, 300};
  d.throughput_changes.last_increase_us = 7;
  d.throughput_changes.last_decrease_us = 8;
  d.throughput_changes.decreases = 3;
  d.deletion_protection = true;
  d.table_class = TableClass::kInfrequentAccess;
  table.tags = {{"team", "storage"}};
  table.transition = {TableStatus::kUpdating, 9};
  d.on_demand_throughput = OnDemandThroughput{10, -1};
  d.warm_throughput = Throughput{12'000, 300};
  table.policy = ResourcePolicy{"{}", "7"};
  IndexDescription& index = d.indexes.emplace_back();
  index.id = "00000000-0000-4000-8000-000000000002";
  index.schema.name = "byName";
  index.schema.partition = {{"Email", index::AttributeType::kNumber}};
  index.schema.projection = index::ProjectionType::kInclude;
  index.schema.non_key_attributes = {"Name"};
  index.throughput = {5, 6};
  index.on_demand_throughput = OnDemandThroughput{7, {}};
  index.warm_throughput = Throughput{13'000, 4'000};
  return table;
}

// The worked example of api/dynamo/FORMAT.md.
constexpr Slice kExample =
    "020705557365727324"
    "30303030303030302d303030302d343030302d383030302d303030303030303030303031"
    "7820224648470600"
    "0655736572494402"
    "05456d61696c03"
    "00"
    "01"
    "05"
    "ac02"
    "0000000000000000"
    "0700000000000000"
    "0800000000000000"
    "0000000000000000"
    "02"
    "0655736572494402"
    "05456d61696c03"
    "01"
    "047465616d"
    "0773746f72616765"
    "07"
    "0109020900000000000000"
    "02020c01"
    "0304e05dac02"
    "04050137027b7d"
    "0551"
    "01"
    "24"
    "30303030303030302d303030302d343030302d383030302d303030303030303030303032"
    "0662794e616d65010102"
    "0105456d61696c0300"
    "01044e616d65"
    "0506"
    "00000000000000000000000000000000"
    "09020300"
    "0a060900c865a01f";

TEST(TableFormat, TheDocumentedBytesAreTheTable) {
  const std::string encoded = encode_table(sample());
  EXPECT_EQ(hex(encoded), kExample);
  const auto decoded = decode_table(encoded);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(encode_table(*decoded), encoded);
  EXPECT_EQ(decoded->description.key_schema, sample().description.key_schema);
  EXPECT_EQ(decoded->description.arn, sample().description.arn);
  EXPECT_EQ(decoded->description.throughput_changes.last_increase_us, 7u);
  EXPECT_EQ(decoded->description.throughput_changes.last_decrease_us, 8u);
  EXPECT_EQ(decoded->description.throughput_changes.decreases, 3u);
  EXPECT_EQ(decoded->tags, sample().tags);
  EXPECT_EQ(decoded->transition.status, TableStatus::kUpdating);
  EXPECT_EQ(decoded->transition.until_us, 9u);
  EXPECT_EQ(decoded->description.on_demand_throughput->max_read_units, 10);
  EXPECT_EQ(decoded->description.on_demand_throughput->max_write_units, -1);
  EXPECT_EQ(decoded->description.warm_throughput, sample().description.warm_throughput);
  EXPECT_EQ(decoded->policy, sample().policy);
  ASSERT_EQ(decoded->description.indexes.size(), 1u);
  EXPECT_EQ(decoded->description.indexes[0].schema, sample().description.indexes[0].schema);
  EXPECT_EQ(decoded->description.indexes[0].throughput, (Throughput{5, 6}));
  EXPECT_EQ(decoded->description.indexes[0].on_demand_throughput->max_read_units, 7);
  EXPECT_FALSE(decoded->description.indexes[0].on_demand_throughput->max_write_units.has_value());
  EXPECT_EQ(decoded->description.indexes[0].warm_throughput, (Throughput{13'000, 4'000}));
}

TEST(TableFormat, AnyTruncationAndAnExtraByteAreCorruption) {
  const std::string encoded = encode_table(sample());
  for (size_t length = 0; length < encoded.size(); ++length) {
    EXPECT_EQ(decode_table(Slice(encoded).substr(0, length)).code(), ErrorCode::kCorruption) << length;
  }
  EXPECT_EQ(decode_table(encoded + "x").code(), ErrorCode::kCorruption);
  std::string other_version = encoded;
  other_version[0] = kTableFormatVersion + 1;
  EXPECT_EQ(decode_table(other_version).code(), ErrorCode::kCorruption);
}

TEST(TableFormat, SectionsThatNoWriterWritesAreCorruption) {
  const std::string encoded = encode_table(sample());
  // The seven sections' numbers are the bytes at these distances from the end.
  for (const size_t distance : {123u, 112u, 108u, 102u, 95u, 12u, 8u}) {
    for (const char number : {0, 2, 11}) {
      std::string changed = encoded;
      if (changed[changed.size() - distance] == number) continue;
      changed[changed.size() - distance] = number;
      EXPECT_EQ(decode_table(changed).code(), ErrorCode::kCorruption) << distance << ' ' << int{number};
    }
  }
}

TEST(TableFormat, Version1HasNoSectionsAndIsRead) {
  Table plain = sample();
  plain.transition = {};
  plain.policy.reset();
  plain.description.indexes.clear();
  plain.description.on_demand_throughput.reset();
  plain.description.warm_throughput.reset();
  plain.description.throughput_changes.decreases = 0;
  std::string encoded = encode_table(plain);
  encoded[0] = 1;
  encoded.pop_back();  // the count of sections
  const auto decoded = decode_table(encoded);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(encode_table(*decoded), encode_table(plain));
}

TEST(TableFormat, AnEmptyListOfIndexesIsCorruption) {
  Table plain = sample();
  plain.transition = {};
  plain.policy.reset();
  plain.description.on_demand_throughput.reset();
  plain.description.warm_throughput.reset();
  plain.description.throughput_changes.decreases = 0;
  plain.description.indexes.clear();
  std::string encoded = encode_table(plain);
  encoded.back() = 1;
  EXPECT_EQ(decode_table(encoded + std::string("\x05\x01\x00", 3)).code(), ErrorCode::kCorruption);
}

// A table to be created: the catalog gives ids.
Table fresh() {
  Table table = sample();
  for (IndexDescription& index : table.description.indexes) index.id.clear();
  return table;
}

TEST(Catalog, AKeyspaceThatNoEntryNamesIsDroppedAtOpen) {
  with_database(1, [](Database* database) {
    partition::Store& store = database->store();
    ASSERT_TRUE(store.create_keyspace("table/orphan").ok());
    ASSERT_TRUE(store.create_keyspace("index/orphan").ok());
    ASSERT_TRUE(store.create_keyspace("not a table's").ok());
    auto catalog = Catalog::open(&store);
    ASSERT_TRUE(catalog.ok());
    EXPECT_FALSE(store.find_keyspace("table/orphan").has_value());
    EXPECT_FALSE(store.find_keyspace("index/orphan").has_value());
    EXPECT_TRUE(store.find_keyspace("not a table's").has_value());
  });
}

TEST(Catalog, AnEntryWithoutItsKeyspaceIsCorruption) {
  with_database(1, [](Database* database) {
    Catalog& catalog = *database->context().catalog;
    const auto created = catalog.create(fresh());
    ASSERT_TRUE(created.ok());
    ASSERT_TRUE(database->store().drop_keyspace((*created)->index_entries[0]).ok());
    EXPECT_EQ(Catalog::open(&database->store()).code(), ErrorCode::kCorruption);
  });
}

TEST(Catalog, AnIndexThatIsRemovedTakesItsKeyspaceAlongAndOneThatIsAddedGetsItsOwn) {
  with_database(1, [](Database* database) {
    Catalog& catalog = *database->context().catalog;
    const auto created = catalog.create(fresh());
    ASSERT_TRUE(created.ok());
    const KeyspaceId first = (*created)->index_entries[0];
    const auto replaced = catalog.update("Users", [](Table* table) -> Failure {
      table->description.indexes[0].id.clear();
      return std::nullopt;
    });
    ASSERT_TRUE(replaced.ok());
    EXPECT_NE((*replaced)->index_entries[0], first);
    EXPECT_EQ(database->store().keyspace_statistics(first).code(), ErrorCode::kNotFound);
    EXPECT_TRUE(database->store().keyspace_statistics((*replaced)->index_entries[0]).ok());
    EXPECT_EQ(newest(*created), *replaced);
  });
}

TEST(Catalog, EveryPowerCutInsideCreateAndDeleteLeavesAllOrNothing) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  std::vector<io::SimulatedDisk> images;
  Random random(11);
  std::printf("seed 11\n");
  io::Simulation simulation(11);
  simulation.run([&] {
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    driver.set_observer([&](const io::IoEventInfo& event) {
      if (!event.after) return;
      images.push_back(disk.crash_image(io::CrashStyle::kLoseAll, &random));
      images.push_back(disk.crash_image(io::CrashStyle::kRandom, &random));
    });
    Catalog& catalog = *(*database)->context().catalog;
    ASSERT_TRUE(catalog.create(fresh()).ok());
    ASSERT_TRUE(catalog.remove("Users", [](const Table&) { return std::nullopt; }).ok());
    driver.set_observer(nullptr);
  });
  ASSERT_GT(images.size(), 4u);
  size_t with_table = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    SCOPED_TRACE("image " + std::to_string(i));
    io::SimulatedDriver after(&images[i]);
    io::Simulation second(1000 + i);
    second.run([&] {
      auto database = Database::open("db", small_options(&after));
      ASSERT_TRUE(database.ok()) << database.status().to_string();
      const bool there = (*database)->context().catalog->find("Users") != nullptr;
      with_table += there ? 1 : 0;
      size_t keyspaces = 0;
      for (const auto& keyspace : (*database)->store().keyspaces())
        keyspaces += keyspace.name.starts_with("table/") || keyspace.name.starts_with("index/") ? 1 : 0;
      EXPECT_EQ(keyspaces, there ? 2u : 0u);
    });
  }
  EXPECT_GT(with_table, 0u);
  EXPECT_LT(with_table, images.size());
}

}  // namespace
}  // namespace varve::api::dynamo
