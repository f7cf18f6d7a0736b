// Writes that come to more than one record of the log takes: large items in many indexes, small changes of many large items.
#include <gtest/gtest.h>

#include <set>

#include "tests/api/test_database.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;

constexpr size_t kLargeBytes = 390u << 10;

DatabaseOptions roomy_options(io::Driver* driver) {
  DatabaseOptions options = small_options(driver);
  options.store.memory_bytes = 256u << 20;
  options.store.log_max_segment_bytes = 64u << 20;
  return options;
}

void with_roomy_database(const std::function<void(Database*)>& body) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(11);
  simulation.run([&] {
    auto database = Database::open("db", roomy_options(&driver));
    ASSERT_TRUE(database.ok());
    body(database->get());
    ASSERT_TRUE((*database)->close().ok());
  });
}

CreateTableRequest table_with_indexes(int count) {
  CreateTableRequest create;
  create.table = "Large";
  create.billing_mode = BillingMode::kPayPerRequest;
  create.attribute_definitions = {{"pk", AttributeType::kString}};
  create.key_schema = {{"pk", KeyType::kHash}};
  for (int i = 0; i < count; ++i) {
    if (!create.global_indexes) create.global_indexes.emplace();
    IndexDefinition& index = create.global_indexes->emplace_back();
    index.name = "index" + std::to_string(i);
    index.key_schema = {{"g", KeyType::kHash}};
    index.projection = index::ProjectionType::kAll;
  }
  if (count > 0) create.attribute_definitions.push_back({"g", AttributeType::kString});
  return create;
}

Item large_item(int i) {
  return {{"pk", AttributeValue::string(std::to_string(i))},
          {"g", AttributeValue::string("g")},
          {"w", AttributeValue::string(std::string(kLargeBytes, 'w'))}};
}

std::string pk_of(const BatchWrite& write) {
  const Item& item = write.put_item ? *write.put_item : *write.delete_key;
  return item.find("pk")->as_bytes();
}

TEST(LargeCommits, ABatchThatIsTooLargeIsCarriedOutInPartsThatAreTold) {
  with_roomy_database([](Database* database) {
    ASSERT_TRUE(database->create_table(table_with_indexes(20)).ok());
    BatchWriteItemRequest request;
    std::vector<BatchWrite> writes(25);
    std::set<std::string> left;
    for (int i = 0; i < 25; ++i) {
      if (i % 8 == 7) {
        writes[static_cast<size_t>(i)].delete_key = {{"pk", AttributeValue::string(std::to_string(i))}};
      } else {
        writes[static_cast<size_t>(i)].put_item = large_item(i);
      }
      left.insert(std::to_string(i));
    }
    request.tables.emplace_back("Large", writes);
    int parts = 0;
    while (!request.tables.empty()) {
      ++parts;
      const auto done = database->batch_write_item(request);
      ASSERT_TRUE(done.ok()) << done.error().message;
      std::set<std::string> still;
      for (const auto& [table, rest] : done->unprocessed) {
        EXPECT_EQ(table, "Large");
        for (const BatchWrite& write : rest) {
          still.insert(pk_of(write));
          if (!write.put_item) continue;
          EXPECT_EQ(*write.put_item, large_item(std::stoi(pk_of(write))));
        }
      }
      ASSERT_LT(still.size(), left.size());
      for (const std::string& pk : left) {
        GetItemRequest get;
        get.table = "Large";
        get.key = {{"pk", AttributeValue::string(pk)}};
        const auto found = database->get_item(get);
        ASSERT_TRUE(found.ok());
        EXPECT_EQ(found->item.found(), !still.contains(pk) && std::stoi(pk) % 8 != 7) << pk;
      }
      left = std::move(still);
      request.tables = done->unprocessed;
    }
    EXPECT_GT(parts, 3);  // 22 times 8 MB in parts of 32 to 40
    EXPECT_LT(parts, 8);
  });
}

TEST(LargeCommits, TheRestOfABatchIsTheNextRequestsItems) {
  with_roomy_database([](Database* database) {
    ASSERT_TRUE(database->create_table(table_with_indexes(20)).ok());
    dynamo::Dispatcher dispatcher(database);
    const std::string filler(kLargeBytes, 'w');
    std::string body = R"({"RequestItems":{"Large":[)";
    for (int i = 0; i < 7; ++i) {
      if (i > 0) body += ',';
      const std::string key = R"("pk":{"S":")" + std::to_string(i) + R"("})";
      body += i == 5
                  ? R"({"DeleteRequest":{"Key":{)" + key + "}}}"
                  : R"({"PutRequest":{"Item":{)" + key + R"(,"g":{"S":"g"},"w":{"S":")" + filler + R"("}}}})";
    }
    const dynamo::Response first = call(&dispatcher, "BatchWriteItem", body + "]}}");
    ASSERT_EQ(first.status, 200);
    EXPECT_EQ(first.body.substr(0, 61), R"({"UnprocessedItems":{"Large":[{"DeleteRequest":{"Key":{"pk":{)");
    const std::string rest = first.body.substr(std::string(R"({"UnprocessedItems":)").size());
    const dynamo::Response second = call(&dispatcher, "BatchWriteItem", R"({"RequestItems":)" + rest);
    EXPECT_EQ(second.body, R"({"UnprocessedItems":{}})");
  });
}

TEST(LargeCommits, ATransactionThatWritesMoreThanOneRecordTakesIsRefused) {
  with_roomy_database([](Database* database) {
    ASSERT_TRUE(database->create_table(table_with_indexes(0)).ok());
    for (int i = 0; i < 100; ++i) {
      PutItemRequest put;
      put.table = "Large";
      put.item = large_item(i);
      ASSERT_TRUE(database->put_item(put).ok());
    }
    UpdateTableRequest begin;
    begin.table = "Large";
    begin.stream = StreamSpecification{true, StreamViewType::kNewAndOldImages};
    ASSERT_TRUE(database->update_table(begin).ok());
    const auto mark = [&](int count) {
      TransactWriteItemsRequest request;
      for (int i = 0; i < count; ++i) {
        UpdateItemRequest update;
        update.table = "Large";
        update.key = {{"pk", AttributeValue::string(std::to_string(i))}};
        update.update_expression = "SET marked = :one";
        update.attributes.values = {{":one", AttributeValue::number(index::Number(1))}};
        request.actions.emplace_back().update = std::move(update);
      }
      return database->transact_write(request);
    };
    const auto refused = mark(100);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().type, ErrorType::kValidation);
    EXPECT_TRUE(refused.error().message.starts_with("Transaction size cannot exceed 80 MB"))
        << refused.error().message;
    const auto done = mark(60);
    ASSERT_TRUE(done.ok()) << done.error().message;
    GetItemRequest get;
    get.table = "Large";
    get.key = {{"pk", AttributeValue::string("59")}};
    EXPECT_NE(database->get_item(get)->item.view().find("marked"), std::nullopt);
    get.key = {{"pk", AttributeValue::string("60")}};
    EXPECT_EQ(database->get_item(get)->item.view().find("marked"), std::nullopt)
        << "a part of the refused one is there";
  });
}

}  // namespace
}  // namespace varve::api
