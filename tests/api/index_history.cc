#include "tests/api/index_history.h"

#include <map>
#include <vector>

#include "api/dynamo/item_write.h"
#include "api/dynamo/operations.h"
#include "base/check.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "index/item_codec.h"
#include "index/key_codec.h"
#include "tests/api/test_database.h"

namespace varve::api::dynamo {
namespace {

constexpr char kTable[] = "History";
const index::AttributeType kS = index::AttributeType::kString;
const index::AttributeType kN = index::AttributeType::kNumber;

IndexDefinition definition(const std::string& name) {
  IndexDefinition index;
  index.name = name;
  if (name == "local") {
    index.key_schema = {{"pk", KeyType::kHash}, {"n", KeyType::kRange}};
    index.projection = index::ProjectionType::kKeysOnly;
  } else if (name == "byG") {
    index.key_schema = {{"g", KeyType::kHash}, {"n", KeyType::kRange}};
    index.projection = index::ProjectionType::kInclude;
    index.non_key_attributes = {"v"};
  } else if (name == "byN") {
    index.key_schema = {{"n", KeyType::kHash}};
    index.projection = index::ProjectionType::kKeysOnly;
  } else {
    index.key_schema = {{"g", KeyType::kHash}, {"n", KeyType::kHash}, {"sk", KeyType::kRange}};
    index.projection = index::ProjectionType::kAll;
  }
  return index;
}

// What the index should hold of an item, by the rules as the documentation tells them.
std::optional<Item> projected(const index::IndexSchema& index, const Item& item) {
  Item out;
  const auto take = [&](const std::string& name) {
    const AttributeValue* const value = item.find(name);
    if (value == nullptr) return false;
    out.set(name, *value);
    return true;
  };
  for (const auto& key : index.partition) {
    if (!take(key.name)) return std::nullopt;
  }
  for (const auto& key : index.sort) {
    if (!take(key.name)) return std::nullopt;
  }
  if (index.projection == index::ProjectionType::kAll) return item;
  take("pk");
  take("sk");
  for (const std::string& name : index.non_key_attributes) take(name);
  return out;
}

// pk and sk, which name the item.
std::string identity(const Item& item) {
  return item.find("pk")->to_message_string() + item.find("sk")->to_message_string();
}

class Writer {
 public:
  Writer(const Context& context, uint64_t seed) : context_(context), random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) one_step();
  }
  const std::string& failure() const { return failure_; }

 private:
  Item key() {
    Item item;
    item.set("pk", AttributeValue::string("p" + std::to_string(random_.below(4))));
    item.set("sk", AttributeValue::number(index::Number(static_cast<int64_t>(random_.below(4)))));
    return item;
  }

  Item item() {
    Item item = key();
    if (!random_.one_in(3)) item.set("g", AttributeValue::string(std::string(1, "abc"[random_.below(3)])));
    if (!random_.one_in(3))
      item.set("n", AttributeValue::number(index::Number(static_cast<int64_t>(random_.below(3)))));
    if (random_.one_in(2)) item.set("v", AttributeValue::string("v" + std::to_string(random_.below(3))));
    if (random_.one_in(2)) item.set("w", AttributeValue::string(std::string(random_.below(300), 'w')));
    return item;
  }

  PutItemRequest put() {
    PutItemRequest request;
    request.table = kTable;
    request.item = item();
    if (random_.one_in(4)) request.condition_expression = "attribute_not_exists(pk)";
    return request;
  }

  UpdateItemRequest update() {
    static const char* const kUpdates[] = {"REMOVE g",   "REMOVE n, v", "SET v = :s",
                                           "SET g = :s", "SET n = :n",  "SET n = :n, g = :s REMOVE v"};
    UpdateItemRequest request;
    request.table = kTable;
    request.key = key();
    request.update_expression = kUpdates[random_.below(std::size(kUpdates))];
    std::vector<std::pair<std::string, AttributeValue>> values;
    if (request.update_expression->find(":s") != std::string::npos) {
      values.emplace_back(":s", AttributeValue::string(std::string(1, "abc"[random_.below(3)])));
    }
    if (request.update_expression->find(":n") != std::string::npos) {
      values.emplace_back(":n",
                          AttributeValue::number(index::Number(static_cast<int64_t>(random_.below(3)))));
    }
    if (!values.empty()) request.attributes.values = values;
    return request;
  }

