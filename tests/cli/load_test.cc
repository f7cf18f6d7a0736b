// The loader against a server played by the test.
#include "api/cli/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "api/cli/progress.h"

namespace varve::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kActive =
    R"({"Table":{"TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"Section","KeyType":"HASH"},)"
    R"({"AttributeName":"Package","KeyType":"RANGE"}]}})";

HttpAnswer refusal(const std::string& type, int status = 400) {
  return {status, R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + type + R"(","message":"no \"way\""})"};
}

class LoaderTest : public ::testing::Test {
 protected:
  Transport transport() {
    return [this](Slice target, Slice body) -> Result<HttpAnswer> {
      requests_.emplace_back(target.substr(target.find('.') + 1), body);
      if (answers_.empty()) return HttpAnswer{200, "{}"};
      auto answer = answers_.front();
      answers_.pop_front();
      return answer;
    };
  }
  Status load(const std::string& text, LoadOptions options = {}) {
    options.table = "T";
    options.max_attempts = 3;
    loader_ = std::make_unique<Loader>(transport(), options);
    Deb822Reader reader([rest = Slice(text)](MutableSlice out) mutable -> Result<size_t> {
      const size_t count = std::min(out.size(), rest.size());
      std::memcpy(out.data(), rest.data(), count);
      rest.remove_prefix(count);
      return count;
    });
    return loader_->run(
        &reader,
        [this](const std::vector<Loader::Acknowledged>& batch) {
          for (const auto& record : batch)
            acknowledged_.push_back(record.partition_value + "/" + record.sort_value);
          return Status();
        },
        [] { return true; });
  }
  static std::string records(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "Section: s\nPackage: p" + std::to_string(i) + "\n\n";
    return text;
  }

  std::deque<Result<HttpAnswer>> answers_;
  std::vector<std::pair<std::string, std::string>> requests_;
  std::vector<std::string> acknowledged_;
  std::unique_ptr<Loader> loader_;
};

TEST_F(LoaderTest, RecordsGoInBatchesOfTwentyFive) {
  ASSERT_TRUE(load(records(60)).ok());
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_EQ(requests_[0].first, "BatchWriteItem");
  EXPECT_THAT(requests_[0].second,
              HasSubstr(R"({"RequestItems":{"T":[{"PutRequest":{"Item":{"Section":{"S":"s"},)"
                        R"("Package":{"S":"p0"}}}},{"PutRequest")"));
  EXPECT_EQ(acknowledged_.size(), 60u);
  EXPECT_EQ(loader_->progress().records, 60u);
  EXPECT_EQ(loader_->progress().batches, 3u);
}

TEST_F(LoaderTest, ControlCharactersAndQuotesAreEscaped) {
  ASSERT_TRUE(load("Section: s\nPackage: a\"b\\c\x01\n d\n").ok());
  EXPECT_THAT(requests_[0].second, HasSubstr(R"("a\"b\\c\u0001\n d")"));
}

TEST_F(LoaderTest, UnprocessedItemsAreSentAgainBeforeTheBatchIsAcknowledged) {
  answers_.push_back(
      HttpAnswer{200, R"({"UnprocessedItems":{"T":[{"PutRequest":{"Item":{"Package":{"S":"p1"}}}}]}})"});
  ASSERT_TRUE(load(records(2)).ok());
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[1].second,
            R"({"RequestItems":{"T":[{"PutRequest":{"Item":{"Package":{"S":"p1"}}}}]}})");
  EXPECT_EQ(acknowledged_.size(), 2u);
}

TEST_F(LoaderTest, LostConnectionsAndThrottlesAreRetried) {
  answers_.push_back(Status::io_error("connection refused"));
  answers_.push_back(refusal("ProvisionedThroughputExceededException"));
  ASSERT_TRUE(load(records(2)).ok());
  EXPECT_EQ(requests_.size(), 3u);
  EXPECT_EQ(requests_[0], requests_[2]);
  EXPECT_EQ(loader_->progress().retries, 2u);
}

