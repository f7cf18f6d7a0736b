// Pages walked and operations with completions: what api/pager.h and api/async.h promise beyond the answers, which the cases check.
#include "api/async.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "api/build.h"
#include "api/dynamo/task_threads.h"
#include "api/pager.h"
#include "base/io/clock.h"
#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "tests/api/test_database.h"

namespace varve::api {
namespace {

using build::attribute;

void make_table(Database* database) {
  CreateTableRequest create;
  create.table = "Tab";
  create.attribute_definitions = {{"pk", index::AttributeType::kString},
                                  {"sk", index::AttributeType::kNumber}};
  create.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
  create.billing_mode = BillingMode::kPayPerRequest;
  ASSERT_TRUE(database->create_table(create).ok());
}

PutItemRequest put_of(int64_t sk) {
  PutItemRequest put;
  put.table = "Tab";
  put.item = {{"pk", AttributeValue::string("p")}, {"sk", AttributeValue::number(index::Number(sk))}};
  return put;
}

QueryRequest whole_query() {
  QueryRequest query;
  query.table = "Tab";
  query.set_key_condition(attribute("pk") == "p");
  return query;
}

void with_items(int64_t count, const std::function<void(Database*)>& body) {
  with_database(1, [&](Database* database) {
    make_table(database);
    for (int64_t i = 0; i < count; ++i) ASSERT_TRUE(database->put_item(put_of(i)).ok());
    body(database);
  });
}

template <typename Request>
std::vector<int64_t> walk(Database* database, const Request& request, int* pages_read) {
  std::vector<int64_t> keys;
  Pager pages(database, request);
  for (*pages_read = 0; pages.next(); ++*pages_read) {
    for (const index::ItemView item : pages.page().items) keys.push_back(*item.get_int64("sk"));
  }
  EXPECT_FALSE(pages.failure().has_value());
  EXPECT_FALSE(pages.next());
  return keys;
}

TEST(Pager, WalksAllPagesOnceInOrder) {
  with_items(10, [](Database* database) {
    int pages = 0;
    QueryRequest query = whole_query();
    query.limit = 3;
    EXPECT_EQ(walk(database, query, &pages), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(pages, 4);
    query.scan_index_forward = false;
    query.set_filter(attribute("sk") >= 0);  // refused: a filter may not name a key
    Pager refused(database, query);
    EXPECT_FALSE(refused.next());
    EXPECT_EQ(refused.failure()->name(), "ValidationException");
    ScanRequest scan;
    scan.table = "Tab";
    scan.limit = 4;
    scan.set_filter(attribute("sk") == 9);
    EXPECT_EQ(walk(database, scan, &pages), (std::vector<int64_t>{9}));
    EXPECT_EQ(pages, 3);
  });
}

TEST(Visitor, SeesTheItemsThatAPageHoldsAndMayStop) {
  with_items(10, [](Database* database) {
    QueryRequest query = whole_query();
    std::vector<int64_t> seen;
    const auto all = database->query(query, [&](const index::ItemView& item) {
      seen.push_back(*item.get_int64("sk"));
      return true;
    });
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(seen, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_TRUE(all->items.empty());
    EXPECT_EQ(all->count, 10u);
    EXPECT_FALSE(all->last_evaluated_key.has_value());

    query.set_projection({attribute("sk")});
    const auto some = database->query(query, [](const index::ItemView& item) {
      EXPECT_EQ(item.size(), 1u);
      return *item.get_int64("sk") < 3;
    });
    ASSERT_TRUE(some.ok());
    EXPECT_EQ(some->count, 4u);
    query.exclusive_start_key = some->last_evaluated_key;
    const auto rest = database->query(query);
    ASSERT_TRUE(rest.ok());
    EXPECT_EQ(*rest->items[0].get_int64("sk"), 4);
  });
}

TEST(AsyncDatabase, EveryCompletionIsCalledOnceAndTheDestructorWaitsForIt) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    with_database(seed, [](Database* database) {
      make_table(database);
      int told[100] = {};
      {
        AsyncDatabase async(database, 3);
        for (int i = 0; i < 100; ++i) {
          async.put_item(put_of(i), [&told, i](const Outcome<PutItemResult>& done) {
            EXPECT_TRUE(done.ok());
            ++told[i];
          });
        }
      }
      for (const int times : told) EXPECT_EQ(times, 1);
      const auto page = database->query(whole_query());
      ASSERT_TRUE(page.ok());
      EXPECT_EQ(page->count, 100u);
    });
  }
}

// Whoever waits for a completion may let go of what told it, though the thread that handed the task over has not come back from run: a
// notification after the mutex was let go touched freed memory (a race that the thread sanitizer found).
TEST(TaskThreads, MayBeDestroyedOnceItsLastTaskHasRun) {
  for (int i = 0; i < 300; ++i) {
    io::Mutex mutex;
    io::CondVar changed;
    bool ran = false;
    auto threads = std::make_unique<dynamo::TaskThreads>("tasks", 2);
    threads->run([] {});  // the threads are there, and awake for the task
    io::Thread caller("caller", [&, threads = threads.get()] {
      threads->run([&] {
        io::MutexLock lock(&mutex);
        ran = true;
        changed.notify_all();
      });
    });
    {
      io::MutexLock lock(&mutex);
      while (!ran) changed.wait(&mutex);
    }
    threads.reset();
    caller.join();
  }
}

// Each completion begins the next operation, and may block in one.
TEST(AsyncDatabase, CompletionsMayBeginOperationsAndBlock) {
  with_database(3, [](Database* database) {
    make_table(database);
    std::atomic<int> steps{0};
    {
      std::function<void(int64_t)> next;  // the completions use it until async is gone
      AsyncDatabase async(database, 1);
      next = [&](int64_t i) {
        async.put_item(put_of(i), [&, i](const Outcome<PutItemResult>& done) {
          EXPECT_TRUE(done.ok());
          ++steps;
          EXPECT_TRUE(database->put_item(put_of(1000 + i)).ok());
          if (i < 20) next(i + 1);
        });
      };
      next(1);
    }
    EXPECT_EQ(steps, 20);
  });
}

TEST(AsyncDatabase, ARefusalIsToldLikeAnOutcome) {
  with_database(1, [](Database* database) {
    make_table(database);
    std::string refused, missing;
    {
      AsyncDatabase async(database);
      PutItemRequest put = put_of(1);
      put.item.erase("sk");
      async.put_item(put, [&](const Outcome<PutItemResult>& done) { refused = done.error().message; });
      async.describe_table("None",
                           [&](const Outcome<TableDescription>& done) { missing = done.error().name(); });
    }
    EXPECT_EQ(refused, "One or more parameter values were invalid: Missing the key sk in the item");
    EXPECT_EQ(missing, "ResourceNotFoundException");
  });
}

}  // namespace
}  // namespace varve::api
