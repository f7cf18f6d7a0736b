// A database that is closed and opened again while requests go on.
#include "api/cli/local_database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/io/clock.h"
#include "base/io/entropy.h"
#include "base/io/thread.h"

namespace varve::api {
namespace {

class LocalDatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("varve-local-" + std::to_string(io::random_id()));
    auto opened = LocalDatabase::open(path_.string(), LocalDatabaseOptions{});
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    database_ = std::move(*opened);
    const auto created =
        call("CreateTable", R"({"TableName":"Things","BillingMode":"PAY_PER_REQUEST",)"
                            R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
                            R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
    ASSERT_EQ(created.status, 200) << created.body;
  }
  void TearDown() override {
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  HttpAnswer call(const std::string& operation, const std::string& body) {
    auto answer = database_->call("DynamoDB_20120810." + operation, body);
    EXPECT_TRUE(answer.ok());
    return *std::move(answer);
  }
  int put(const std::string& id) {
    return call("PutItem", R"({"TableName":"Things","Item":{"id":{"S":")" + id + R"("}}})").status;
  }
  bool has(const std::string& id) {
    const auto answer = call("GetItem", R"({"TableName":"Things","Key":{"id":{"S":")" + id + R"("}}})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body.find("\"Item\"") != std::string::npos;
  }

  std::filesystem::path path_;
  std::unique_ptr<LocalDatabase> database_;
};

TEST_F(LocalDatabaseTest, ReopeningUnderTrafficLosesNothingAcknowledged) {
  std::atomic<bool> stop{false};
  std::atomic<int> count{0};
  std::vector<std::set<std::string>> acknowledged(3);
  std::vector<io::Thread> writers;
  for (size_t writer = 0; writer < acknowledged.size(); ++writer) {
    writers.emplace_back("writer", [&, writer] {
      for (int i = 0; !stop; ++i) {
        const std::string id = std::to_string(writer) + "-" + std::to_string(i);
        const int status = put(id);
        if (status == 200) {
          acknowledged[writer].insert(id);
          ++count;
        } else {
          EXPECT_EQ(status, 503);
          io::sleep_ns(1'000'000);
        }
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    // Some writes between any two reopenings, however busy the machine.
    for (const int before = count; count < before + 10;) io::sleep_ns(1'000'000);
    ASSERT_TRUE(database_->reopen().ok());
    EXPECT_TRUE(database_->health().ok());
  }
  stop = true;
  writers.clear();
  for (const auto& ids : acknowledged) {
    for (const std::string& id : ids) ASSERT_TRUE(has(id)) << id;
  }
}

TEST_F(LocalDatabaseTest, WithoutAStoreRequestsAreAskedToComeAgain) {
  ASSERT_TRUE(database_->close().ok());
  EXPECT_EQ(put("x"), 503);
  EXPECT_EQ(database_->health().code(), ErrorCode::kClosed);
  EXPECT_TRUE(database_->close().ok());
  ASSERT_TRUE(database_->reopen().ok());
  EXPECT_EQ(put("x"), 200);
}

TEST_F(LocalDatabaseTest, SecondHolderOfADirectoryIsRefused) {
  const auto second = LocalDatabase::open(path_.string(), LocalDatabaseOptions{});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), ErrorCode::kBusy);
  EXPECT_NE(second.status().message().find(path_.string()), std::string::npos);
}

TEST_F(LocalDatabaseTest, SpaceProbeLeavesNothingBehind) {
  ASSERT_TRUE(database_->probe_space().ok());
  EXPECT_FALSE(std::filesystem::exists(path_ / "SPACE-PROBE"));
}

}  // namespace
}  // namespace varve::api
