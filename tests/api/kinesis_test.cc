// Kinesis destinations: every change of a table in its file, whatever happens on the way.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/catalog.h"
#include "api/dynamo/context.h"
#include "api/dynamo/kinesis_queues.h"
#include "api/json/document.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/api/test_database.h"
#include "tests/support/hex.h"
#include "tests/support/scale.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr char kArn[] = R"("StreamArn":"arn:aws:kinesis:us-east-1:000000000000:stream/s")";

DatabaseOptions options_with(io::Driver* driver, uint64_t file_bytes) {
  DatabaseOptions options = small_options(driver);
  options.streams.kinesis_file_bytes = file_bytes;
  options.streams.shard_us = 20'000;  // so that housekeeping looks every 5 ms
  return options;
}

// A database with its disk, opened again as often as a test likes.
struct Fixture {
  explicit Fixture(io::SimulatedDisk* disk, uint64_t limit_bytes = 1u << 20)
      : driver(disk), file_bytes(limit_bytes) {
    open();
  }
  ~Fixture() { close(); }
  void open() {
    auto opened = Database::open("db", options_with(&driver, file_bytes));
    CHECK(opened.ok());
    database = *std::move(opened);
    dispatcher = std::make_unique<dynamo::Dispatcher>(database.get());
  }
  void close() {
    if (database == nullptr) return;
    dispatcher.reset();
    CHECK(database->close().ok());
    database.reset();
  }
  void reopen() {
    close();
    open();
  }

  void create(const std::string& name = "Tab") {
    CreateTableRequest request;
    request.table = name;
    request.attribute_definitions = {{"pk", AttributeType::kString}};
    request.key_schema = {{"pk", KeyType::kHash}};
    request.billing_mode = BillingMode::kPayPerRequest;
    const auto created = database->create_table(request);
    CHECK(created.ok());
    id = created->id;
  }
  int kinesis(const std::string& operation, const std::string& more = "") {
    const std::string body = std::string(R"({"TableName":"Tab",)") + kArn + more + "}";
    return call(dispatcher.get(), operation + "KinesisStreamingDestination", body).status;
  }
  std::string status() {
    const std::string body =
        call(dispatcher.get(), "DescribeKinesisStreamingDestination", R"({"TableName":"Tab"})").body;
    for (const char* name : {"DISABLING", "DISABLED", "ACTIVE"}) {
      if (body.find(std::string("\"") + name + "\"") != std::string::npos) return name;
    }
    return "none";
  }
  void put(int value, const std::string& key = "k") {
    PutItemRequest request;
    request.table = "Tab";
    request.item = {{"pk", AttributeValue::string(key)}, {"v", AttributeValue::number(index::Number(value))}};
    const auto done = database->put_item(request);
    CHECK(done.ok());
  }
  std::string path() const { return "db/kinesis/" + id + ".jsonl"; }
  std::string text_of(const std::string& file) {
    if (!*driver.exists(file)) return "";
    return *io::read_file(&driver, file, 1u << 30);
  }

  io::SimulatedDriver driver;
  const uint64_t file_bytes;
  std::unique_ptr<Database> database;
  std::unique_ptr<dynamo::Dispatcher> dispatcher;
  std::string id;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    if (end == std::string::npos) {
      lines.back() += " (torn)";
      break;
    }
    at = end + 1;
  }
  return lines;
}

// The new images' values; -1 for a removal, -2 for what is no record.
std::vector<int> values_of(const std::string& text) {
  std::vector<int> values;
  for (const std::string& line : lines_of(text)) {
    json::Document document;
    const auto root = document.parse(line);
    Slice number, event;
    if (!root.ok() || (*root)["eventName"].get(event) != simdjson::SUCCESS) {
      values.push_back(-2);
    } else if ((*root)["dynamodb"]["NewImage"]["v"]["N"].get(number) == simdjson::SUCCESS) {
      values.push_back(std::stoi(std::string(number)));
    } else {
      values.push_back(event == "REMOVE" ? -1 : -2);
    }
  }
  return values;
}

std::vector<int> numbers(int from, int to) {
  std::vector<int> values;
  for (int i = from; i < to; ++i) values.push_back(i);
  return values;
}

void simulate(const std::function<void(io::SimulatedDisk*)>& body) {
  io::SimulatedDisk disk;
  io::Simulation simulation(7);
  simulation.run([&] { body(&disk); });
}

