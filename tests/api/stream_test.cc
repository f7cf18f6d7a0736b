// Shards, retention, iterators: what time does to a stream.
#include "api/dynamo/stream.h"

#include <gtest/gtest.h>

#include <set>

#include "api/change_reader.h"
#include "api/dynamo/encode.h"
#include "api/dynamo/shard_iterator.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/table.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "tests/api/stream_history.h"
#include "tests/api/test_database.h"
#include "tests/support/hex.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kHourNs = 3600 * kSecondNs;

CreateTableRequest streamed_table(const std::string& name,
                                  StreamViewType view_type = StreamViewType::kNewAndOldImages) {
  CreateTableRequest request;
  request.table = name;
  request.attribute_definitions = {{"pk", AttributeType::kString}};
  request.key_schema = {{"pk", KeyType::kHash}};
  request.billing_mode = BillingMode::kPayPerRequest;
  request.stream = StreamSpecification{true, view_type};
  return request;
}

void put(Database* database, const std::string& table, const std::string& pk, const std::string& value) {
  PutItemRequest request;
  request.table = table;
  request.item = {{"pk", AttributeValue::string(pk)}, {"v", AttributeValue::string(value)}};
  const auto done = database->put_item(request);
  ASSERT_TRUE(done.ok()) << done.error().message;
}

std::string arn_of(Database* database, const std::string& table) {
  const auto description = database->describe_table(table);
  CHECK(description.ok());
  return dynamo::stream_arn(table, description->latest_stream_label);
}

std::vector<ShardDescription> shards_of(Database* database, const std::string& arn) {
  const auto stream = database->describe_stream({arn, {}, {}, {}});
  CHECK(stream.ok());
  return stream->shards;
}

std::vector<std::string> values_of(const std::vector<ChangeRecord>& records) {
  std::vector<std::string> values;
  for (const ChangeRecord& record : records) values.push_back(record.new_image->find("v")->as_bytes());
  return values;
}

std::vector<std::string> read_values(Database* database, const std::string& arn) {
  std::string problem;
  const auto records = read_stream(database, arn, &problem);
  EXPECT_EQ(problem, "");
  return values_of(records);
}

// Runs `body` with a database whose shards and retention are as given.
void with_streams(const StreamOptions& streams, const std::function<void(Database*, io::Simulation*)>& body) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(3);
  simulation.run([&] {
    DatabaseOptions options = small_options(&driver);
    options.streams = streams;
    auto database = Database::open("db", options);
    ASSERT_TRUE(database.ok());
    body(database->get(), &simulation);
    ASSERT_TRUE((*database)->close().ok());
  });
}

