// Tables that stay CREATING, UPDATING and DELETING for a while, as DynamoDB's do.
#include <gtest/gtest.h>

#include "base/io/clock.h"
#include "tests/api/test_database.h"

namespace varve::api {
namespace {

constexpr uint64_t kDelayUs = 5'000'000;

constexpr Slice kCreate =
    R"({"TableName":"Tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
    R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";
constexpr Slice kName = R"({"TableName":"Tab"})";
constexpr Slice kPut = R"({"TableName":"Tab","Item":{"pk":{"S":"a"}}})";
constexpr Slice kGet = R"({"TableName":"Tab","Key":{"pk":{"S":"a"}}})";
constexpr Slice kProtect = R"({"TableName":"Tab","DeletionProtectionEnabled":false})";

// A simulation in which the database can be closed and opened again.
class Lifecycle {
 public:
  Lifecycle() : driver_(&disk_) {}

  void run(const std::function<void()>& body) {
    io::Simulation simulation(1);
    simulation.run([&] {
      open();
      body();
      close();
    });
  }

  void open() {
    DatabaseOptions options = small_options(&driver_);
    options.table_delay_us = kDelayUs;
    auto database = Database::open("db", options);
    CHECK(database.ok());
    database_ = std::move(*database);
    dispatcher_ = std::make_unique<dynamo::Dispatcher>(database_.get());
  }
  void close() {
    dispatcher_.reset();
    CHECK(database_->close().ok());
    database_.reset();
  }
  void reopen() {
    close();
    open();
  }

  dynamo::Response ask(Slice operation, Slice body) { return call(dispatcher_.get(), operation, body); }
  // "CREATING", or the exception's name.
  std::string status() {
    const dynamo::Response response = ask("DescribeTable", kName);
    if (response.status != 200) return response.error_type;
    const size_t at = response.body.find("\"TableStatus\":\"") + 15;
    return response.body.substr(at, response.body.find('"', at) - at);
  }
  static void wait() { io::sleep_ns(kDelayUs * 1000); }

 private:
  io::SimulatedDisk disk_;
  io::SimulatedDriver driver_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<dynamo::Dispatcher> dispatcher_;
};

std::string in_use(const std::string& what) {
  return R"("message":"Attempt to change a resource which is still in use: Table is being )" + what +
         R"(: Tab")";
}

void expect_in_use(const dynamo::Response& response, const std::string& what) {
  EXPECT_EQ(response.error_type, "ResourceInUseException");
  EXPECT_NE(response.body.find(in_use(what)), std::string::npos) << response.body;
}

TEST(TableLifecycle, ATableThatIsBeingCreatedHasNoItemsAndCannotBeChanged) {
  Lifecycle table;
  table.run([&] {
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    EXPECT_EQ(table.status(), "CREATING");
    EXPECT_EQ(table.ask("ListTables", "{}").body, R"({"TableNames":["Tab"]})");
    EXPECT_EQ(
        table.ask("PutItem", kPut).body,
        R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"})");
    EXPECT_EQ(table.ask("GetItem", kGet).error_type, "ResourceNotFoundException");
    EXPECT_EQ(table.ask("ExecuteStatement", R"({"Statement":"SELECT * FROM Tab"})").error_type,
              "ResourceNotFoundException");
    expect_in_use(table.ask("UpdateTable", kProtect), "created");
    expect_in_use(table.ask("DeleteTable", kName), "created");
    EXPECT_EQ(table.ask("CreateTable", kCreate).error_type, "ResourceInUseException");
    Lifecycle::wait();
    EXPECT_EQ(table.status(), "ACTIVE");
    EXPECT_EQ(table.ask("PutItem", kPut).status, 200);
  });
}

TEST(TableLifecycle, SettingsWaitUntilTheTableIsThereAndEndWithIt) {
  constexpr Slice kTtl =
      R"({"TableName":"Tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})";
  constexpr Slice kArn = R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/Tab")";
  const std::string tag = std::string(kArn) + R"(,"Tags":[{"Key":"a","Value":"b"}]})";
  const std::string untag = std::string(kArn) + R"(,"TagKeys":["a"]})";
  const std::string policy = std::string(kArn) + R"(,"Policy":"{}"})";
  const std::string no_policy = std::string(kArn) + "}";
  Lifecycle table;
  const auto expect_all_in_use = [&](const std::string& what) {
    expect_in_use(table.ask("UpdateTimeToLive", kTtl), what);
    expect_in_use(table.ask("TagResource", tag), what);
    expect_in_use(table.ask("UntagResource", untag), what);
    expect_in_use(table.ask("PutResourcePolicy", policy), what);
    expect_in_use(table.ask("DeleteResourcePolicy", no_policy), what);
  };
  table.run([&] {
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    expect_all_in_use("created");
    Lifecycle::wait();
    EXPECT_EQ(table.ask("TagResource", tag).status, 200);
    EXPECT_EQ(table.ask("DeleteTable", kName).status, 200);
    expect_all_in_use("deleted");
  });
}

