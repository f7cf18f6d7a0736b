// Pages of Query and Scan: nothing lost, nothing twice, whatever the page size, direction or segmentation.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/varve.h"
#include "tests/api/test_database.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

void create(Database* database) {
  CreateTableRequest request;
  request.table = "Tab";
  request.attribute_definitions = {{"pk", AttributeType::kString}, {"sk", AttributeType::kNumber}};
  request.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
  request.billing_mode = BillingMode::kPayPerRequest;
  CHECK(database->create_table(request).ok());
}

void put(Database* database, const std::string& pk, int64_t sk, size_t payload_bytes = 0) {
  PutItemRequest request;
  request.table = "Tab";
  request.item = {{"pk", AttributeValue::string(pk)},
                  {"sk", AttributeValue::number(Number(sk))},
                  {"d", AttributeValue::string(std::string(payload_bytes, 'x'))}};
  CHECK(database->put_item(request).ok());
}

QueryRequest query_of(const std::string& pk) {
  QueryRequest request;
  request.table = "Tab";
  request.key_condition_expression = "pk = :p";
  request.attributes.values = {{{":p", AttributeValue::string(pk)}}};
  return request;
}

// All sort keys of a paged query, and how many pages it took.
template <typename Request, typename Run>
std::vector<std::pair<std::string, int64_t>> all_pages(Request request, const Run& run, size_t* pages) {
  std::vector<std::pair<std::string, int64_t>> keys;
  *pages = 0;
  while (true) {
    const auto page = run(request);
    CHECK(page.ok());
    ++*pages;
    for (size_t i = 0; i < page->items.size(); ++i) {
      const index::ItemView item = page->items[i];
      keys.emplace_back(item.find("pk")->as_string(), *item.find("sk")->as_number().to_int64());
    }
    if (!page->last_evaluated_key) return keys;
    request.exclusive_start_key = page->last_evaluated_key;
  }
}

TEST(Paging, EveryLimitAndDirectionReadsTheWholeCollectionOnce) {
  with_database(3, [](Database* database) {
    create(database);
    for (int64_t i = 0; i < 17; ++i) put(database, "a", i);
    put(database, "b", 1);
    std::vector<std::pair<std::string, int64_t>> expected;
    for (int64_t i = 0; i < 17; ++i) expected.emplace_back("a", i);
    for (const bool forward : {true, false}) {
      for (int64_t limit = 1; limit <= 18; ++limit) {
        QueryRequest request = query_of("a");
        request.limit = limit;
        request.scan_index_forward = forward;
        size_t pages = 0;
        const auto keys =
            all_pages(request, [&](const QueryRequest& r) { return database->query(r); }, &pages);
        EXPECT_EQ(keys, expected) << "limit " << limit;
      }
      std::reverse(expected.begin(), expected.end());
    }
  });
}

TEST(Paging, APageEndsWithTheItemThatCrossesOneMebibyte) {
  with_database(3, [](Database* database) {
    create(database);
    // Eleven items of 100 KB and a bit: the eleventh crosses 1 MiB.
    for (int64_t i = 0; i < 15; ++i) put(database, "a", i, 100'000);
    QueryRequest request = query_of("a");
    request.consistent_read = true;
    const auto page = database->query(request);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->count, 11u);
    ASSERT_TRUE(page->last_evaluated_key.has_value());
    EXPECT_EQ(*page->last_evaluated_key->find("sk")->as_number().to_int64(), 10);
    const size_t item_bytes = page->items[5].size_bytes();
    EXPECT_EQ(page->consumed_capacity.units, static_cast<double>((11 * item_bytes + 4095) / 4096));
    // The same with nothing to show for it.
    request.filter_expression = "attribute_not_exists(d)";
    request.select = Select::kCount;
    const auto filtered = database->query(request);
    ASSERT_TRUE(filtered.ok());
    EXPECT_EQ(filtered->count, 0u);
    EXPECT_EQ(filtered->scanned_count, 11u);
    EXPECT_TRUE(filtered->last_evaluated_key.has_value());
  });
}

