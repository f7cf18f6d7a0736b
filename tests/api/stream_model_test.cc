// Seeded histories of every kind of write on a table with a stream whose shards roll all the time, with reopens and power cuts: whatever
// happened, replaying the stream from its start gives the table, and every record fits the ones before it.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/stream.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/api/stream_history.h"
#include "tests/api/test_database.h"
#include "tests/support/scale.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;

constexpr char kTable[] = "Tab";

DatabaseOptions model_options(io::Driver* driver) {
  DatabaseOptions options = small_options(driver);
  options.store.memory_bytes = 2u << 20;
  options.store.write_buffer_bytes = 16u << 10;
  options.store.target_file_bytes = 32u << 10;
  options.store.log_first_segment_bytes = 64u << 10;
  options.store.log_max_segment_bytes = 64u << 10;
  options.store.log_limit_bytes = 256u << 10;
  options.streams.shard_us = 3'000;
  return options;
}

index::KeySchema schema() {
  return {{"pk", AttributeType::kString}, index::KeyAttribute{"sk", AttributeType::kNumber}};
}

struct Checked {
  uint64_t records = 0, shards = 0;
};

// Empty when the stream gives the table.
std::string disagreement(Database* database, Checked* checked) {
  const auto description = database->describe_table(kTable);
  if (!description.ok()) return "";  // the cut came before the table
  const std::string arn = dynamo::stream_arn(kTable, description->latest_stream_label);
  std::string problem;
  const auto records = read_stream(database, arn, &problem, 37);
  if (!problem.empty()) return "reading: " + problem;
  const TableContents replayed = replay(records, &problem);
  if (!problem.empty()) return problem;
  if (replayed != scan_table(database, kTable, schema())) return "the replayed table differs";
  checked->records += records.size();
  checked->shards += database->describe_stream({arn, {}, {}, {}})->shards.size();
  return "";
}

class History {
 public:
  History(uint64_t seed, io::Driver* driver) : random_(seed), driver_(driver) {}

  void run(int rounds) {
    open();
    CreateTableRequest create;
    create.table = kTable;
    create.attribute_definitions = {{"pk", AttributeType::kString}, {"sk", AttributeType::kNumber}};
    create.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
    create.billing_mode = BillingMode::kPayPerRequest;
    create.stream = StreamSpecification{true, StreamViewType::kNewAndOldImages};
    ASSERT_TRUE(database_->create_table(create).ok());
    for (int round = 0; round < rounds && !::testing::Test::HasFatalFailure(); ++round) {
      write_from_several_threads();
      check();
      if (random_.one_in(3)) open();
      if (random_.one_in(4)) {
        ASSERT_TRUE(database_->store().flush().ok());
      }
    }
    check();
    ASSERT_TRUE(database_->close().ok());
  }

  Checked checked;

 private:
  void open() {
    if (database_ != nullptr) {
      ASSERT_TRUE(database_->close().ok());
    }
    database_.reset();
    auto opened = Database::open("db", model_options(driver_));
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    database_ = std::move(*opened);
  }

  void check() { ASSERT_EQ(disagreement(database_.get(), &checked), ""); }

  void write_from_several_threads() {
    std::vector<io::Thread> writers;
    for (int w = 0; w < 3; ++w) {
      writers.emplace_back("writer", [this] {
        for (int i = 0; i < 12; ++i) {
          one_write();
          if (random_.one_in(4)) io::sleep_ns(random_.below(1'000'000));
        }
      });
    }
    for (io::Thread& writer : writers) writer.join();
  }

  Item key() {
    return {{"pk", AttributeValue::string("p" + std::to_string(random_.below(4)))},
            {"sk", AttributeValue::number(index::Number(static_cast<int64_t>(random_.below(5))))}};
  }

  Item item() {
    Item item = key();
    // Few values, so that some writes change nothing.
    item.set("v", AttributeValue::string(
                      std::string(random_.below(3) * 40, static_cast<char>('a' + random_.below(2)))));
    return item;
  }

