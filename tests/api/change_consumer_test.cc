// Consumers of changes over restarts, rolls, trims and power cuts: batches come again, and none is left out.
#include "api/change_consumer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/consumer_checkpoints.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/api/test_database.h"
#include "tests/support/scale.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;

constexpr uint64_t kSecondNs = 1'000'000'000;
const StreamOptions kShort{.shard_us = 4'000'000, .retention_us = 10'000'000};

DatabaseOptions options_with(io::Driver* driver, const StreamOptions& streams) {
  DatabaseOptions options = small_options(driver);
  options.streams = streams;
  return options;
}

void with_streams(const StreamOptions& streams, const std::function<void(Database*)>& body) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(5);
  simulation.run([&] {
    auto database = Database::open("db", options_with(&driver, streams));
    ASSERT_TRUE(database.ok());
    body(database->get());
    ASSERT_TRUE((*database)->close().ok());
  });
}

void create_table(Database* database, const std::string& name = "Tab") {
  CreateTableRequest request;
  request.table = name;
  request.attribute_definitions = {{"pk", AttributeType::kString}};
  request.key_schema = {{"pk", KeyType::kHash}};
  request.billing_mode = BillingMode::kPayPerRequest;
  request.stream = StreamSpecification{true, StreamViewType::kNewImage};
  const auto created = database->create_table(request);
  ASSERT_TRUE(created.ok()) << created.error().message;
}

void set_stream(Database* database, bool enabled) {
  UpdateTableRequest request;
  request.table = "Tab";
  request.stream = StreamSpecification{enabled, {}};
  if (enabled) request.stream->view_type = StreamViewType::kNewImage;
  const auto updated = database->update_table(request);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
}

void put(Database* database, const std::string& value) {
  PutItemRequest request;
  request.table = "Tab";
  request.item = {{"pk", AttributeValue::string("k")}, {"v", AttributeValue::string(value)}};
  const auto done = database->put_item(request);
  ASSERT_TRUE(done.ok()) << done.error().message;
}

void put_range(Database* database, int from, int to) {
  for (int i = from; i < to; ++i) put(database, std::to_string(i));
}

std::unique_ptr<ChangeConsumer> open(Database* database, ChangeConsumerOptions options) {
  options.table = "Tab";
  auto consumer = ChangeConsumer::open(database, std::move(options));
  CHECK(consumer.ok());
  return std::move(consumer).value();
}

using Values = std::vector<std::string>;

// Appends the batch's values to what it holds; a gap is "trimmed" or "changed".
ChangeConsumer::Deliver into(Values* values) {
  return [values](const ChangeBatch& batch) -> Failure {
    if (batch.missed == Missed::kTrimmed) values->push_back("trimmed");
    if (batch.missed == Missed::kStreamChanged) values->push_back("changed");
    for (const ChangeRecord& record : batch.records) {
      values->push_back(record.new_image->find("v")->as_bytes());
    }
    return std::nullopt;
  };
}

// All there is now.
Values drain(ChangeConsumer* consumer) {
  Values values;
  while (true) {
    const auto delivered = consumer->poll(into(&values));
    if (!delivered.ok()) values.push_back(std::string(delivered.error().name()));
    if (!delivered.ok() || !*delivered) return values;
  }
}

Values numbers(int from, int to) {
  Values values;
  for (int i = from; i < to; ++i) values.push_back(std::to_string(i));
  return values;
}

TEST(ChangeConsumer, GoesOnAfterWhatWasDoneAndConsumersAreIndependent) {
  with_streams({}, [](Database* database) {
    create_table(database);
    put_range(database, 0, 5);
    auto first = open(database, {.name = "first", .batch_records = 2});
    Values seen;
    ASSERT_TRUE(*first->poll(into(&seen)));
    EXPECT_EQ(seen, numbers(0, 2));
    auto second = open(database, {.name = "second"});
    EXPECT_EQ(drain(second.get()), numbers(0, 5));
    first = open(database, {.name = "first"});
    EXPECT_EQ(drain(first.get()), numbers(2, 5));
    EXPECT_FALSE(first->ended());
    put_range(database, 5, 6);
    EXPECT_EQ(drain(second.get()), numbers(5, 6));
    ASSERT_FALSE(ChangeConsumer::forget(database, "Tab", "first"));
    EXPECT_EQ(drain(open(database, {.name = "first"}).get()), numbers(0, 6));
    EXPECT_EQ(drain(open(database, {.name = "second"}).get()), Values());
  });
}

