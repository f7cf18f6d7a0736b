// BatchWriteItem: up to 25 puts and deletes over several tables, in one commit. DynamoDB promises each request alone to be atomic;
// here the whole batch is. Only what would make the commit's log record larger than kCommitBytes is left out, and told as unprocessed: large
// items in many indexes.
#include <memory>
#include <set>
#include <span>

#include "api/dynamo/item_change.h"
#include "api/dynamo/item_collection.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/parameters.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

constexpr size_t kMaxWrites = 25;
// A write comes to at most 10 MB: an item of 400 KB in the table, in twenty indexes, and twice in the stream.
constexpr size_t kCommitBytes = 32u << 20;

class BatchCommit {
 public:
  static Outcome<std::shared_ptr<BatchCommit>> prepare(const Context& context,
                                                       const BatchWriteItemRequest& request);

  std::span<const partition::CommitKey> keys() const { return keys_; }

  Status evaluate(std::span<const partition::Image> images, partition::WriteBatch* batch) {
    failure_ = apply(images, batch);
    return failure_ ? Status(ErrorCode::kConflict, "refused") : Status();
  }

  Outcome<BatchWriteItemResult> finish(const Result<partition::CommitResult>& committed) {
    if (failure_ && committed.code() == ErrorCode::kConflict) return *std::move(failure_);
    if (!committed.ok()) return error_of_store(committed.status());
    BatchWriteItemResult result{std::move(consumed_), {}, {}};
    VARVE_RETURN_IF_FAILED(tell_unprocessed(&result));
    if (return_item_collection_metrics_) {
      for (const Write& write : std::span(writes_).first(processed_)) {
        add_collection_metrics(store_, *tables_[write.table], write.tree_key,
                               &result.item_collection_metrics);
      }
    }
    return result;
  }

 private:
  struct Write {
    size_t table = 0;  // position among the request's tables
    std::string tree_key;
    std::string encoded;  // empty: a delete
  };

  Failure add(const BatchWrite& request, size_t table);
  Failure apply(std::span<const partition::Image> images, partition::WriteBatch* batch);
  Failure tell_unprocessed(BatchWriteItemResult* result) const;

  partition::Store* store_ = nullptr;
  bool return_item_collection_metrics_ = false;
  std::vector<std::string> names_;  // as the request spelt them
  std::vector<TableRef> tables_;
  std::vector<Write> writes_;
  size_t processed_ = 0;  // how many of them the last evaluation carried out
  std::vector<partition::CommitKey> keys_;
  std::vector<ConsumedCapacity> consumed_;
  Failure failure_;  // the last evaluation's
};

// The checks that need no table.
Failure check_write(const BatchWrite& write, const DecodeNotes& notes) {
  if (write.put_item.has_value() == write.delete_key.has_value()) {
    return validation_error(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
        "datatypes");
  }
  VARVE_RETURN_IF_FAILED(check_item_values(write.put_item ? *write.put_item : *write.delete_key, notes));
  if (write.put_item && index::item_size_bytes(*write.put_item) > index::kMaxItemBytes) {
    return item_too_large(index::ItemSource::kPut);
  }
  return std::nullopt;
}

// Those that are there. A batch tells a put whose key does not fit as it tells a key that does not; the texts that name the attribute
// are PutItem's and a transaction's.
Item key_attributes(const index::KeySchema& schema, const Item& item) {
  Item key;
  const auto add = [&](const index::KeyAttribute& attribute) {
    if (const AttributeValue* value = item.find(attribute.name)) key.set(attribute.name, *value);
  };
  add(schema.partition);
  if (schema.sort) add(*schema.sort);
  return key;
}

Failure BatchCommit::add(const BatchWrite& request, size_t table) {
  const index::KeySchema& schema = tables_[table]->description.key_schema;
  Write write;
  write.table = table;
  VARVE_ASSIGN_OR_FAIL_STATUS(
      const index::PrimaryKey key,
      index::key_of_parameter(
          schema, request.put_item ? key_attributes(schema, *request.put_item) : *request.delete_key));
  write.tree_key = index::encode_tree_key(key);
  if (request.put_item) {
    write.encoded = index::encode_item(*request.put_item);
    VARVE_ASSIGN_OR_FAIL_STATUS(const ItemImage image, ItemImage::of(write.encoded));
    VARVE_RETURN_IF_FAILED(check_index_keys(*tables_[table], image.view, index::ItemSource::kPut));
  }
  writes_.push_back(std::move(write));
  return std::nullopt;
}

