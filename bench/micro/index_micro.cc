// What indexes cost a write and gain a read: PutItem over existing items of 1 KiB on a table with 0 to 20 global indexes (each with a key
// that changes and the keys projected, and once with everything projected), and a page of Query on an index beside one on its table.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <string>

#include "api/varve.h"
#include "base/check.h"
#include "base/random.h"

namespace varve::api {
namespace {

constexpr uint64_t kItems = 20'000;
constexpr uint64_t kPartitions = 1'000;

class Loaded {
 public:
  Loaded(int64_t indexes, index::ProjectionType projection) {
    directory_ = std::filesystem::temp_directory_path() / "varve-index-micro";
    std::filesystem::remove_all(directory_);
    DatabaseOptions options;
    options.store.durability = partition::Durability::kInterval;
    auto database = Database::open(directory_, options);
    CHECK(database.ok());
    database_ = *std::move(database);
    CreateTableRequest request;
    request.table = "Tab";
    request.billing_mode = BillingMode::kPayPerRequest;
    request.attribute_definitions = {{"pk", index::AttributeType::kString},
                                     {"sk", index::AttributeType::kNumber}};
    request.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
    for (int64_t i = 0; i < indexes; ++i) {
      if (!request.global_indexes) request.global_indexes.emplace();
      IndexDefinition definition;
      definition.name = "index" + std::to_string(i);
      definition.key_schema = {{attribute(i), KeyType::kHash}, {"sk", KeyType::kRange}};
      definition.projection = projection;
      request.attribute_definitions.push_back({attribute(i), index::AttributeType::kString});
      request.global_indexes->push_back(std::move(definition));
    }
    CHECK(database_->create_table(request).ok());
    indexes_ = indexes;
    for (uint64_t i = 0; i < kItems; ++i) put(i);
  }
  ~Loaded() {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Every put changes the keys of all indexes.
  void put(uint64_t i) {
    PutItemRequest request;
    request.table = "Tab";
    request.item.set("pk", AttributeValue::string("p" + std::to_string(i % kPartitions)));
    request.item.set("sk", AttributeValue::number(index::Number(static_cast<int64_t>(i / kPartitions))));
    request.item.set("body", AttributeValue::string(std::string(900, 'b')));
    for (int64_t n = 0; n < indexes_; ++n) {
      request.item.set(attribute(n),
                       AttributeValue::string("g" + std::to_string(random_.below(kPartitions))));
    }
    CHECK(database_->put_item(request).ok());
  }
  Database* operator->() { return database_.get(); }
  Random& random() { return random_; }

 private:
  static std::string attribute(int64_t i) { return "g" + std::to_string(i); }
  std::string directory_;
  std::unique_ptr<Database> database_;
  int64_t indexes_ = 0;
  Random random_{1};
};

void put_items(benchmark::State& state, index::ProjectionType projection) {
  Loaded loaded(state.range(0), projection);
  for (auto _ : state) loaded.put(loaded.random().below(kItems));
  state.SetItemsProcessed(state.iterations());
}

void BM_PutKeysOnly(benchmark::State& state) { put_items(state, index::ProjectionType::kKeysOnly); }
BENCHMARK(BM_PutKeysOnly)->Arg(0)->Arg(1)->Arg(5)->Arg(20);

void BM_PutAll(benchmark::State& state) { put_items(state, index::ProjectionType::kAll); }
BENCHMARK(BM_PutAll)->Arg(1)->Arg(5);

// range(0): of the table, or of an index that holds everything.
void BM_QueryPage(benchmark::State& state) {
  Loaded loaded(1, index::ProjectionType::kAll);
  const bool on_index = state.range(0) == 1;
  for (auto _ : state) {
    QueryRequest request;
    request.table = "Tab";
    if (on_index) request.index_name = "index0";
    request.key_condition_expression = on_index ? "g0 = :k" : "pk = :k";
    const std::string key = (on_index ? "g" : "p") + std::to_string(loaded.random().below(kPartitions));
    request.attributes.values = {{{":k", AttributeValue::string(key)}}};
    const auto page = loaded->query(request);
    CHECK(page.ok());
    benchmark::DoNotOptimize(page->count);
  }
}
BENCHMARK(BM_QueryPage)->ArgName("index")->Arg(0)->Arg(1);

// Items filled into a new index, while nobody else writes.
void BM_Backfill(benchmark::State& state) {
  Loaded loaded(0, index::ProjectionType::kAll);
  for (auto _ : state) {
    UpdateTableRequest request;
    request.table = "Tab";
    request.attribute_definitions = {{"sk", index::AttributeType::kNumber}};
    IndexDefinition& definition = request.index_updates.emplace().emplace_back().create.emplace();
    definition.name = "bySk";
    definition.key_schema = {{"sk", KeyType::kHash}};
    definition.projection = index::ProjectionType::kKeysOnly;
    CHECK(loaded->update_table(request).ok());
    while (loaded->describe_table("Tab")->indexes[0].status == IndexStatus::kCreating) {
    }
    state.PauseTiming();
    UpdateTableRequest remove;
    remove.table = "Tab";
    remove.index_updates.emplace().emplace_back().remove = "bySk";
    CHECK(loaded->update_table(remove).ok());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kItems));
}
BENCHMARK(BM_Backfill)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace varve::api
