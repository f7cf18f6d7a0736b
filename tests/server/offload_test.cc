#include "api/server/offload.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

namespace varve::api {
namespace {

TEST(Offload, SingleItemOperationsStayOnTheCallersThread) {
  for (const Slice target :
       {"DynamoDB_20120810.GetItem", "DynamoDB_20120810.PutItem", "DynamoDB_20120810.UpdateItem",
        "DynamoDB_20120810.DeleteItem", "", "nonsense"}) {
    EXPECT_FALSE(may_take_long(target)) << target;
  }
  for (const Slice target : {"DynamoDB_20120810.Query", "DynamoDB_20120810.BatchGetItem",
                             "DynamoDB_20120810.Scan", "DynamoDB_20120810.TransactWriteItems",
                             "DynamoDB_20120810.ExecuteStatement", "DynamoDBStreams_20120810.GetRecords"}) {
    EXPECT_TRUE(may_take_long(target)) << target;
  }
}

TEST(Offload, QuickRequestsAreAnsweredWhileSlowOnesBlockEveryThread) {
  io::Mutex gate;
  gate.lock();
  std::atomic<int> slow_answers{0};
  {
    Offload offload(2, [&](Slice target, Slice, const Server::Done& done) {
      if (may_take_long(target)) {
        gate.lock();
        gate.unlock();
      }
      done({});
    });
    for (int i = 0; i < 5; ++i)
      offload.handle("D.Scan", "x", [&](const dynamo::Response&) { ++slow_answers; });
    bool quick = false;
    offload.handle("D.GetItem", "x", [&](const dynamo::Response&) { quick = true; });
    EXPECT_TRUE(quick);
    EXPECT_EQ(slow_answers, 0);
    gate.unlock();
  }
  EXPECT_EQ(slow_answers, 5) << "the destructor finishes what is queued";
}

TEST(Offload, QueuedRequestsOwnTheirBytes) {
  std::string seen;
  {
    Offload offload(1, [&](Slice target, Slice body, const Server::Done& done) {
      seen = std::string(target) + " " + std::string(body);
      done({});
    });
    auto target = std::make_unique<std::string>("D.Query.with.a.long.target.name.beyond.any.small.buffer");
    auto body = std::make_unique<std::string>(100, 'b');
    offload.handle(*target, *body, [](const dynamo::Response&) {});
  }
  EXPECT_EQ(seen, "D.Query.with.a.long.target.name.beyond.any.small.buffer " + std::string(100, 'b'));
}

}  // namespace
}  // namespace varve::api