TEST(Kinesis, EveryChangeIsALineOfItsFileWithoutAStream) {
  simulate([](io::SimulatedDisk* disk) {
    Fixture fixture(disk);
    fixture.create();
    fixture.put(0);
    EXPECT_EQ(fixture.kinesis("Enable"), 200);
    fixture.put(1);
    fixture.put(1);  // changes nothing
    fixture.put(2);
    DeleteItemRequest remove;
    remove.table = "Tab";
    remove.key = {{"pk", AttributeValue::string("k")}};
    ASSERT_TRUE(fixture.database->delete_item(remove).ok());
    EXPECT_FALSE(fixture.database->describe_table("Tab")->stream_view_type.has_value());
    io::sleep_ns(kSecondNs);
    const std::string text = fixture.text_of(fixture.path());
    EXPECT_EQ(values_of(text), (std::vector<int>{1, 2, -1}));
    json::Document document;
    const std::string first = lines_of(text).at(0);
    const auto root = document.parse(first);
    ASSERT_TRUE(root.ok());
    Slice id;
    int64_t created = 0, bytes = 0;
    ASSERT_EQ((*root)["eventID"].get(id), simdjson::SUCCESS);
    ASSERT_EQ((*root)["dynamodb"]["ApproximateCreationDateTime"].get(created), simdjson::SUCCESS);
    ASSERT_EQ((*root)["dynamodb"]["SizeBytes"].get(bytes), simdjson::SUCCESS);
    EXPECT_EQ(
        first,
        R"({"awsRegion":"us-east-1","eventID":")" + std::string(id) +
            R"(","eventName":"MODIFY","userIdentity":null,"recordFormat":"application/json","tableName":"Tab",)"
            R"("dynamodb":{"ApproximateCreationDateTime":)" +
            std::to_string(created) +
            R"(,"Keys":{"pk":{"S":"k"}},"NewImage":{"pk":{"S":"k"},"v":{"N":"1"}},)"
            R"("OldImage":{"pk":{"S":"k"},"v":{"N":"0"}},"SizeBytes":)" +
            std::to_string(bytes) +
            R"(,"ApproximateCreationDateTimePrecision":"MILLISECOND"},"eventSource":"aws:dynamodb"})");
    EXPECT_LT(static_cast<uint64_t>(created), io::wall_us() / 1000 + 1);
    EXPECT_GT(static_cast<uint64_t>(created), io::wall_us() / 1000 - 10'000);
    EXPECT_EQ(fixture.kinesis("Update", R"(,"UpdateKinesisStreamingConfiguration":)"
                                        R"({"ApproximateCreationDateTimePrecision":"MICROSECOND"})"),
              200);
    fixture.put(3);
    io::sleep_ns(kSecondNs);
    const std::string last = lines_of(fixture.text_of(fixture.path())).back();
    const auto precise = document.parse(last);
    ASSERT_TRUE(precise.ok());
    ASSERT_EQ((*precise)["dynamodb"]["ApproximateCreationDateTime"].get(created), simdjson::SUCCESS);
    EXPECT_GT(static_cast<uint64_t>(created), io::wall_us() - 10'000'000);
    // What is delivered takes no room.
    const auto found = fixture.database->context().catalog->find("Tab");
    const auto queue =
        fixture.database->store().iterate(found->destination->queue, {}, partition::ReadPoint::visible());
    (*queue)->seek_to_first();
    EXPECT_FALSE((*queue)->valid());
  });
}

TEST(Kinesis, DisablingDeliversWhatThereIsAndEnablingGoesOnInTheSameFile) {
  simulate([](io::SimulatedDisk* disk) {
    Fixture fixture(disk);
    fixture.create();
    EXPECT_EQ(fixture.status(), "none");
    ASSERT_EQ(fixture.kinesis("Enable"), 200);
    EXPECT_EQ(fixture.status(), "ACTIVE");
    for (int i = 0; i < 50; ++i) fixture.put(i);
    ASSERT_EQ(fixture.kinesis("Disable"), 200);
    fixture.put(50);
    const std::string begun = fixture.status();
    EXPECT_TRUE(begun == "DISABLING" || begun == "DISABLED") << begun;
    fixture.reopen();
    io::sleep_ns(kSecondNs);
    EXPECT_EQ(fixture.status(), "DISABLED");
    EXPECT_EQ(values_of(fixture.text_of(fixture.path())), numbers(0, 50));
    ASSERT_EQ(fixture.kinesis("Enable"), 200);
    fixture.put(51);
    io::sleep_ns(kSecondNs);
    std::vector<int> expected = numbers(0, 50);
    expected.push_back(51);
    EXPECT_EQ(values_of(fixture.text_of(fixture.path())), expected);
    // A deleted table's last changes are delivered; its queue goes.
    fixture.put(52);
    expected.push_back(52);
    ASSERT_TRUE(fixture.database->delete_table("Tab").ok());
    fixture.reopen();
    io::sleep_ns(kSecondNs);
    EXPECT_EQ(values_of(fixture.text_of(fixture.path())), expected);
    for (const auto& keyspace : fixture.database->store().keyspaces()) {
      EXPECT_FALSE(keyspace.name.starts_with(dynamo::kKinesisPrefix)) << keyspace.name;
    }
    // A table of the same name has a file of its own.
    const std::string before = fixture.id;
    fixture.create();
    EXPECT_NE(fixture.id, before);
    EXPECT_EQ(fixture.status(), "none");
  });
}