TEST(Stream, LabelsAreDates) {
  EXPECT_EQ(dynamo::stream_label(1'769'863'996'789'123), "2026-01-31T12:53:16.789");
  EXPECT_EQ(dynamo::stream_label(0), "1970-01-01T00:00:00.000");
  EXPECT_EQ(dynamo::stream_label(951'782'400'000'000), "2000-02-29T00:00:00.000");
  EXPECT_EQ(dynamo::stream_label(1'709'251'199'999'000), "2024-02-29T23:59:59.999");
  EXPECT_EQ(dynamo::stream_label(1'767'225'600'000'000), "2026-01-01T00:00:00.000");
}

TEST(Stream, ShardsRollFromParentToChildAndLoseNothing) {
  with_streams({.shard_us = 3'600'000'000}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    std::vector<std::string> written;
    for (int hour = 0; hour < 5; ++hour) {
      for (int i = 0; i < 3; ++i) {
        written.push_back(std::to_string(hour) + "." + std::to_string(i));
        put(database, "Tab", "k" + std::to_string(i), written.back());
      }
      io::sleep_ns(kHourNs + 2 * kSecondNs);
    }
    const auto shards = shards_of(database, arn);
    ASSERT_EQ(shards.size(), 6u);
    for (size_t i = 0; i < shards.size(); ++i) {
      EXPECT_EQ(shards[i].parent_id.has_value(), i > 0);
      if (i > 0) {
        EXPECT_EQ(*shards[i].parent_id, shards[i - 1].id);
        EXPECT_GT(shards[i].id, shards[i - 1].id);
        EXPECT_GT(shards[i].starting_sequence_number, *shards[i - 1].ending_sequence_number);
      }
      EXPECT_EQ(shards[i].ending_sequence_number.has_value(), i + 1 < shards.size());
    }
    EXPECT_EQ(read_values(database, arn), written);
    // Paging through the shards, and the children of one.
    const auto two = database->describe_stream({arn, 2, shards[0].id, {}});
    ASSERT_TRUE(two.ok());
    ASSERT_EQ(two->shards.size(), 2u);
    EXPECT_EQ(two->shards[0].id, shards[1].id);
    EXPECT_EQ(two->last_evaluated_shard_id, shards[2].id);
    const auto child = database->describe_stream({arn, {}, {}, shards[3].id});
    ASSERT_TRUE(child.ok());
    ASSERT_EQ(child->shards.size(), 1u);
    EXPECT_EQ(child->shards[0].id, shards[4].id);
    // A sequence number of another shard is not in this one.
    const auto elsewhere = database->get_shard_iterator(
        {arn, shards[0].id, ShardIteratorType::kAtSequenceNumber, shards[3].starting_sequence_number});
    ASSERT_FALSE(elsewhere.ok());
    EXPECT_EQ(elsewhere.error().type, ErrorType::kValidation);
  });
}

TEST(Stream, AnIdleStreamDoesNotRoll) {
  with_streams({.shard_us = 60'000'000}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    io::sleep_ns(kHourNs);
    EXPECT_EQ(shards_of(database, arn_of(database, "Tab")).size(), 1u);
    put(database, "Tab", "k", "v");
    io::sleep_ns(kHourNs);
    EXPECT_EQ(shards_of(database, arn_of(database, "Tab")).size(), 2u);
  });
}

TEST(Stream, RecordsAreReadableForADayAndThenGone) {
  with_streams({}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    std::vector<std::string> written;
    std::string first_number;
    for (int hour = 0; hour < 30; ++hour) {
      written.push_back(std::to_string(hour));
      put(database, "Tab", "k", written.back());
      if (hour == 0) {
        std::string problem;
        first_number = read_stream(database, arn, &problem).at(0).sequence_number;
      }
      io::sleep_ns(kHourNs);
    }
    // The record of hour h was written h hours after the first: at 30 hours those of the hours 7 to 29 are younger than a day, that of
    // hour 6 is a little older.
    const std::vector<std::string> kept(written.begin() + 7, written.end());
    EXPECT_EQ(read_values(database, arn), kept);
    const auto shards = shards_of(database, arn);
    EXPECT_LE(shards.size(), 8u);
    EXPECT_TRUE(shards.front().parent_id.has_value()) << "the first shard is gone, its child still names it";
    const auto gone =
        database->get_shard_iterator({arn, *shards.front().parent_id, ShardIteratorType::kTrimHorizon, {}});
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().type, ErrorType::kResourceNotFound);
    // Within the oldest shard there are records that are too old.
    const auto old =
        database->get_shard_iterator({arn, shards.front().id, ShardIteratorType::kAtSequenceNumber,
                                      shards.front().starting_sequence_number});
    ASSERT_FALSE(old.ok());
    EXPECT_EQ(old.error().type, ErrorType::kTrimmedDataAccess);
    // The segments of trimmed shards are dropped whole.
    size_t segments = 0;
    for (const auto& keyspace : database->store().keyspaces()) {
      segments += keyspace.name.starts_with(dynamo::kSegmentPrefix);
    }
    EXPECT_EQ(segments, shards.size());
  });
}

TEST(Stream, ReadersThatLagBehindTheTrimAreTold) {
  with_streams({.shard_us = 4'000'000, .retention_us = 10'000'000}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    put(database, "Tab", "k", "1");
    put(database, "Tab", "k", "2");
    put(database, "Tab", "k", "3");
    const std::string shard = shards_of(database, arn)[0].id;
    const auto horizon = database->get_shard_iterator({arn, shard, ShardIteratorType::kTrimHorizon, {}});
    ASSERT_TRUE(horizon.ok());
    const auto one = database->get_records({*horizon, 1});
    ASSERT_TRUE(one.ok());
    io::sleep_ns(60 * kSecondNs);
    put(database, "Tab", "k", "4");
    // One that has begun misses records; one that stands at the horizon does not, wherever that is.
    const auto lagging = database->get_records({*one->next_shard_iterator, {}});
    ASSERT_FALSE(lagging.ok());
    EXPECT_EQ(lagging.error().type, ErrorType::kTrimmedDataAccess);
    EXPECT_EQ(lagging.error().name(), "TrimmedDataAccessException");
    const auto at_horizon = database->get_records({*horizon, {}});
    ASSERT_TRUE(at_horizon.ok()) << at_horizon.error().message;
    EXPECT_TRUE(at_horizon->records.empty());
    EXPECT_FALSE(at_horizon->next_shard_iterator.has_value());
    EXPECT_EQ(read_values(database, arn), std::vector<std::string>{"4"});
  });
}

TEST(Stream, IteratorsExpireAfterAQuarterOfAnHour) {
  with_streams({}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    const auto iterator =
        database->get_shard_iterator({arn, shards_of(database, arn)[0].id, ShardIteratorType::kLatest, {}});
    ASSERT_TRUE(iterator.ok());
    io::sleep_ns(14 * 60 * kSecondNs);
    EXPECT_TRUE(database->get_records({*iterator, {}}).ok());
    io::sleep_ns(61 * kSecondNs);
    const auto late = database->get_records({*iterator, {}});
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().name(), "ExpiredIteratorException");
  });
}