TEST_F(LoaderTest, RefusalsThatNoRetryHelpsAreReportedWithTheirRecords) {
  answers_.push_back(HttpAnswer{200, "{}"});
  answers_.push_back(refusal("ValidationException"));
  const Status status = load(records(30));
  EXPECT_THAT(status.message(),
              HasSubstr("records 26 to 30: BatchWriteItem: ValidationException: no \"way\""));
  EXPECT_EQ(acknowledged_.size(), 25u);
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(LoaderTest, AttemptsAreBounded) {
  for (int i = 0; i < 5; ++i) answers_.push_back(refusal("InternalServerError", 500));
  EXPECT_FALSE(load(records(1)).ok());
  EXPECT_EQ(requests_.size(), 3u);
  EXPECT_TRUE(acknowledged_.empty());
}

TEST_F(LoaderTest, TwoRecordsOfOneKeyInABatchBecomeOneWriteOfTheLater) {
  ASSERT_TRUE(load("Section: s\nPackage: p\nV: 1\n\nSection: s\nPackage: p\nV: 2\n").ok());
  EXPECT_THAT(requests_[0].second, HasSubstr(R"("V":{"S":"2"})"));
  EXPECT_THAT(requests_[0].second, Not(HasSubstr(R"("V":{"S":"1"})")));
  EXPECT_EQ(loader_->progress().records, 2u);
}

TEST_F(LoaderTest, RecordsWithoutTheirKeyAreCounted) {
  ASSERT_TRUE(load("Section: s\n\nPackage: p\n\nSection:\nPackage: q\n\nSection: s\nPackage: r\n").ok());
  EXPECT_EQ(loader_->progress().skipped, 3u);
  EXPECT_EQ(acknowledged_, std::vector<std::string>{"s/r"});
}

TEST_F(LoaderTest, SkippedRecordsAreNotSent) {
  LoadOptions options;
  options.skip_records = 59;
  ASSERT_TRUE(load(records(60), options).ok());
  EXPECT_EQ(acknowledged_, std::vector<std::string>{"s/p59"});
}

TEST_F(LoaderTest, MissingTableIsMadeAndAnExistingOneMustFit) {
  LoadOptions options;
  options.table = "T";
  answers_ = {refusal("ResourceNotFoundException"), HttpAnswer{200, "{}"},
              HttpAnswer{200, R"({"Table":{"TableStatus":"CREATING"}})"}, HttpAnswer{200, kActive}};
  Loader loader(transport(), options);
  EXPECT_TRUE(loader.ensure_table().ok());
  ASSERT_EQ(requests_.size(), 4u);
  EXPECT_EQ(requests_[1].first, "CreateTable");
  EXPECT_THAT(requests_[1].second, HasSubstr(R"({"AttributeName":"Package","KeyType":"RANGE"})"));

  options.sort_key = "";
  answers_ = {HttpAnswer{200, kActive}};
  Loader other(transport(), options);
  EXPECT_THAT(other.ensure_table().message(),
              HasSubstr("table T exists with the key (Section, Package), not (Section, )"));
}

TEST(Endpoint, UrlsAndAddressesAreReadStrictly) {
  EXPECT_EQ(parse_endpoint("http://localhost:8000/")->host, "localhost");
  EXPECT_EQ(parse_endpoint("http://[::1]:81")->host, "::1");
  EXPECT_EQ(parse_endpoint("http://[::1]:81")->port, 81);
  EXPECT_EQ(parse_endpoint("example")->port, 8000);
  EXPECT_EQ(parse_listen_address(":80")->host, "");
  EXPECT_EQ(parse_listen_address("0.0.0.0:0")->port, 0);
  for (const char* wrong : {"", "localhost", "a:b", "a:65536", "a:", "::1", "[::1]", "[::1]80", "[::1"}) {
    EXPECT_FALSE(parse_listen_address(wrong).ok()) << wrong;
  }
  EXPECT_EQ(parse_endpoint("https://a").code(), ErrorCode::kUnsupported);
  EXPECT_FALSE(parse_endpoint("http://").ok());
}

TEST(Progress, NumbersAreForPeople) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(12345678), "12,345,678");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(10u << 20), "10.0 MiB");
}

}  // namespace
}  // namespace varve::api