TEST(Kinesis, ALargeFileIsSetAsideInPlaceOfTheOneBefore) {
  simulate([](io::SimulatedDisk* disk) {
    Fixture fixture(disk, 4000);
    fixture.create();
    ASSERT_EQ(fixture.kinesis("Enable"), 200);
    for (int i = 0; i < 100; ++i) {
      fixture.put(i);
      if (i % 5 == 4) io::sleep_ns(kSecondNs);
    }
    const std::string older = fixture.text_of(fixture.path() + ".1");
    const std::string newer = fixture.text_of(fixture.path());
    EXPECT_GE(older.size(), 4000u);
    EXPECT_LT(older.size() + newer.size(), 14'000u);
    const std::vector<int> kept = values_of(older + newer);
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept, numbers(kept.front(), 100));
    EXPECT_EQ(fixture.driver.list("db/kinesis")->size(), 2u);
  });
}

TEST(Kinesis, AFileThatSomebodyCutOrTookAwayIsGoneOnWith) {
  simulate([](io::SimulatedDisk* disk) {
    Fixture fixture(disk);
    fixture.create();
    ASSERT_EQ(fixture.kinesis("Enable"), 200);
    fixture.put(0);
    io::sleep_ns(kSecondNs);
    fixture.close();
    {
      auto file = fixture.driver.open(fixture.path(), io::OpenMode::kReadWrite, io::Caching::kBuffered);
      ASSERT_TRUE((*file)->truncate(10).ok());
    }
    fixture.open();
    fixture.put(1);
    io::sleep_ns(kSecondNs);
    EXPECT_EQ(values_of(fixture.text_of(fixture.path())), (std::vector<int>{-2, 1}));
    fixture.close();
    ASSERT_TRUE(fixture.driver.remove(fixture.path()).ok());
    fixture.open();
    fixture.put(2);
    io::sleep_ns(kSecondNs);
    EXPECT_EQ(values_of(fixture.text_of(fixture.path())), (std::vector<int>{2}));
  });
}

// The power is cut at events of a history with writes, deliveries and files that are set aside. On each image the files come to hold every
// acknowledged change from the oldest kept on, in order, once, in whole lines.
TEST(Kinesis, APowerCutLosesAndTearsNothing) {
  constexpr int kWrites = 60;
  constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kPrefix,
                                        io::CrashStyle::kTearLast, io::CrashStyle::kLoseAll};
  const uint64_t seeds = scaled(8);
  uint64_t images = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    struct Cut {
      io::SimulatedDisk disk;
      int acknowledged;
    };
    const uint64_t limit_bytes = seed % 2 == 0 ? 3000 : 1u << 20;
    Random random(seed * 7919);
    std::vector<Cut> cuts;
    int acknowledged = 0;
    bool cutting = false;
    std::string id;
    io::SimulatedDisk disk;
    io::Simulation simulation(seed);
    simulation.run([&] {
      Fixture fixture(&disk, limit_bytes);
      fixture.driver.set_observer([&](const io::IoEventInfo& event) {
        const bool changes = event.event != io::IoEvent::kRead && event.event != io::IoEvent::kOpen &&
                             event.event != io::IoEvent::kList;
        if (cutting && changes && cuts.size() < 30 && random.one_in(6)) {
          cuts.push_back(
              {disk.crash_image(kStyles[random.below(std::size(kStyles))], &random), acknowledged});
        }
      });
      fixture.create();
      id = fixture.id;
      CHECK(fixture.kinesis("Enable") == 200);
      cutting = true;
      for (int i = 0; i < kWrites; ++i) {
        fixture.put(i);
        ++acknowledged;
        io::sleep_ns(random.below(4'000'000));
      }
      cutting = false;
    });
    for (size_t i = 0; i < cuts.size(); ++i) {
      std::string text;
      io::Simulation second(seed * 1000 + i);
      second.run([&] {
        Fixture fixture(&cuts[i].disk, limit_bytes);
        fixture.id = id;
        io::sleep_ns(kSecondNs);
        text = fixture.text_of(fixture.path() + ".1") + fixture.text_of(fixture.path());
      });
      const std::string where = "VARVE_SEED=" + std::to_string(seed) + ", image " + std::to_string(i);
      const std::vector<int> values = values_of(text);
      if (!values.empty()) {
        EXPECT_EQ(values, numbers(values.front(), values.front() + static_cast<int>(values.size()))) << where;
      }
      if (limit_bytes > 3000 && !values.empty()) {
        EXPECT_EQ(values.front(), 0) << where;
      }
      EXPECT_GE(values.empty() ? 0 : values.back() + 1, cuts[i].acknowledged) << where;
      ++images;
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(images, 10 * seeds);
  std::printf("%llu images from seed %llu\n", static_cast<unsigned long long>(images),
              static_cast<unsigned long long>(first_seed()));
}

