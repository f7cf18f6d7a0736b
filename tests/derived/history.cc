#include "tests/derived/history.h"

#include <map>
#include <vector>

#include "api/dynamo/item_write.h"
#include "api/dynamo/operations.h"
#include "base/check.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"

namespace varve::derived {

using namespace api;
using namespace api::dynamo;
using index::AttributeValue;
using index::Item;

namespace {

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
  } else if (name == "byExpiry") {
    index.key_schema = {{kExpiryAttribute, KeyType::kHash}};
    index.projection = index::ProjectionType::kKeysOnly;
  } else if (name == "byN") {
    index.key_schema = {{"n", KeyType::kHash}};
    index.projection = index::ProjectionType::kKeysOnly;
  } else {
    index.key_schema = {{"g", KeyType::kHash}, {"n", KeyType::kHash}, {"sk", KeyType::kRange}};
    index.projection = index::ProjectionType::kAll;
  }
  return index;
}

// pk and sk, which name the item.
std::string identity(const Item& item) {
  return item.find("pk")->to_message_string() + item.find("sk")->to_message_string();
}

class Writer {
 public:
  Writer(const Context& context, uint64_t seed) : context_(context), random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      one_step();
      if (random_.one_in(8)) io::sleep_ns(random_.below(200'000'000));  // for the clock to go on
    }
  }
  const std::string& failure() const { return failure_; }

 private:
  Item key() {
    Item item;
    item.set("pk", AttributeValue::string("p" + std::to_string(random_.below(4))));
    item.set("sk", AttributeValue::number(index::Number(static_cast<int64_t>(random_.below(4)))));
    return item;
  }

  // Around now, so that items expire while they are written; some hold no time.
  AttributeValue time() {
    if (random_.one_in(8)) return AttributeValue::string("never");
    const auto now = static_cast<int64_t>(io::wall_us() / 1'000'000);
    return AttributeValue::number(index::Number(now + static_cast<int64_t>(random_.below(5)) - 2));
  }

  Item item() {
    Item item = key();
    if (!random_.one_in(3)) item.set("g", AttributeValue::string(std::string(1, "abc"[random_.below(3)])));
    if (!random_.one_in(3))
      item.set("n", AttributeValue::number(index::Number(static_cast<int64_t>(random_.below(3)))));
    if (random_.one_in(2)) item.set("v", AttributeValue::string("v" + std::to_string(random_.below(3))));
    if (!random_.one_in(3)) item.set(kExpiryAttribute, time());
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
    static const char* const kUpdates[] = {
        "REMOVE g",       "REMOVE n, v", "SET v = :s",    "SET g = :s",
        "SET n = :n",     "ADD n :n",    "REMOVE exp_at", "SET n = :n, g = :s REMOVE v",
        "SET exp_at = :t"};
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
    if (request.update_expression->find(":t") != std::string::npos) values.emplace_back(":t", time());
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
    allow(write);
    if (write.ok()) allow(ItemWrite::run(context_, write->get()));
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

// Changes of the table's form, one after the other, on the one thread that makes them.
class Changer {
 public:
  Changer(World* world, uint64_t seed, Beginnings* beginnings, Seen* seen)
      : world_(world), random_(seed), beginnings_(beginnings), seen_(seen) {}

  void create_table() {
    CreateTableRequest request;
    request.table = kTable;
    request.billing_mode = BillingMode::kPayPerRequest;
    request.attribute_definitions = {{"pk", kS}, {"sk", kN}, {"g", kS}, {"n", kN}};
    request.key_schema = {{"pk", KeyType::kHash}, {"sk", KeyType::kRange}};
    request.local_indexes = {{definition("local")}};
    request.global_indexes = {{definition("byG"), definition("many")}};
    const bool streamed = random_.one_in(2);
    if (streamed) request.stream = StreamSpecification{true, StreamViewType::kNewAndOldImages};
    const auto created = dynamo::create_table(context(), request);
    CHECK(created.ok());
    if (streamed) (*beginnings_)[created->latest_stream_label];  // empty
    if (random_.one_in(2)) toggle_expiry();
  }

  // Empty, or what differs.
  std::string one_change() {
    const uint64_t dice = random_.below(100);
    if (dice < 40) {
      change_indexes();
    } else if (dice < 55) {
      toggle_expiry();
    } else if (dice < 70) {
      toggle_stream();
    } else if (dice < 80) {
      CHECK(world_->store()->flush().ok());
    } else if (dice < 84) {
      CHECK(world_->store()->compact().ok());
    }
    return difference();
  }

  std::string difference() { return derived::difference(context(), beginnings_, seen_); }

 private:
  const Context& context() const { return world_->context(); }

  // Creates an index that is not there, or deletes one that is, being created or not.
  void change_indexes() {
    static const char* const kNames[] = {"byG", "byN", "byExpiry", "many"};
    const std::string name = kNames[random_.below(std::size(kNames))];
    UpdateTableRequest request;
    request.table = kTable;
    GlobalIndexUpdate& update = request.index_updates.emplace().emplace_back();
    if (context().catalog->find(kTable)->find_index(name)) {
      update.remove = name;
    } else {
      update.create = definition(name);
      request.attribute_definitions = {{"g", kS}, {"n", kN}, {"sk", kN}, {kExpiryAttribute, kN}};
      std::erase_if(request.attribute_definitions, [&](const AttributeDefinition& attribute) {
        return attribute.name == kExpiryAttribute && name != "byExpiry";
      });
    }
    const auto updated = update_table(context(), request);
    CHECK(updated.ok() || updated.error().type == ErrorType::kLimitExceeded);
  }

  void toggle_expiry() {
    const bool enabled = context().catalog->find(kTable)->expiry.has_value();
    CHECK(update_time_to_live(context(), {kTable, {!enabled, kExpiryAttribute}}).ok());
  }

  void toggle_stream() {
    UpdateTableRequest request;
    request.table = kTable;
    request.stream.emplace();
    request.stream->enabled = !context().catalog->find(kTable)->stream;
    if (request.stream->enabled) request.stream->view_type = StreamViewType::kNewAndOldImages;
    const auto updated = update_table(context(), request);
    CHECK(updated.ok() || updated.error().type == ErrorType::kResourceInUse);  // while an index is created
  }

  World* const world_;
  Random random_;
  Beginnings* const beginnings_;
  Seen* const seen_;
};

}  // namespace

std::string run_life(World* world, const LifeOptions& options, Beginnings* beginnings, Seen* seen) {
  const Context& context = world->context();
  Changer changer(world, options.seed * 100 + 99, beginnings, seen);
  std::string found = changer.difference();
  if (found.empty() && context.catalog->find(kTable) == nullptr) changer.create_table();
  std::vector<Writer> workers;
  workers.reserve(static_cast<size_t>(options.writers));
  for (int i = 0; i < options.writers; ++i) {
    workers.emplace_back(context, options.seed * 100 + static_cast<uint64_t>(i));
  }
  std::vector<io::Thread> threads;
  for (Writer& worker : workers) {
    threads.emplace_back("writer", [&worker, &options] { worker.run(options.steps); });
  }
  Random random(options.seed * 100 + 98);
  for (int i = 0; i < options.steps / 3 && found.empty(); ++i) {
    io::sleep_ns(random.below(random.one_in(4) ? 200'000'000 : 2'000'000));
    found = changer.one_change();
  }
  for (io::Thread& thread : threads) thread.join();
  for (const Writer& worker : workers) {
    if (found.empty() && options.failures_count) found = worker.failure();
  }
  if (found.empty()) found = settle(context);
  return found.empty() ? changer.difference() : found;
}

}  // namespace varve::derived