TEST(Stream, ADisabledStreamIsReadableForADay) {
  with_streams({}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    put(database, "Tab", "k", "1");
    UpdateTableRequest disable;
    disable.table = "Tab";
    disable.stream = StreamSpecification{};
    ASSERT_TRUE(database->update_table(disable).ok());
    io::sleep_ns(23 * kHourNs);
    EXPECT_EQ(read_values(database, arn), std::vector<std::string>{"1"});
    io::sleep_ns(kHourNs + 60 * kSecondNs);
    const auto gone = database->describe_stream({arn, {}, {}, {}});
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().type, ErrorType::kResourceNotFound);
    EXPECT_TRUE(database->list_streams({})->streams.empty());
  });
}

TEST(Stream, NothingIsTrimmedWhileTheClocksDisagree) {
  with_streams({}, [](Database* database, io::Simulation* simulation) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    put(database, "Tab", "k", "1");
    io::sleep_ns(5 * kHourNs);  // the shard has rolled
    simulation->jump_wall_clock_us(48ll * 3600 * 1'000'000);
    io::sleep_ns(10 * kSecondNs);
    simulation->jump_wall_clock_us(-48ll * 3600 * 1'000'000);
    io::sleep_ns(10 * kSecondNs);
    EXPECT_EQ(read_values(database, arn), std::vector<std::string>{"1"});
    // Once they agree again, the time that they agree on counts.
    simulation->jump_wall_clock_us(48ll * 3600 * 1'000'000);
    io::sleep_ns(120 * kSecondNs);
    EXPECT_TRUE(read_values(database, arn).empty());
  });
}