// Writers that never pause while a destination is switched on and off: what is written between two switches that were answered is in the
// file, or not, as they say.
TEST(Kinesis, SwitchingWhileWritersWrite) {
  simulate([](io::SimulatedDisk* disk) {
    Fixture fixture(disk);
    fixture.create();
    bool done = false;
    int written = 0;
    io::Thread writer("writer", [&] {
      while (!done) {
        fixture.put(written);
        ++written;  // only now: it is answered
        io::sleep_ns(100'000);
      }
    });
    std::vector<int> must;
    for (int round = 0; round < 5; ++round) {
      ASSERT_EQ(fixture.kinesis("Enable"), 200);
      const int from = written + 1;
      io::sleep_ns(20'000'000);
      const int to = written;
      ASSERT_EQ(fixture.kinesis("Disable"), 200);
      for (int i = from; i < to; ++i) must.push_back(i);
      while (fixture.status() != "DISABLED") io::sleep_ns(1'000'000);
    }
    done = true;
    writer.join();
    const std::vector<int> values = values_of(fixture.text_of(fixture.path()));
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    EXPECT_TRUE(std::includes(values.begin(), values.end(), must.begin(), must.end()));
    EXPECT_EQ(std::adjacent_find(values.begin(), values.end()), values.end());
    EXPECT_GT(must.size(), 100u);
  });
}

dynamo::KinesisQueue sample() {
  dynamo::KinesisQueue queue;
  queue.table = "Users";
  queue.table_id = "00000000-0000-4000-8000-000000000001";
  queue.enabled_us = 7;
  queue.key_schema.partition = {"pk", AttributeType::kString};
  queue.key_schema.sort = index::KeyAttribute{"sk", AttributeType::kNumber};
  queue.microseconds = true;
  queue.next = {SequenceNumber(300), 2};
  return queue;
}

TEST(KinesisQueueEntry, IsTheExampleOfTheFormatDocument) {
  const std::string encoded = dynamo::encode_kinesis_queue(sample());
  EXPECT_EQ(hex(encoded),
            "0103"
            "055573657273"
            "2430303030303030302d303030302d343030302d383030302d303030303030303030303031"
            "0700000000000000"
            "02706b02"
            "02736b03"
            "2c01000000000000"
            "02000000");
  EXPECT_EQ(dynamo::kinesis_queue_name(sample().table_id, 7),
            "kinesis/00000000-0000-4000-8000-000000000001/7");
  const auto decoded = dynamo::decode_kinesis_queue(encoded);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(dynamo::encode_kinesis_queue(*decoded), encoded);
  for (size_t cut = 0; cut < encoded.size(); ++cut) {
    EXPECT_EQ(dynamo::decode_kinesis_queue(Slice(encoded).substr(0, cut)).code(), ErrorCode::kCorruption)
        << cut;
  }
  EXPECT_EQ(dynamo::decode_kinesis_queue(encoded + "x").code(), ErrorCode::kCorruption);
  std::string flags = encoded;
  flags[1] = 8;
  EXPECT_EQ(dynamo::decode_kinesis_queue(flags).code(), ErrorCode::kCorruption);
}

TEST(TableEntry, KeepsItsKinesisDestination) {
  dynamo::Table table;
  table.description.name = "Users";
  table.description.id = "00000000-0000-4000-8000-000000000001";
  table.description.key_schema.partition = {"pk", AttributeType::kString};
  const std::string plain = dynamo::encode_table(table);
  table.destination = dynamo::TableDestination{"arn", 9, true, true, {}};
  const std::string encoded = dynamo::encode_table(table);
  // Section 8 of api/dynamo/FORMAT.md.
  EXPECT_TRUE(
      hex(encoded).ends_with("01"
                             "080d"
                             "0361726e"
                             "0900000000000000"
                             "03"))
      << hex(encoded);
  const auto decoded = dynamo::decode_table(encoded);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(dynamo::encode_table(*decoded), encoded);
  EXPECT_TRUE(decoded->destination->active && decoded->destination->microseconds);
  for (size_t cut = plain.size(); cut < encoded.size(); ++cut) {
    EXPECT_EQ(dynamo::decode_table(Slice(encoded).substr(0, cut)).code(), ErrorCode::kCorruption) << cut;
  }
}

}  // namespace
}  // namespace varve::api
