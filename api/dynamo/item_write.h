// ItemWrite: one PutItem, UpdateItem or DeleteItem, from its validated request to its answer. It is handed to the store's commit,
// which shows it the newest stored item and takes what it decides as one atomic step; so a condition is checked, and an update
// computed, against exactly the item that is replaced.
//
// Life: make_* validates everything that needs no item and fixes the key; then run commits and blocks, or run_async commits and
// calls back. A transaction makes its writes by the two halves of make_*, bind_write and place_write, and calls apply for each of
// them in a commit of its own. apply may run several times: it starts anew each time.
//
// Threads: one at a time. Ownership: run_async shares the object with the store until the callback.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/dynamo/context.h"
#include "api/dynamo/item_change.h"
#include "api/dynamo/requests.h"
#include "api/expression/condition.h"
#include "api/expression/update.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

class ItemWrite {
 public:
  using Done = std::function<void(Outcome<WriteItemResult>)>;

  virtual ~ItemWrite() = default;
  ItemWrite(const ItemWrite&) = delete;
  ItemWrite& operator=(const ItemWrite&) = delete;

  static Outcome<WriteItemResult> run(const Context& context, ItemWrite* write);
  // `done` is called once: before this returns when the outcome is known at once, else from the log's thread.
  static void run_async(const Context& context, std::shared_ptr<ItemWrite> write, Done done);

  const Table& table() const { return *table_; }
  const partition::CommitKey& commit_key() const { return commit_key_; }
  // Checks the condition on the stored item and adds the write to the batch.
  Failure apply(const partition::Image& image, partition::WriteBatch* batch);
  // Of the last apply that did not fail.
  const WriteItemResult& result() const { return result_; }

 protected:
  // What becomes of the item.
  struct Decision {
    enum class Kind { kKeep, kPut, kDelete };
    Kind kind = Kind::kKeep;
    std::string encoded;             // kPut
    std::optional<Item> attributes;  // of the answer
  };

  // Takes from the request what all three have.
  ItemWrite(TableRef table, const WriteRequestBase& request, std::optional<expression::Condition> condition,
            const index::PrimaryKey& key);

  // How an item that decide puts comes to be.
  virtual index::ItemSource source() const { return index::ItemSource::kPut; }
  // Called when the condition has been met.
  virtual Outcome<Decision> decide(const ItemImage& before) = 0;
  // For decide: ALL_OLD.
  static Outcome<std::optional<Item>> attributes_of(const ItemImage& image);

  TableRef table_;  // as it was at the last evaluation, before the first one as it was found
  const ReturnValues return_values_;

 private:
  Status evaluate(std::span<const partition::Image> images, partition::WriteBatch* batch);
  Outcome<WriteItemResult> finish(partition::Store* store, const Result<partition::CommitResult>& committed);

  const bool return_old_on_condition_failure_;
  const bool return_item_collection_metrics_;
  const std::optional<expression::Condition> condition_;
  const std::string tree_key_;
  const partition::CommitKey commit_key_;
  // The last evaluation's outcome.
  Failure failure_;
  WriteItemResult result_;
};

// The expressions of a write.
struct BoundWrite {
  std::optional<expression::Condition> condition;
  std::optional<expression::Update> update;
};

// Each in its operation's file, with the operation's order of checks. bind_write makes those that need no table, place_write
// those of the key and of the expressions against the table's schema; between the two the table is looked up.
Outcome<BoundWrite> bind_write(const Context& context, const PutItemRequest& request);
Outcome<BoundWrite> bind_write(const Context& context, const UpdateItemRequest& request);
Outcome<BoundWrite> bind_write(const Context& context, const DeleteItemRequest& request);
Outcome<BoundWrite> bind_write(const Context& context, const ConditionCheckRequest& request);
Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const PutItemRequest& request,
                                                BoundWrite bound);
Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const UpdateItemRequest& request,
                                                BoundWrite bound);
Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const DeleteItemRequest& request,
                                                BoundWrite bound);
Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const ConditionCheckRequest& request,
                                                BoundWrite bound);

Outcome<std::shared_ptr<ItemWrite>> make_put(const Context& context, const PutItemRequest& request);
Outcome<std::shared_ptr<ItemWrite>> make_update(const Context& context, const UpdateItemRequest& request);
Outcome<std::shared_ptr<ItemWrite>> make_delete(const Context& context, const DeleteItemRequest& request);

}  // namespace varve::api::dynamo