TEST(ChangeConsumer, ABatchThatWasRefusedComesAgain) {
  with_streams({}, [](Database* database) {
    create_table(database);
    put_range(database, 0, 3);
    auto consumer = open(database, {.name = "c", .batch_records = 2});
    for (int attempt = 0; attempt < 2; ++attempt) {
      Values seen;
      const auto refused = consumer->poll([&](const ChangeBatch& batch) -> Failure {
        (void)into (&seen)(batch);
        return Error{ErrorType::kInternal, "not now", {}};
      });
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().message, "not now");
      EXPECT_EQ(seen, numbers(0, 2));
      // In the second round by one that has only the checkpoint.
      if (attempt == 0) consumer = open(database, {.name = "c", .batch_records = 2});
    }
    EXPECT_EQ(drain(consumer.get()), numbers(0, 3));
  });
}

TEST(ChangeConsumer, FromNowMeansTheFirstOpenEvenWhenNothingCameBeforeARestart) {
  with_streams({}, [](Database* database) {
    create_table(database);
    put_range(database, 0, 3);
    (void)open(database, {.name = "c", .from = ChangeReader::From::kNow});
    put_range(database, 3, 5);
    EXPECT_EQ(drain(open(database, {.name = "c", .from = ChangeReader::From::kNow}).get()), numbers(3, 5));
  });
}