  DeleteItemRequest remove() {
    DeleteItemRequest request;
    request.table = kTable;
    request.key = key();
    return request;
  }

  void one_step() {
    const uint64_t dice = random_.below(100);
    if (dice < 35) return run_one(make_put(context_, put()));
    if (dice < 70) return run_one(make_update(context_, update()));
    if (dice < 80) return run_one(make_delete(context_, remove()));
    if (dice < 90) {
      BatchWriteItemRequest request;
      std::vector<BatchWrite>& writes = request.tables.emplace_back(kTable, std::vector<BatchWrite>()).second;
      std::map<std::string, bool> seen;
      for (int i = 0; i < 4; ++i) {
        BatchWrite write;
        const Item written = item();
        if (!seen.emplace(identity(written), true).second) continue;
        if (random_.one_in(4)) {
          write.delete_key.emplace();
          write.delete_key->set("pk", *written.find("pk"));
          write.delete_key->set("sk", *written.find("sk"));
        } else {
          write.put_item = written;
        }
        writes.push_back(std::move(write));
      }
      return allow(batch_write_item(context_, request));
    }
    TransactWriteItemsRequest request;
    request.actions.resize(3);
    request.actions[0].put = put();
    request.actions[1].update = update();
    request.actions[2].remove = remove();
    allow(transact_write_items(context_, request));
  }

  void run_one(Outcome<std::shared_ptr<ItemWrite>> write) {
    CHECK(write.ok());
    allow(ItemWrite::run(context_, write->get()));
  }

  // Refusals are part of a history; what the store fails of is not.
  template <typename T>
  void allow(const Outcome<T>& outcome) {
    if (outcome.ok()) return;
    const ErrorType type = outcome.error().type;
    const bool refused = type == ErrorType::kConditionalCheckFailed ||
                         type == ErrorType::kTransactionConflict || type == ErrorType::kTransactionCanceled ||
                         type == ErrorType::kValidation;
    if (!refused && failure_.empty()) failure_ = "a write failed: " + outcome.error().message;
  }

  const Context& context_;
  Random random_;
  std::string failure_;
};

// Creates an index that is not there, or deletes one that is, being created or not.
void change_indexes(const Context& context, Random* random) {
  static const char* const kNames[] = {"byG", "byN", "many"};
  const std::string name = kNames[random->below(3)];
  UpdateTableRequest request;
  request.table = kTable;
  GlobalIndexUpdate& update = request.index_updates.emplace().emplace_back();
  const TableRef table = context.catalog->find(kTable);
  if (table->find_index(name)) {
    update.remove = name;
  } else {
    update.create = definition(name);
    request.attribute_definitions = {{"g", kS}, {"n", kN}, {"sk", kN}};
  }
  const auto updated = update_table(context, request);
  if (updated.ok()) return;
  CHECK(updated.error().type == ErrorType::kLimitExceeded);
}

}  // namespace

Result<std::unique_ptr<IndexWorld>> IndexWorld::open(io::Driver* driver, partition::PlantedBug bug) {
  std::unique_ptr<IndexWorld> world(new IndexWorld);
  partition::StoreOptions options = small_options(driver).store;
  options.write_buffer_bytes = 8u << 10;
  options.filter_prefix = &index::partition_prefix_length;
  VARVE_ASSIGN_OR_RETURN(world->inner_, partition::Store::open("db", options));
  world->store_ = std::make_unique<partition::BuggyStore>(bug, world->inner_.get());
  VARVE_ASSIGN_OR_RETURN(world->streams_, Streams::open(world->store_.get(), {}));
  VARVE_ASSIGN_OR_RETURN(world->catalog_, Catalog::open(world->store_.get()));
  VARVE_ASSIGN_OR_RETURN(world->tokens_, TransactionTokens::open(world->store_.get()));
  VARVE_ASSIGN_OR_RETURN(world->backfill_, Backfill::open(world->store_.get(), world->catalog_.get()));
  world->context_.store = world->store_.get();
  world->context_.catalog = world->catalog_.get();
  world->context_.streams = world->streams_.get();
  world->context_.tokens = world->tokens_.get();
  world->context_.backfill = world->backfill_.get();
  return world;
}

