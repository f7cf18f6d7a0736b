// What the hot paths may cost: allocations of a cached read, blocks of a short query.
#include <gtest/gtest.h>

#include "api/dynamo/context.h"
#include "api/varve.h"
#include "index/item_codec.h"
#include "index/key_codec.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/temporary_directory.h"

namespace varve::api {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Number;

#ifdef VARVE_DCHECKS
constexpr int64_t kItems = 50'000;
#else
constexpr int64_t kItems = 1'000'000;
#endif

class HotPath : public ::testing::Test {
 protected:
  void SetUp() override {
    DatabaseOptions options;
    options.store.memory_bytes = 64u << 20;
    options.store.durability = partition::Durability::kInterval;
    auto opened = Database::open(directory_.path(), options);
    ASSERT_TRUE(opened.ok());
    database_ = std::move(opened).value();
    CreateTableRequest request;
    request.table = "Tab";
    request.attribute_definitions = {{"pk", AttributeType::kString}, {"sk", AttributeType::kNumber}};
    request.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
    request.billing_mode = BillingMode::kPayPerRequest;
    ASSERT_TRUE(database_->create_table(request).ok());
  }
  // Below the operations, as many items go into one batch as fit.
  void fill(int64_t count) {
    const KeyspaceId items = database_->context().catalog->find("Tab")->items;
    partition::WriteBatch batch;
    for (int64_t i = 0; i < count; ++i) {
      const Item item = item_of(i);
      batch.put(items, index::encode_tree_key(key_of(i)), index::encode_item(item));
      if (batch.count() < 2000 && i + 1 < count) continue;
      ASSERT_TRUE(database_->store().write(&batch).ok());
      batch.clear();
    }
    ASSERT_TRUE(database_->store().flush().ok());
    ASSERT_TRUE(database_->store().quiesce().ok());
  }

  static index::PrimaryKey key_of(int64_t i) {
    return {AttributeValue::string("a partition key that is no short string " + std::to_string(i % 4)),
            AttributeValue::number(Number(i))};
  }
  static Item item_of(int64_t i) {
    const index::PrimaryKey key = key_of(i);
    return {
        {"pk", key.partition}, {"sk", *key.sort}, {"d", AttributeValue::string("something to carry along")}};
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(HotPath, GetItemOnACacheHitAllocatesNothing) {
  if (!kAllocationsCounted) GTEST_SKIP() << "allocations are not counted under sanitizers";
  fill(1000);
  std::vector<index::PrimaryKey> keys;
  for (int64_t i = 0; i < 1000; ++i) keys.push_back(key_of(i));
  StoredItem item;
  const auto read_all = [&] {
    for (size_t i = 0; i < keys.size(); ++i) {
      CHECK(!database_->read_item("Tab", keys[i], &item).has_value());
      CHECK(item.found());
      CHECK(item.view().find("sk")->as_number().to_int64() == static_cast<int64_t>(i));
    }
  };
  read_all();
  ASSERT_TRUE(database_->store().quiesce().ok());
  const uint64_t before = allocations();
  read_all();
  EXPECT_EQ(allocations() - before, 0u);
}

// Typed getters find what they ask for without a copy.
TEST_F(HotPath, ReadingAnItemsAttributesAllocatesNothing) {
  if (!kAllocationsCounted) GTEST_SKIP() << "allocations are not counted under sanitizers";
  fill(10);
  StoredItem item;
  ASSERT_FALSE(database_->read_item("Tab", key_of(7), &item).has_value());
  const uint64_t before = allocations();
  size_t bytes = 0;
  for (const auto [name, value] : item.view()) bytes += name.size() + value.payload().size();
  const bool found = item.view().get_string("d").ok() && *item.view().get_int64("sk") == 7;
  EXPECT_EQ(allocations() - before, 0u);
  EXPECT_TRUE(found);
  EXPECT_GT(bytes, 0u);
}

TEST_F(HotPath, APageThatIsVisitedAllocatesTheSameHoweverManyItemsItHas) {
  if (!kAllocationsCounted) GTEST_SKIP() << "allocations are not counted under sanitizers";
  fill(4000);  // a thousand a collection
  QueryRequest request;
  request.table = "Tab";
  request.key_condition_expression = "pk = :p";
  request.filter_expression = "attribute_exists(d)";
  request.attributes.values = {{{":p", key_of(0).partition}}};
  const auto allocations_of_a_page = [&](int64_t limit) {
    request.limit = limit;
    int64_t seen = 0;
    const ItemVisitor visit = [&seen](const index::ItemView& item) {
      CHECK(item.get_string("d").ok());
      return ++seen > 0;
    };
    CHECK(database_->query(request, visit).ok());  // blocks are cached, buffers have their sizes
    seen = 0;
    const uint64_t before = allocations();
    CHECK(database_->query(request, visit).ok());
    const uint64_t count = allocations() - before;
    CHECK(seen == limit);
    return count;
  };
  const uint64_t of_ten = allocations_of_a_page(10), of_many = allocations_of_a_page(900);
  RecordProperty("allocations_of_a_page", static_cast<int>(of_many));
  EXPECT_EQ(of_ten, of_many);
}

TEST_F(HotPath, QueryWithLimitOneReadsTheSameFewBlocksHoweverLargeTheTable) {
  fill(kItems);
  const auto blocks_of_one_query = [&](int64_t from) {
    const auto before = database_->store().statistics();
    QueryRequest request;
    request.table = "Tab";
    request.key_condition_expression = "pk = :p AND sk >= :s";
    request.attributes.values = {{{":p", key_of(from).partition}, {":s", *key_of(from).sort}}};
    request.limit = 1;
    const auto page = database_->query(request);
    CHECK(page.ok());
    CHECK(page->count == 1 && page->items[0].find("sk")->as_number().to_int64() == from);
    const auto after = database_->store().statistics();
    return after.cache_hits + after.cache_misses - before.cache_hits - before.cache_misses;
  };
  // A few levels, each with an index and a data block; far below the blocks of one collection, which are thousands.
  for (int64_t i = 1; i < kItems; i += kItems / 17) EXPECT_LE(blocks_of_one_query(i), 24u) << i;
}

}  // namespace
}  // namespace varve::api