TEST(ChangeConsumer, FollowsShardsWhileTheyRollAndAWriterWrites) {
  with_streams({.shard_us = 2'000}, [](Database* database) {
    create_table(database);
    constexpr int kWrites = 500;
    io::Thread writer("writer", [&] {
      for (int i = 0; i < kWrites; ++i) {
        put(database, std::to_string(i));
        io::sleep_ns(100'000);
      }
    });
    Values seen;
    auto consumer = open(database, {.name = "c", .batch_records = 7, .idle_pause_us = 100});
    int rounds = 0;
    while (seen.size() < kWrites) {
      // Restarted now and then.
      if (++rounds % 9 == 0)
        consumer = open(database, {.name = "c", .batch_records = 7, .idle_pause_us = 100});
      const size_t target = std::min<size_t>(kWrites, seen.size() + 20);
      const Failure failed = consumer->run(into(&seen), [&] { return seen.size() < target; });
      ASSERT_FALSE(failed) << failed->message;
    }
    writer.join();
    EXPECT_EQ(seen, numbers(0, kWrites));
    const auto description = database->describe_table("Tab");
    const std::string arn = description->arn + "/stream/" + description->latest_stream_label;
    EXPECT_GT(database->describe_stream({arn, {}, {}, {}})->shards.size(), 5u);
  });
}

TEST(ChangeConsumer, ATrimmedPositionIsToldAndTheOldestFollows) {
  with_streams(kShort, [](Database* database) {
    create_table(database);
    put_range(database, 0, 3);
    auto consumer = open(database, {.name = "c", .batch_records = 1});
    Values seen;
    ASSERT_TRUE(*consumer->poll(into(&seen)));
    io::sleep_ns(60 * kSecondNs);
    put_range(database, 3, 5);
    // Told until it is acknowledged.
    const auto refused = consumer->poll([](const ChangeBatch&) -> Failure { return validation_error("no"); });
    EXPECT_FALSE(refused.ok());
    const Values expected{"trimmed", "3", "4"};
    EXPECT_EQ(drain(consumer.get()), expected);
    EXPECT_EQ(drain(consumer.get()), Values());
    EXPECT_EQ(drain(open(database, {.name = "c"}).get()), Values());
  });
}

TEST(ChangeConsumer, AnIdleTableLosesNothingWhenItsOldRecordsGo) {
  with_streams(kShort, [](Database* database) {
    create_table(database);
    put_range(database, 0, 3);
    auto consumer = open(database, {.name = "c"});
    EXPECT_EQ(drain(consumer.get()), numbers(0, 3));
    for (int i = 0; i < 60; ++i) {
      io::sleep_ns(kSecondNs);
      EXPECT_EQ(drain(consumer.get()), Values());
    }
    consumer = open(database, {.name = "c"});
    put_range(database, 3, 4);
    EXPECT_EQ(drain(consumer.get()), numbers(3, 4));
  });
}

TEST(ChangeConsumer, FollowsTheTableToANewStreamAndSaysSo) {
  with_streams({}, [](Database* database) {
    create_table(database);
    put_range(database, 0, 2);
    auto consumer = open(database, {.name = "c"});
    set_stream(database, false);
    put_range(database, 2, 3);
    EXPECT_EQ(drain(consumer.get()), numbers(0, 2));
    EXPECT_TRUE(consumer->ended());
    set_stream(database, true);
    put_range(database, 3, 5);
    const Values expected{"changed", "3", "4"};
    EXPECT_EQ(drain(consumer.get()), expected);
    EXPECT_FALSE(consumer->ended());
    ASSERT_TRUE(database->delete_table("Tab").ok());
    EXPECT_EQ(drain(consumer.get()), Values());
    EXPECT_TRUE(consumer->ended());
    // run() comes back by itself.
    EXPECT_FALSE(consumer->run([](const ChangeBatch&) -> Failure { return {}; }, [] { return true; }));
    create_table(database);
    const Values anew{"changed"};
    EXPECT_EQ(drain(consumer.get()), anew);
  });
}

TEST(ChangeConsumer, AStreamThatIsGoneIsToldOrFollowed) {
  with_streams(kShort, [](Database* database) {
    create_table(database);
    put_range(database, 0, 2);
    Values seen;
    auto consumer = open(database, {.name = "c", .batch_records = 1});
    ASSERT_TRUE(*consumer->poll(into(&seen)));
    set_stream(database, false);
    io::sleep_ns(60 * kSecondNs);
    EXPECT_EQ(drain(consumer.get()), Values{"ResourceNotFoundException"});
    set_stream(database, true);
    put_range(database, 2, 3);
    const Values expected{"trimmed", "2"};
    EXPECT_EQ(drain(consumer.get()), expected);
  });
}

TEST(ChangeConsumer, RefusesWhatItCannotDo) {
  with_streams({}, [](Database* database) {
    create_table(database);
    const auto error = [&](ChangeConsumerOptions options) {
      const auto consumer = ChangeConsumer::open(database, std::move(options));
      return consumer.ok() ? std::string("opened") : std::string(consumer.error().name());
    };
    EXPECT_EQ(error({.name = "", .table = "Tab"}), "ValidationException");
    EXPECT_EQ(error({.name = std::string(256, 'x'), .table = "Tab"}), "ValidationException");
    EXPECT_EQ(error({.name = "c", .table = "Tab", .batch_records = 0}), "ValidationException");
    EXPECT_EQ(error({.name = "c", .table = "Absent"}), "ResourceNotFoundException");
    set_stream(database, false);
    EXPECT_EQ(error({.name = "c", .table = "Tab"}), "ResourceNotFoundException");
  });
}

// The power is cut at events picked over a history of writes, deliveries and rolls: often between delivery and checkpoint. The consumer that is
// opened on the image begins at most one batch before where the first had come to, and leaves out nothing.
TEST(ChangeConsumer, APowerCutRepeatsAtMostABatchAndLeavesOutNothing) {
  constexpr int kWrites = 60;
  constexpr size_t kBatch = 4;
  constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kPrefix,
                                        io::CrashStyle::kTearLast, io::CrashStyle::kLoseAll};
  const StreamOptions streams{.shard_us = 3'000};
  const uint64_t seeds = scaled(8);
  uint64_t images = 0, repeats = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    struct Cut {
      io::SimulatedDisk disk;
      size_t acknowledged;  // writes
      size_t delivered;     // values that the consumer had been given
    };
    Random random(seed * 7919);
    std::vector<Cut> cuts;
    Values seen;
    size_t acknowledged = 0;
    bool opened = false;
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    driver.set_observer([&](const io::IoEventInfo& event) {
      const bool changes = event.event != io::IoEvent::kRead && event.event != io::IoEvent::kOpen &&
                           event.event != io::IoEvent::kList;
      if (opened && changes && cuts.size() < 30 && random.one_in(8)) {
        cuts.push_back({disk.crash_image(kStyles[random.below(std::size(kStyles))], &random), acknowledged,
                        seen.size()});
      }
    });
    io::Simulation simulation(seed);
    simulation.run([&] {
      auto database = Database::open("db", options_with(&driver, streams));
      CHECK(database.ok());
      create_table(database->get());
      auto consumer = open(database->get(), {.name = "c", .batch_records = kBatch});
      opened = true;
      io::Thread writer("writer", [&] {
        for (int i = 0; i < kWrites; ++i) {
          put(database->get(), std::to_string(i));
          ++acknowledged;
          io::sleep_ns(random.below(400'000));
        }
      });
      while (seen.size() < kWrites) {
        CHECK(consumer->poll(into(&seen)).ok());
        io::sleep_ns(random.below(300'000));
      }
      writer.join();
      opened = false;
      CHECK((*database)->close().ok());
    });
    ASSERT_EQ(seen, numbers(0, kWrites)) << "VARVE_SEED=" << seed;
    for (size_t i = 0; i < cuts.size(); ++i) {
      Values again;
      io::SimulatedDriver after(&cuts[i].disk);
      io::Simulation second(seed * 1000 + i);
      second.run([&] {
        auto database = Database::open("db", options_with(&after, streams));
        CHECK(database.ok());
        again = drain(open(database->get(), {.name = "c", .batch_records = kBatch}).get());
        CHECK((*database)->close().ok());
      });
      const std::string where = "VARVE_SEED=" + std::to_string(seed) + ", image " + std::to_string(i);
      const int first = again.empty() ? -1 : std::stoi(again.front());
      if (first >= 0) {
        EXPECT_LE(static_cast<size_t>(first), cuts[i].delivered) << "a gap: " << where;
        EXPECT_GE(first + kBatch, cuts[i].delivered) << "more than a batch again: " << where;
        EXPECT_EQ(again, numbers(first, std::stoi(again.back()) + 1)) << where;
        repeats += static_cast<size_t>(first) < cuts[i].delivered;
      }
      const size_t reached = again.empty() ? cuts[i].delivered : std::stoi(again.back()) + 1;
      EXPECT_GE(reached, cuts[i].acknowledged) << "a write that was acknowledged is missing: " << where;
      ++images;
    }
    ASSERT_FALSE(HasFailure()) << "VARVE_SEED=" << seed;
  }
  EXPECT_GT(images, 10 * seeds);
  EXPECT_GT(repeats, seeds) << "cuts between delivery and checkpoint";
  std::printf("%llu images from seed %llu, %llu with a batch delivered again\n",
              static_cast<unsigned long long>(images), static_cast<unsigned long long>(first_seed()),
              static_cast<unsigned long long>(repeats));
}

TEST(ConsumerCheckpoint, IsTheExampleOfTheFormatDocument) {
  EXPECT_EQ(dynamo::checkpoint_key("Users", "totals"), std::string("Users\0totals", 12));
  const std::string position = "arn@1";
  const std::string encoded = dynamo::encode_checkpoint(position);
  EXPECT_EQ(encoded, std::string("\x01\x05") + "arn@1");
  EXPECT_EQ(*dynamo::decode_checkpoint(encoded), position);
  for (size_t cut = 0; cut < encoded.size(); ++cut) {
    EXPECT_EQ(dynamo::decode_checkpoint(Slice(encoded).substr(0, cut)).code(), ErrorCode::kCorruption) << cut;
  }
  EXPECT_EQ(dynamo::decode_checkpoint(encoded + "x").code(), ErrorCode::kCorruption);
  EXPECT_EQ(dynamo::decode_checkpoint(std::string("\x02\x05") + "arn@1").code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace varve::api