IndexWorld::~IndexWorld() {
  if (backfill_ != nullptr) backfill_->stop();
  if (inner_ != nullptr) (void)inner_->close();
}

void IndexWorld::settle() {
  while (true) {
    const TableRef table = catalog_->find(kTable);
    bool busy = false;
    if (table != nullptr) {
      for (const IndexDescription& index : table->description.indexes)
        busy = busy || index.status == IndexStatus::kCreating;
    }
    if (!busy) return;
    io::sleep_ns(1'000'000);
  }
}

std::string IndexWorld::difference() {
  const TableRef table = catalog_->find(kTable);
  if (table == nullptr) return "";
  for (size_t i = 0; i < table->index_count(); ++i) {
    if (table->index(i).status != IndexStatus::kActive) continue;
    const std::string found = difference_of(*table, i);
    if (!found.empty()) return "index " + table->index(i).schema.name + ": " + found;
  }
  return "";
}

std::string IndexWorld::difference_of(const Table& table, size_t index) {
  const index::IndexSchema& schema = table.index(index).schema;
  const auto snapshot = store_->snapshot();
  std::map<std::string, std::string> expected;
  auto items = store_->iterate(table.items, {}, snapshot->point());
  CHECK(items.ok());
  for ((*items)->seek_to_first(); (*items)->valid(); (*items)->next()) {
    const auto item = index::decode_item((*items)->value());
    CHECK(item.ok());
    if (const auto part = projected(schema, *item)) expected[identity(*item)] = index::encode_item(*part);
  }
  auto entries = store_->iterate(table.index_entries[index], {}, snapshot->point());
  CHECK(entries.ok());
  const AttributeValue* last_sort = nullptr;
  std::string last_prefix;
  Item last;
  for ((*entries)->seek_to_first(); (*entries)->valid(); (*entries)->next()) {
    Item entry = *index::decode_item((*entries)->value());
    const auto found = expected.find(identity(entry));
    if (found == expected.end()) return "an entry too many, of " + identity(entry);
    if (found->second != (*entries)->value()) return "another entry of " + identity(entry);
    expected.erase(found);
    // Within an item collection entries are ordered by the sort key.
    std::string prefix;
    for (const auto& key : schema.partition) prefix += entry.find(key.name)->to_message_string();
    if (!schema.sort.empty() && last_sort != nullptr && prefix == last_prefix &&
        entry.find(schema.sort[0].name)->as_number() < last_sort->as_number()) {
      return "out of order at " + identity(entry);
    }
    last = std::move(entry);
    last_prefix = prefix;
    last_sort = schema.sort.empty() ? nullptr : last.find(schema.sort[0].name);
  }
  return expected.empty() ? "" : "no entry of " + expected.begin()->first;
}

void create_history_table(const Context& context) {
  CreateTableRequest request;
  request.table = kTable;
  request.billing_mode = BillingMode::kPayPerRequest;
  request.attribute_definitions = {{"pk", kS}, {"sk", kN}, {"g", kS}, {"n", kN}};
  request.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
  request.local_indexes = {{definition("local")}};
  request.global_indexes = {{definition("byG"), definition("many")}};
  CHECK(create_table(context, request).ok());
}

HistoryOutcome run_history(IndexWorld* world, uint64_t seed, int writers, int steps) {
  const Context& context = world->context();
  std::vector<io::Thread> threads;
  std::vector<Writer> workers;
  workers.reserve(static_cast<size_t>(writers));
  for (int i = 0; i < writers; ++i) workers.emplace_back(context, seed * 100 + static_cast<uint64_t>(i));
  for (Writer& worker : workers) threads.emplace_back("writer", [&worker, steps] { worker.run(steps); });
  Random random(seed * 100 + 99);
  HistoryOutcome outcome;
  for (int i = 0; i < steps / 4; ++i) {
    io::sleep_ns(random.below(2'000'000));
    if (outcome.difference.empty()) outcome.difference = world->difference();
    if (random.one_in(2)) change_indexes(context, &random);
  }
  for (io::Thread& thread : threads) thread.join();
  for (const Writer& worker : workers) {
    if (outcome.failure.empty()) outcome.failure = worker.failure();
  }
  return outcome;
}

}  // namespace varve::api::dynamo