// Writers that never pause, a reader that follows the stream through many rolls meanwhile: each change once, in order.
TEST(Stream, AFollowerSeesEveryChangeOnceWhileShardsRoll) {
  with_streams({.shard_us = 2'000}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    const std::string arn = arn_of(database, "Tab");
    constexpr int kWrites = 400;
    bool done = false;
    std::vector<io::Thread> writers;
    for (int w = 0; w < 3; ++w) {
      writers.emplace_back("writer", [&, w] {
        for (int i = 0; i < kWrites; ++i) {
          put(database, "Tab", std::to_string(w) + "." + std::to_string(i % 7), std::to_string(i));
          io::sleep_ns(100'000);
        }
      });
    }
    std::vector<ChangeRecord> seen;
    size_t shards_seen = 0;
    io::Thread follower("follower", [&] {
      std::string shard = shards_of(database, arn)[0].id;
      while (true) {
        ++shards_seen;
        std::optional<std::string> next =
            *database->get_shard_iterator({arn, shard, ShardIteratorType::kTrimHorizon, {}});
        while (next) {
          const bool last_look = done;
          auto got = database->get_records({*next, 10});
          ASSERT_TRUE(got.ok()) << got.error().message;
          for (ChangeRecord& record : got->records) seen.push_back(std::move(record));
          if (got->records.empty() && got->next_shard_iterator) {
            if (last_look) return;
            io::sleep_ns(50'000);
          }
          next = got->next_shard_iterator;
        }
        const auto child = database->describe_stream({arn, {}, {}, shard});
        ASSERT_TRUE(child.ok());
        ASSERT_EQ(child->shards.size(), 1u);
        shard = child->shards[0].id;
      }
    });
    for (io::Thread& writer : writers) writer.join();
    done = true;
    follower.join();
    EXPECT_EQ(seen.size(), 3u * kWrites);
    EXPECT_GT(shards_seen, 5u);
    std::set<std::string> ids;
    for (const ChangeRecord& record : seen) ids.insert(record.event_id);
    EXPECT_EQ(ids.size(), seen.size());
    std::string problem;
    const index::KeySchema schema{{"pk", AttributeType::kString}, {}};
    EXPECT_EQ(replay(seen, &problem), scan_table(database, "Tab", schema));
    EXPECT_EQ(problem, "");
  });
}

TEST(Stream, ARecordTellsTheWholeSecondOfItsCommit) {
  with_streams({}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    while (io::wall_us() / 1000 % 1000 < 500) io::sleep_ns(kSecondNs / 10);
    put(database, "Tab", "a", "1");
    const std::string arn = arn_of(database, "Tab");
    const auto iterator = database->get_shard_iterator(
        {arn, shards_of(database, arn)[0].id, ShardIteratorType::kTrimHorizon, {}});
    const auto page = database->get_records({*iterator, {}});
    ASSERT_TRUE(page.ok());
    const std::string seconds = std::to_string(page->records.front().created_us / 1'000'000);
    const std::string body = dynamo::encode_get_records(*page);
    EXPECT_NE(body.find("\"ApproximateCreationDateTime\":" + seconds + ","), std::string::npos) << body;
  });
}

TEST(Stream, PagesEndAtAMegabyte) {
  with_streams({}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab", StreamViewType::kNewImage)).ok());
    const std::string arn = arn_of(database, "Tab");
    for (int i = 0; i < 8; ++i) put(database, "Tab", std::to_string(i), std::string(300'000, 'x'));
    const auto iterator = database->get_shard_iterator(
        {arn, shards_of(database, arn)[0].id, ShardIteratorType::kTrimHorizon, {}});
    const auto page = database->get_records({*iterator, {}});
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->records.size(), 3u) << "a fourth would cross the bound";
    auto reader = ChangeReader::open(database, "Tab", ChangeReader::From::kOldest);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    EXPECT_EQ((*reader)->next(100)->size(), 4u) << "the fourth crosses the bound";
    EXPECT_EQ((*reader)->next(100)->size(), 4u);
    EXPECT_EQ(read_values(database, arn).size(), 8u);
  });
}

TEST(ChangeReader, ReadsEveryChangeOverShardsAndGoesOnAfterAPosition) {
  with_streams({.shard_us = 1'000'000}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    auto reader = ChangeReader::open(database, "Tab", ChangeReader::From::kOldest);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    const auto read = [&](ChangeReader* from) {
      const auto changes = from->next(2);
      EXPECT_TRUE(changes.ok());
      return values_of(*changes);
    };
    EXPECT_TRUE(read(reader->get()).empty());
    for (int i = 0; i < 5; ++i) {
      put(database, "Tab", "k", std::to_string(i));
      io::sleep_ns(2 * kSecondNs);
    }
    ASSERT_GT(shards_of(database, arn_of(database, "Tab")).size(), 3u);
    EXPECT_EQ(read(reader->get()), (std::vector<std::string>{"0", "1"}));
    const std::string position = (*reader)->position();
    EXPECT_EQ(read(reader->get()), (std::vector<std::string>{"2", "3"}));
    auto second = ChangeReader::resume(database, position);
    ASSERT_TRUE(second.ok()) << second.error().message;
    EXPECT_EQ(read(second->get()), (std::vector<std::string>{"2", "3"}));
    EXPECT_EQ(read(second->get()), (std::vector<std::string>{"4"}));
    EXPECT_TRUE(read(second->get()).empty());
    EXPECT_FALSE((*second)->ended());
    auto newest = ChangeReader::open(database, "Tab", ChangeReader::From::kNow);
    put(database, "Tab", "k", "5");
    EXPECT_EQ(read(newest->get()), (std::vector<std::string>{"5"}));
    ASSERT_TRUE(database->delete_table("Tab").ok());
    EXPECT_EQ(read(second->get()), (std::vector<std::string>{"5"}));
    EXPECT_TRUE((*second)->ended());
    for (const char* bad : {"", "nonsense", "a@b"})
      EXPECT_FALSE(ChangeReader::resume(database, bad).ok()) << bad;
    EXPECT_FALSE(ChangeReader::open(database, "Tab", ChangeReader::From::kNow).ok());
  });
}