Failure BatchCommit::apply(std::span<const partition::Image> images, partition::WriteBatch* batch) {
  for (size_t i = 0; i < tables_.size(); ++i) {
    VARVE_RETURN_IF_FAILED(follow_table(&tables_[i]));
    consumed_[i] = {tables_[i]->description.name, 0, {}};
  }
  for (size_t i = 0; i < writes_.size(); ++i) {
    const Write& write = writes_[i];
    VARVE_ASSIGN_OR_FAIL_STATUS(const ItemImage before, image_of(images[i]));
    ItemImage after;
    if (!write.encoded.empty()) {
      VARVE_ASSIGN_OR_FAIL_STATUS(after, ItemImage::of(write.encoded));
    }
    const ItemChange change{*tables_[write.table], write.tree_key, before, after};
    VARVE_ASSIGN_OR_FAIL(const ConsumedCapacity consumed, change.add_to(batch));
    consumed_[write.table].add(consumed);
    processed_ = i + 1;
    if (batch->bytes() > kCommitBytes) break;
  }
  return std::nullopt;
}

Failure BatchCommit::tell_unprocessed(BatchWriteItemResult* result) const {
  for (const Write& write : std::span(writes_).subspan(processed_)) {
    BatchWrite left;
    if (write.encoded.empty()) {
      const index::KeySchema& schema = tables_[write.table]->description.key_schema;
      VARVE_ASSIGN_OR_FAIL_STATUS(const index::PrimaryKey key,
                                  index::decode_tree_key(schema, write.tree_key));
      left.delete_key = key.to_item(schema);
    } else {
      VARVE_ASSIGN_OR_FAIL_STATUS(left.put_item.emplace(), index::decode_item(write.encoded));
    }
    auto& tables = result->unprocessed;
    const std::string& name = names_[write.table];
    if (tables.empty() || tables.back().first != name) tables.emplace_back(name, std::vector<BatchWrite>());
    tables.back().second.push_back(std::move(left));
  }
  return std::nullopt;
}

Outcome<std::shared_ptr<BatchCommit>> BatchCommit::prepare(const Context& context,
                                                           const BatchWriteItemRequest& request) {
  if (request.tables.empty())
    return validation_error("The requestItems parameter is required for BatchWriteItem");
  size_t count = 0;
  for (const auto& [name, writes] : request.tables) {
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const Slice checked, table_name(name, TableNameUse::kExisting));
    count += writes.size();
  }
  if (count > kMaxWrites) return validation_error("Too many items requested for the BatchWriteItem call");
  for (const auto& [name, writes] : request.tables) {
    for (const BatchWrite& write : writes) VARVE_RETURN_IF_FAILED(check_write(write, request.notes));
  }
  auto commit = std::make_shared<BatchCommit>();
  commit->store_ = context.store;
  commit->return_item_collection_metrics_ = request.return_item_collection_metrics;
  std::vector<TableRef>& tables = commit->tables_;
  for (const auto& [name, writes] : request.tables) {
    VARVE_ASSIGN_OR_FAIL(tables.emplace_back(), context.table_for_items(name));
    commit->names_.push_back(name);
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    commit->consumed_.push_back({tables[i]->description.name, 0, {}});
    for (const BatchWrite& write : request.tables[i].second) {
      VARVE_RETURN_IF_FAILED(commit->add(write, i));
    }
  }
  std::set<std::pair<uint64_t, Slice>> seen;
  for (const Write& write : commit->writes_) {
    const KeyspaceId keyspace = tables[write.table]->items;
    if (!seen.emplace(keyspace.value, write.tree_key).second) {
      return validation_error("Provided list of item keys contains duplicates");
    }
    commit->keys_.push_back({keyspace, write.tree_key});
  }
  return commit;
}

}  // namespace

Outcome<BatchWriteItemResult> batch_write_item(const Context& context, const BatchWriteItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto commit, BatchCommit::prepare(context, request));
  const auto evaluate = [&](std::span<const partition::Image> images, partition::WriteBatch* batch) {
    return commit->evaluate(images, batch);
  };
  return commit->finish(context.store->commit(commit->keys(), evaluate));
}

void batch_write_item_async(const Context& context, const BatchWriteItemRequest& request,
                            std::function<void(Outcome<BatchWriteItemResult>)> done) {
  auto prepared = BatchCommit::prepare(context, request);
  if (!prepared.ok()) return done(std::move(prepared).error());
  std::shared_ptr<BatchCommit> commit = std::move(prepared).value();
  partition::WriteOptions options;
  options.on_overload = partition::OnOverload::kRefuse;
  const auto evaluate = [borrowed = commit.get()](std::span<const partition::Image> images,
                                                  partition::WriteBatch* batch) {
    return borrowed->evaluate(images, batch);
  };
  const std::span<const partition::CommitKey> keys = commit->keys();
  context.store->commit_async(
      keys, evaluate, options,
      [commit = std::move(commit), done = std::move(done)](const Result<partition::CommitResult>& committed) {
        done(commit->finish(committed));
      });
}

}  // namespace varve::api::dynamo
