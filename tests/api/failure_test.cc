// What clients are told when the store cannot go on: one clear answer for each request, nothing acknowledged that is lost.
#include <gtest/gtest.h>

#include "tests/api/test_database.h"

namespace varve::api {
namespace {

constexpr Slice kTable =
    R"({"TableName":"Tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
    R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";

std::string put(int i) { return R"({"TableName":"Tab","Item":{"pk":{"S":")" + std::to_string(i) + R"("}}})"; }
std::string get(int i) { return R"({"TableName":"Tab","Key":{"pk":{"S":")" + std::to_string(i) + R"("}}})"; }

// Runs writes until the faults have made one fail; then everything acknowledged is still read, before and after a reopen.
void acknowledged_writes_stay(io::FaultKind kind) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  int acknowledged = 0;
  bool faulty = false;  // outlives the database, which writes until it is closed
  io::Simulation simulation(9);
  simulation.run([&] {
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok());
    dynamo::Dispatcher dispatcher(database->get());
    ASSERT_EQ(call(&dispatcher, "CreateTable", kTable).status, 200);
    driver.set_faults([&](const io::IoEventInfo& event) {
      const bool writes = event.event == io::IoEvent::kWrite || event.event == io::IoEvent::kWriteDurable;
      return faulty && writes ? kind : io::FaultKind::kNone;
    });
    dynamo::Response failed;
    for (int i = 0; i < 200 && failed.error_type.empty(); ++i) {
      faulty = i == 20;
      const dynamo::Response response = call(&dispatcher, "PutItem", put(i));
      if (response.status != 200) failed = response;
      if (response.status == 200) acknowledged = i + 1;
    }
    EXPECT_EQ(failed.status, 500) << failed.body;
    EXPECT_EQ(failed.error_type, "InternalServerError");
    faulty = false;
    for (int i = 0; i < acknowledged; ++i) {
      EXPECT_NE(call(&dispatcher, "GetItem", get(i)).body, "{}") << i;
    }
    // Every later write has an answer too.
    EXPECT_EQ(call(&dispatcher, "PutItem", put(1000)).status, 500);
    EXPECT_EQ(call(&dispatcher, "CreateTable",
                   R"({"TableName":"Other","AttributeDefinitions":[{"AttributeName":"pk",)"
                   R"("AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk",)"
                   R"("KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})")
                  .status,
              500);
  });
  EXPECT_GE(acknowledged, 20);
  driver.set_faults(nullptr);
  io::Simulation second(10);
  second.run([&] {
    auto database = Database::open("db", small_options(&driver));
    ASSERT_TRUE(database.ok()) << database.status().to_string();
    dynamo::Dispatcher dispatcher(database->get());
    for (int i = 0; i < acknowledged; ++i) {
      EXPECT_NE(call(&dispatcher, "GetItem", get(i)).body, "{}") << i;
    }
  });
}

TEST(StoreFailure, AFailedLogWriteIsAnInternalServerErrorAndLosesNothingAcknowledged) {
  acknowledged_writes_stay(io::FaultKind::kEio);
}

TEST(StoreFailure, AFullDiskIsAnInternalServerErrorAndLosesNothingAcknowledged) {
  acknowledged_writes_stay(io::FaultKind::kNoSpace);
}

}  // namespace
}  // namespace varve::api