TEST(ChangeReader, TellsWhenWhatComesNextIsGone) {
  with_streams({.shard_us = 4'000'000, .retention_us = 10'000'000}, [](Database* database, io::Simulation*) {
    ASSERT_TRUE(database->create_table(streamed_table("Tab")).ok());
    auto oldest = ChangeReader::open(database, "Tab", ChangeReader::From::kOldest);
    auto lagging = ChangeReader::open(database, "Tab", ChangeReader::From::kNow);
    for (int i = 0; i < 3; ++i) put(database, "Tab", "k", std::to_string(i));
    ASSERT_TRUE((*lagging)->next(1).ok());
    io::sleep_ns(60 * kSecondNs);
    put(database, "Tab", "k", "3");
    const auto missed = (*lagging)->next(10);
    ASSERT_FALSE(missed.ok());
    EXPECT_EQ(missed.error().type, ErrorType::kTrimmedDataAccess);
    const auto rest = (*oldest)->next(10);
    ASSERT_TRUE(rest.ok());
    EXPECT_EQ(values_of(*rest), std::vector<std::string>{"3"});
  });
}

// Who copies a table after its stream began, and then follows the stream, has the table: no write falls between the two.
TEST(Stream, WhatTheTableDoesNotShowWhenTheStreamHasBegunIsInTheStream) {
  const index::KeySchema schema = {{"pk", AttributeType::kString}, std::nullopt};
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    with_database(seed, [&](Database* database) {
      CreateTableRequest create = streamed_table("Tab");
      create.stream.reset();
      ASSERT_TRUE(database->create_table(create).ok());
      std::vector<io::Thread> writers;
      for (int w = 0; w < 4; ++w) {
        writers.emplace_back("writer", [database, w] {
          for (int i = 0; i < 20; ++i) put(database, "Tab", std::to_string(w * 100 + i), "v");
        });
      }
      UpdateTableRequest begin;
      begin.table = "Tab";
      io::sleep_ns(100'000);  // writes are under way
      begin.stream = StreamSpecification{true, StreamViewType::kNewAndOldImages};
      ASSERT_TRUE(database->update_table(begin).ok());
      TableContents copy = scan_table(database, "Tab", schema);
      for (io::Thread& writer : writers) writer.join();
      std::string problem;
      for (const ChangeRecord& record : read_stream(database, arn_of(database, "Tab"), &problem)) {
        copy[index::encode_item(record.keys)] = index::encode_item(*record.new_image);
      }
      ASSERT_EQ(problem, "");
      ASSERT_EQ(copy, scan_table(database, "Tab", schema)) << "seed " << seed;
    });
    if (::testing::Test::HasFatalFailure()) return;
  }
}

dynamo::Stream sample() {
  dynamo::Stream stream;
  stream.table = "Users";
  stream.table_id = "00000000-0000-4000-8000-000000000001";
  stream.label = "2026-01-31T12:34:56.789";
  stream.created_us = 1'769'862'896'789'000;
  stream.view_type = StreamViewType::kNewAndOldImages;
  stream.key_schema.partition = {"UserID", AttributeType::kString};
  stream.key_schema.sort = index::KeyAttribute{"Email", AttributeType::kNumber};
  dynamo::Shard parent{3, SequenceNumber(7), 5, SequenceNumber(300), 6, {}};
  dynamo::Shard child{4, SequenceNumber(300), 6, {}, 0, {}};
  stream.shards = {parent, child};
  return stream;
}

// The worked example of api/dynamo/FORMAT.md.
TEST(StreamEntry, IsTheExampleOfTheFormatDocument) {
  EXPECT_EQ(hex(dynamo::stream_key("Users", "2026-01-31T12:34:56.789")),
            "5573657273"
            "00"
            "323032362d30312d33315431323a33343a35362e373839");
  EXPECT_EQ(hex(dynamo::encode_stream(sample())),
            "0101"
            "055573657273"
            "2430303030303030302d303030302d343030302d383030302d303030303030303030303031"
            "17323032362d30312d33315431323a33343a35362e373839"
            "08a64351ae490600"
            "03"
            "0655736572494402"
            "05456d61696c03"
            "02"
            "0307"
            "0500000000000000"
            "01ac02"
            "0600000000000000"
            "04ac02"
            "0600000000000000"
            "00");
  const auto decoded = dynamo::decode_stream(dynamo::encode_stream(sample()));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(dynamo::encode_stream(*decoded), dynamo::encode_stream(sample()));
  EXPECT_TRUE(decoded->enabled());
  EXPECT_EQ(decoded->find_shard(2), nullptr);
  EXPECT_EQ(decoded->find_shard(4)->after, SequenceNumber(300));
  EXPECT_EQ(decoded->find_shard(5), nullptr);
}