  void one_write() {
    switch (random_.below(6)) {
      case 0:
      case 1: {
        PutItemRequest put;
        put.table = kTable;
        put.item = item();
        if (random_.one_in(3)) put.condition_expression = "attribute_not_exists(pk)";
        (void)database_->put_item(put);
        return;
      }
      case 2: {
        UpdateItemRequest update;
        update.table = kTable;
        update.key = key();
        update.update_expression = random_.one_in(3) ? "REMOVE v" : "ADD n :one";
        if (*update.update_expression != "REMOVE v") {
          update.attributes.values = {{":one", AttributeValue::number(index::Number(1))}};
        }
        const auto done = database_->update_item(update);
        // A transaction may hold the item.
        EXPECT_TRUE(done.ok() || done.error().type == ErrorType::kTransactionConflict)
            << done.error().message;
        return;
      }
      case 3: {
        DeleteItemRequest remove;
        remove.table = kTable;
        remove.key = key();
        (void)database_->delete_item(remove);
        return;
      }
      case 4:
        return batch();
      default:
        return transaction();
    }
  }

  void batch() {
    BatchWriteItemRequest request;
    std::vector<BatchWrite> writes;
    for (uint64_t n = random_.between(1, 5); n > 0; --n) {
      BatchWrite write;
      if (random_.one_in(3)) {
        write.delete_key = key();
      } else {
        write.put_item = item();
      }
      writes.push_back(std::move(write));
    }
    request.tables.emplace_back(kTable, std::move(writes));
    (void)database_->batch_write_item(request);  // refused when two are of one key
  }

  void transaction() {
    TransactWriteItemsRequest request;
    for (uint64_t n = random_.between(1, 4); n > 0; --n) {
      TransactWrite action;
      if (random_.one_in(3)) {
        DeleteItemRequest remove;
        remove.table = kTable;
        remove.key = key();
        action.remove = std::move(remove);
      } else {
        PutItemRequest put;
        put.table = kTable;
        put.item = item();
        action.put = std::move(put);
      }
      request.actions.push_back(std::move(action));
    }
    (void)database_->transact_write(request);  // refused when two are of one key
  }

  Random random_;
  io::Driver* const driver_;
  std::unique_ptr<Database> database_;
};

TEST(StreamModel, ReplayingTheStreamGivesTheTable) {
  const uint64_t seeds = scaled(40);
  Checked total;
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    History history(seed, &driver);
    simulation.run([&] { history.run(6); });
    ASSERT_FALSE(HasFatalFailure()) << "VARVE_SEED=" << seed;
    total.records += history.checked.records;
    total.shards += history.checked.shards;
  }
  EXPECT_GT(total.records, 300 * seeds);
  EXPECT_GT(total.shards, 10 * seeds);
  std::printf("%llu seeds from %llu: %llu records in %llu shards read\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first_seed()),
              static_cast<unsigned long long>(total.records), static_cast<unsigned long long>(total.shards));
}

// The power is cut at events picked over a whole history; each image is opened and held against itself.
TEST(StreamModel, ReplayingTheStreamGivesTheTableAfterEveryCut) {
  const uint64_t seeds = scaled(12);
  constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kPrefix,
                                        io::CrashStyle::kTearLast, io::CrashStyle::kLoseAll};
  Checked total;
  uint64_t images = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    Random random(seed * 7919);
    std::vector<io::SimulatedDisk> cuts;
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    driver.set_observer([&](const io::IoEventInfo& event) {
      const bool changes = event.event != io::IoEvent::kRead && event.event != io::IoEvent::kOpen &&
                           event.event != io::IoEvent::kList;
      if (changes && cuts.size() < 40 && random.one_in(40)) {
        cuts.push_back(disk.crash_image(kStyles[random.below(std::size(kStyles))], &random));
      }
    });
    io::Simulation simulation(seed);
    History history(seed, &driver);
    simulation.run([&] { history.run(5); });
    ASSERT_FALSE(HasFatalFailure()) << "VARVE_SEED=" << seed;
    for (size_t i = 0; i < cuts.size(); ++i) {
      io::SimulatedDriver after(&cuts[i]);
      io::Simulation second(seed * 1000 + i);
      std::string problem;
      second.run([&] {
        auto database = Database::open("db", model_options(&after));
        if (!database.ok()) {
          problem = database.status().to_string();
          return;
        }
        problem = disagreement(database->get(), &total);
        CHECK((*database)->close().ok());
      });
      ASSERT_EQ(problem, "") << "VARVE_SEED=" << seed << ", image " << i;
      ++images;
    }
  }
  EXPECT_GT(images, 10 * seeds);
  EXPECT_GT(total.records, images);
  std::printf("%llu images of %llu histories: %llu records read\n", static_cast<unsigned long long>(images),
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(total.records));
}

}  // namespace
}  // namespace varve::api