TEST(TableLifecycle, ATableThatIsBeingUpdatedServes) {
  Lifecycle table;
  table.run([&] {
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    Lifecycle::wait();
    EXPECT_EQ(table.ask("UpdateTable", kProtect).status, 200);
    EXPECT_EQ(table.status(), "UPDATING");
    EXPECT_EQ(table.ask("PutItem", kPut).status, 200);
    EXPECT_EQ(table.ask("GetItem", kGet).body, R"({"Item":{"pk":{"S":"a"}}})");
    expect_in_use(table.ask("UpdateTable", kProtect), "updated");
    expect_in_use(table.ask("DeleteTable", kName), "updated");
    // Tags are no change of state, and wait for none.
    EXPECT_EQ(table
                  .ask("TagResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/Tab",)"
                                      R"("Tags":[{"Key":"a","Value":"b"}]})")
                  .status,
              200);
    EXPECT_EQ(table.status(), "UPDATING");
    Lifecycle::wait();
    EXPECT_EQ(table.status(), "ACTIVE");
    EXPECT_EQ(table.ask("UpdateTable", kProtect).status, 200);
  });
}

TEST(TableLifecycle, ATableThatIsBeingDeletedIsThereWithoutItemsThenGone) {
  Lifecycle table;
  table.run([&] {
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    Lifecycle::wait();
    EXPECT_EQ(table.ask("PutItem", kPut).status, 200);
    EXPECT_EQ(table.ask("DeleteTable", kName).status, 200);
    EXPECT_EQ(table.status(), "DELETING");
    EXPECT_EQ(table.ask("ListTables", "{}").body, R"({"TableNames":["Tab"]})");
    EXPECT_EQ(table.ask("GetItem", kGet).error_type, "ResourceNotFoundException");
    EXPECT_EQ(table.ask("CreateTable", kCreate).error_type, "ResourceInUseException");
    expect_in_use(table.ask("UpdateTable", kProtect), "deleted");
    const dynamo::Response again = table.ask("DeleteTable", kName);
    EXPECT_EQ(again.status, 200);
    EXPECT_NE(again.body.find("\"TableStatus\":\"DELETING\""), std::string::npos) << again.body;
    Lifecycle::wait();
    EXPECT_EQ(table.status(), "ResourceNotFoundException");
    EXPECT_EQ(table.ask("ListTables", "{}").body, R"({"TableNames":[]})");
    EXPECT_EQ(table.ask("DeleteTable", kName).error_type, "ResourceNotFoundException");
    // A later table of the name does not meet its items.
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    Lifecycle::wait();
    EXPECT_EQ(table.ask("GetItem", kGet).body, "{}");
  });
}

TEST(TableLifecycle, EachStateSurvivesARestartAndEndsInItsTime) {
  Lifecycle table;
  table.run([&] {
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    table.reopen();
    EXPECT_EQ(table.status(), "CREATING");
    Lifecycle::wait();
    EXPECT_EQ(table.status(), "ACTIVE");
    EXPECT_EQ(table.ask("PutItem", kPut).status, 200);
    EXPECT_EQ(table.ask("UpdateTable", kProtect).status, 200);
    table.reopen();
    EXPECT_EQ(table.status(), "UPDATING");
    EXPECT_EQ(table.ask("GetItem", kGet).body, R"({"Item":{"pk":{"S":"a"}}})");
    Lifecycle::wait();
    EXPECT_EQ(table.ask("DeleteTable", kName).status, 200);
    table.reopen();
    EXPECT_EQ(table.status(), "DELETING");
    Lifecycle::wait();
    table.reopen();
    EXPECT_EQ(table.status(), "ResourceNotFoundException");
    EXPECT_EQ(table.ask("ListTables", "{}").body, R"({"TableNames":[]})");
  });
}

TEST(TableLifecycle, AProtectedTableIsNotDeletedAndStaysActive) {
  Lifecycle table;
  table.run([&] {
    EXPECT_EQ(table.ask("CreateTable", kCreate).status, 200);
    Lifecycle::wait();
    EXPECT_EQ(table.ask("UpdateTable", R"({"TableName":"Tab","DeletionProtectionEnabled":true})").status,
              200);
    Lifecycle::wait();
    EXPECT_EQ(table.ask("DeleteTable", kName).error_type, "ValidationException");
    EXPECT_EQ(table.status(), "ACTIVE");
  });
}