TEST(TableEntry, KeepsStreamAndExpiry) {
  dynamo::Table table;
  table.description.name = "Users";
  table.description.id = "00000000-0000-4000-8000-000000000001";
  table.description.key_schema.partition = {"pk", AttributeType::kString};
  const std::string plain = dynamo::encode_table(table);
  table.description.latest_stream_label = "2026-01-31T12:34:56.789";
  const std::string once = dynamo::encode_table(table);
  table.description.stream_view_type = StreamViewType::kOldImage;
  table.stream = dynamo::TableStream{7, {}};
  table.expiry = dynamo::TableExpiry{"expires", 99, true, {}};
  const std::string both = dynamo::encode_table(table);
  EXPECT_FALSE(dynamo::decode_table(plain)->stream.has_value());
  const auto disabled = dynamo::decode_table(once);
  ASSERT_TRUE(disabled.ok());
  EXPECT_EQ(disabled->description.latest_stream_label, "2026-01-31T12:34:56.789");
  EXPECT_FALSE(disabled->stream.has_value());
  const auto decoded = dynamo::decode_table(both);
  ASSERT_TRUE(decoded.ok()) << decoded.status().to_string();
  EXPECT_EQ(decoded->stream->shard, 7u);
  EXPECT_EQ(decoded->description.stream_view_type, StreamViewType::kOldImage);
  EXPECT_EQ(decoded->expiry->attribute, "expires");
  EXPECT_EQ(decoded->expiry->enabled_us, 99u);
  EXPECT_TRUE(decoded->expiry->filling);
  EXPECT_EQ(dynamo::encode_table(*decoded), both);
  // Sections 6 and 7 of api/dynamo/FORMAT.md.
  EXPECT_TRUE(
      hex(both).ends_with("02"
                          "061b17323032362d30312d33315431323a33343a35362e373839"
                          "010207"
                          "0711"
                          "0765787069726573"
                          "6300000000000000"
                          "01"))
      << hex(both);
  for (size_t cut = plain.size(); cut < both.size(); ++cut) {
    EXPECT_EQ(dynamo::decode_table(Slice(both).substr(0, cut)).code(), ErrorCode::kCorruption) << cut;
  }
}

TEST(StreamEntry, DamageIsCorruption) {
  const std::string good = dynamo::encode_stream(sample());
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_EQ(dynamo::decode_stream(Slice(good).substr(0, cut)).code(), ErrorCode::kCorruption) << cut;
  }
  EXPECT_EQ(dynamo::decode_stream(good + "x").code(), ErrorCode::kCorruption);
  dynamo::Stream gap = sample();
  gap.shards[1].number = 5;
  EXPECT_EQ(dynamo::decode_stream(dynamo::encode_stream(gap)).code(), ErrorCode::kCorruption);
  dynamo::Stream hole = sample();
  hole.shards[1].after = SequenceNumber(301);
  EXPECT_EQ(dynamo::decode_stream(dynamo::encode_stream(hole)).code(), ErrorCode::kCorruption);
}

TEST(ShardIterator, ReadsBackAndNothingElseIsOne) {
  const dynamo::ShardIterator iterator{"Tab", "2026-01-31T12:34:56.789", 12, {SequenceNumber(99), 7}, true,
                                       5'000};
  const std::string text = dynamo::encode_shard_iterator(iterator);
  const auto decoded = dynamo::decode_shard_iterator(text, 6'000);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->table, "Tab");
  EXPECT_EQ(decoded->label, iterator.label);
  EXPECT_EQ(decoded->shard, 12u);
  EXPECT_EQ(decoded->position, iterator.position);
  EXPECT_TRUE(decoded->at_horizon);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string bad = text;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(dynamo::decode_shard_iterator(bad, 6'000).ok()) << i;
    EXPECT_FALSE(dynamo::decode_shard_iterator(Slice(text).substr(0, i), 6'000).ok()) << i;
  }
  const auto late = dynamo::decode_shard_iterator(text, 5'000 + dynamo::kIteratorLifetimeUs);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().type, ErrorType::kExpiredIterator);
}

}  // namespace
}  // namespace varve::api