TEST(Paging, SegmentsAreDisjointAndTogetherTheTable) {
  with_database(5, [](Database* database) {
    create(database);
    std::set<std::pair<std::string, int64_t>> expected;
    for (int64_t i = 0; i < 60; ++i) {
      const std::string pk = "p" + std::to_string(i % 20);
      put(database, pk, i);
      expected.emplace(pk, i);
    }
    for (const int64_t total : {1, 2, 3, 7, 64, 1'000'000}) {
      std::set<std::pair<std::string, int64_t>> seen;
      std::map<std::string, int64_t> segment_of;
      const int64_t step = total > 64 ? total / 8 : 1;
      for (int64_t segment = 0; segment < total; segment += step) {
        ScanRequest request;
        request.table = "Tab";
        request.segment = segment;
        request.total_segments = total;
        request.limit = 4;
        size_t pages = 0;
        for (const auto& k :
             all_pages(request, [&](const ScanRequest& r) { return database->scan(r); }, &pages)) {
          EXPECT_TRUE(seen.insert(k).second) << "twice: " << k.first << " " << k.second;
          EXPECT_EQ(segment_of.emplace(k.first, segment).first->second, segment);
        }
      }
      if (step == 1) {
        EXPECT_EQ(seen, expected) << total << " segments";
      }
    }
  });
}

TEST(Paging, AStartKeyOfAnotherSegmentIsRefused) {
  with_database(5, [](Database* database) {
    create(database);
    ScanRequest request;
    request.table = "Tab";
    request.exclusive_start_key =
        Item{{"pk", AttributeValue::string("a")}, {"sk", AttributeValue::number(Number(1))}};
    request.total_segments = 2;
    int refused = 0;
    for (int64_t segment = 0; segment < 2; ++segment) {
      request.segment = segment;
      const auto page = database->scan(request);
      if (page.ok()) continue;
      ++refused;
      EXPECT_EQ(page.error().message,
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                "ExclusiveStartKey with "
                "correct Segment. TotalSegments: 2 Segment: " +
                    std::to_string(segment));
    }
    EXPECT_EQ(refused, 1);
  });
}

TEST(Batch, WhatDoesNotFitIntoSixteenMegabytesIsHandedBack) {
  with_database(5, [](Database* database) {
    create(database);
    BatchGetItemRequest request;
    request.tables.emplace_back("Tab", KeysAndAttributes());
    for (int64_t i = 0; i < 45; ++i) {
      const std::string partition = "p" + std::to_string(i);
      put(database, partition, i, 400'000);
      request.tables[0].second.keys.push_back(
          Item{{"pk", AttributeValue::string(partition)}, {"sk", AttributeValue::number(Number(i))}});
    }
    const auto result = database->batch_get_item(request);
    ASSERT_TRUE(result.ok());
    const auto& table = result->tables[0];
    EXPECT_EQ(table.items.size(), 41u);  // 41 x 400 KB < 16 MiB < 42 x 400 KB
    EXPECT_EQ(table.unprocessed_keys, (std::vector<size_t>{41, 42, 43, 44}));
  });
}

TEST(Batch, WhatGoesBeyondOneMegabyteOfAPartitionIsHandedBack) {
  with_database(6, [](Database* database) {
    create(database);
    put(database, "a", 0, 400'000);
    put(database, "a", 1, 400'000);
    put(database, "a", 2, 400'000);
    put(database, "a", 3, 1'000);
    put(database, "b", 0, 400'000);
    BatchGetItemRequest request;
    request.tables.emplace_back("Tab", KeysAndAttributes());
    const auto ask = [&](const char* partition, int64_t sort) {
      request.tables[0].second.keys.push_back(
          Item{{"pk", AttributeValue::string(partition)}, {"sk", AttributeValue::number(Number(sort))}});
    };
    ask("a", 0);
    ask("a", 1);
    ask("a", 9);  // is not there
    ask("a", 2);  // goes beyond
    ask("a", 3);  // would fit, but comes after what did not
    ask("b", 0);
    ask("a", 8);  // is not there either: nothing to hand back
    const auto result = database->batch_get_item(request);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->tables[0].items.size(), 3u);
    EXPECT_EQ(result->tables[0].unprocessed_keys, (std::vector<size_t>{3, 4}));
  });
}

}  // namespace
}  // namespace varve::api
