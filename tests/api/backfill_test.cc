// The filling of an index where it is hard: a store that fails for a while, items that are written all the time.
#include "api/dynamo/backfill.h"

#include <gtest/gtest.h>

#include <functional>

#include "api/dynamo/context.h"
#include "api/dynamo/operations.h"
#include "base/io/clock.h"
#include "tests/api/test_database.h"
#include "tests/support/forwarding_store.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;

constexpr int kItems = 200;

// What the filling meets at each of its commits.
class DisturbedStore final : public partition::ForwardingStore {
 public:
  using Disturb = std::function<Status(std::span<const partition::CommitKey> keys)>;
  DisturbedStore(partition::Store* inner, Disturb disturb)
      : ForwardingStore(inner), disturb_(std::move(disturb)) {}

  Result<partition::CommitResult> commit(std::span<const partition::CommitKey> keys,
                                         const partition::Evaluate& evaluate,
                                         const partition::WriteOptions& options) override {
    const auto disturbed = [&](std::span<const partition::Image> images, partition::WriteBatch* batch) {
      Status status = evaluate(images, batch);
      Status disturbance = disturb_(keys);
      return disturbance.ok() ? std::move(status) : std::move(disturbance);
    };
    return inner_->commit(keys, disturbed, options);
  }

 private:
  const Disturb disturb_;
};

// Fills an index on a table of kItems, through a disturbed store, and returns how many entries it has when it is ACTIVE; -1: never.
int64_t filled_entries(const std::function<DisturbedStore::Disturb(Database*)>& disturb) {
  int64_t count = -1;
  with_database(21, [&](Database* database) {
    CreateTableRequest create;
    create.table = "Tab";
    create.billing_mode = BillingMode::kPayPerRequest;
    create.attribute_definitions = {{"pk", AttributeType::kString}};
    create.key_schema = {{"pk", KeyType::kHash}};
    ASSERT_TRUE(database->create_table(create).ok());
    for (int i = 0; i < kItems; ++i) {
      PutItemRequest put;
      put.table = "Tab";
      put.item = {{"pk", AttributeValue::string(std::to_string(i))}, {"g", AttributeValue::string("g")}};
      ASSERT_TRUE(database->put_item(put).ok());
    }
    dynamo::Context context = database->context();
    DisturbedStore store(context.store, disturb(database));
    auto backfill = dynamo::Backfill::open(&store, context.catalog);
    ASSERT_TRUE(backfill.ok());
    context.backfill = backfill->get();
    UpdateTableRequest update;
    update.table = "Tab";
    update.attribute_definitions = {{"g", AttributeType::kString}};
    GlobalIndexUpdate& change = update.index_updates.emplace().emplace_back();
    change.create.emplace();
    change.create->name = "byG";
    change.create->key_schema = {{"g", KeyType::kHash}};
    change.create->projection = index::ProjectionType::kKeysOnly;
    ASSERT_TRUE(dynamo::update_table(context, update).ok());
    for (int tries = 0; tries < 600; ++tries) {
      io::sleep_ns(100'000'000);
      if (database->describe_table("Tab")->indexes[0].status != IndexStatus::kActive) continue;
      count = 0;
      break;
    }
    (*backfill)->stop();
    if (count < 0) return;
    const dynamo::TableRef table = context.catalog->find("Tab");
    auto entries = context.store->iterate(table->index_entries[0], {}, partition::ReadPoint::visible());
    ASSERT_TRUE(entries.ok());
    for ((*entries)->seek_to_first(); (*entries)->valid(); (*entries)->next()) ++count;
  });
  return count;
}

TEST(Backfill, WhatFailsIsTriedAgainByItself) {
  int failures = 5;
  EXPECT_EQ(filled_entries([&](Database*) {
              return [&](std::span<const partition::CommitKey>) {
                return failures-- > 0 ? Status(ErrorCode::kIoError, "a disk that is not there") : Status();
              };
            }),
            kItems);
  EXPECT_LT(failures, 0);
}

// Each evaluation of several items is made void by a write of one of them.
TEST(Backfill, ItemsThatAreWrittenAllTheTimeDoNotStopIt) {
  int writes = 0;
  EXPECT_EQ(
      filled_entries([&](Database* database) {
        return [&writes, database](std::span<const partition::CommitKey> keys) {
          if (keys.size() == 1 || writes == 100'000) return Status();
          ++writes;
          const partition::CommitKey& key = keys.front();
          partition::PinnedValue item;
          EXPECT_TRUE(
              database->store().get(key.keyspace, key.key, partition::ReadPoint::visible(), &item).ok());
          partition::WriteBatch batch;
          batch.put(key.keyspace, key.key, item.slice());
          EXPECT_TRUE(database->store().write(&batch).ok());
          return Status();
        };
      }),
      kItems);
  EXPECT_GT(writes, 100);
  EXPECT_LT(writes, 20'000);
}

}  // namespace
}  // namespace varve::api