// A provisioned table with 100 read units.
constexpr Slice kProvisioned =
    R"({"TableName":"Tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
    R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],)"
    R"("ProvisionedThroughput":{"ReadCapacityUnits":100,"WriteCapacityUnits":1}})";

std::string throughput(int read_units) {
  return R"({"TableName":"Tab","ProvisionedThroughput":{"ReadCapacityUnits":)" + std::to_string(read_units) +
         R"(,"WriteCapacityUnits":1}})";
}

TEST(TableLifecycle, AThroughputIsDecreasedFourTimesADayAndThenOnceAnHour) {
  constexpr uint64_t kHourNs = 3600ull * 1'000'000'000;
  Lifecycle table;
  const auto expect_decreases = [&](int count) {
    const std::string body = table.ask("DescribeTable", kName).body;
    const std::string told = "\"NumberOfDecreasesToday\":" + std::to_string(count) + ",";
    EXPECT_NE(body.find(told), std::string::npos) << body;
  };
  table.run([&] {
    // Away from midnight, when the count begins anew.
    while (io::wall_us() / 1'000'000 % 86'400 / 3600 != 8) io::sleep_ns(kHourNs);
    EXPECT_EQ(table.ask("CreateTable", kProvisioned).status, 200);
    Lifecycle::wait();
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(table.ask("UpdateTable", throughput(100 - i)).status, 200);
      Lifecycle::wait();
    }
    expect_decreases(4);
    const dynamo::Response refused = table.ask("UpdateTable", throughput(90));
    EXPECT_EQ(refused.error_type, "LimitExceededException");
    EXPECT_NE(refused.body.find("once every 3600 seconds. Number of decreases today: 4. Last decrease at "),
              std::string::npos)
        << refused.body;
    EXPECT_NE(refused.body.find(" AM UTC. Next decrease can be made at "), std::string::npos) << refused.body;
    table.reopen();
    expect_decreases(4);
    EXPECT_EQ(table.ask("UpdateTable", throughput(90)).error_type, "LimitExceededException");
    EXPECT_EQ(table.ask("UpdateTable", throughput(110)).status, 200) << "an increase";
    io::sleep_ns(kHourNs);
    EXPECT_EQ(table.ask("UpdateTable", throughput(90)).status, 200);
    Lifecycle::wait();
    expect_decreases(5);
    EXPECT_EQ(table.ask("UpdateTable", throughput(80)).error_type, "LimitExceededException");
    io::sleep_ns(24 * kHourNs);
    expect_decreases(0);
    EXPECT_EQ(table.ask("UpdateTable", throughput(80)).status, 200);
    expect_decreases(1);
  });
}

TEST(TableLifecycle, TimeToLiveIsToldWhenTheTableIsThereAndChangesOnceAnHour) {
  constexpr Slice kOn =
      R"({"TableName":"Tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})";
  constexpr Slice kOff =
      R"({"TableName":"Tab","TimeToLiveSpecification":{"Enabled":false,"AttributeName":"t"}})";
  constexpr uint64_t kHourNs = 3600ull * 1'000'000'000;
  const auto expect_too_soon = [](const dynamo::Response& response) {
    EXPECT_EQ(response.error_type, "ValidationException");
    EXPECT_NE(response.body.find("\"Time to live has been modified multiple times within a fixed interval\""),
              std::string::npos)
        << response.body;
  };
  Lifecycle table;
  table.run([&] {
    ASSERT_EQ(table.ask("CreateTable", kCreate).status, 200);
    const dynamo::Response early = table.ask("DescribeTimeToLive", kName);
    EXPECT_NE(early.body.find("Cannot describe time to live while table is in CREATING state: Current table "
                              "state is CREATING"),
              std::string::npos)
        << early.body;
    table.wait();
    EXPECT_EQ(table.ask("UpdateTimeToLive", kOn).status, 200);
    expect_too_soon(table.ask("UpdateTimeToLive", kOff));
    io::sleep_ns(kHourNs / 2);
    table.reopen();
    expect_too_soon(table.ask("UpdateTimeToLive", kOff));
    io::sleep_ns(kHourNs / 2 + 1'000'000'000);
    EXPECT_EQ(table.ask("UpdateTimeToLive", kOff).status, 200);
    expect_too_soon(table.ask("UpdateTimeToLive", kOn));
    io::sleep_ns(kHourNs + 1'000'000'000);
    EXPECT_EQ(table.ask("UpdateTimeToLive", kOn).status, 200);
  });
}

}  // namespace
}  // namespace varve::api
