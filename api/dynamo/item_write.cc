#include "api/dynamo/item_write.h"

#include "api/dynamo/item_collection.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

// What evaluate answers the store when the write is refused; the reason is kept in failure_.
Status refused() { return {ErrorCode::kConflict, "refused"}; }

}  // namespace

Outcome<std::optional<Item>> ItemWrite::attributes_of(const ItemImage& image) {
  std::optional<Item> item;
  if (image.found()) {
    VARVE_ASSIGN_OR_FAIL_STATUS(item, index::decode_item(image.encoded));
  }
  return item;
}

ItemWrite::ItemWrite(TableRef table, const WriteRequestBase& request,
                     std::optional<expression::Condition> condition, const index::PrimaryKey& key)
    : table_(std::move(table)),
      return_values_(request.return_values),
      return_old_on_condition_failure_(request.return_old_on_condition_failure),
      return_item_collection_metrics_(request.return_item_collection_metrics),
      condition_(std::move(condition)),
      tree_key_(index::encode_tree_key(key)),
      commit_key_{table_->items, tree_key_} {}

Failure ItemWrite::apply(const partition::Image& image, partition::WriteBatch* batch) {
  result_ = WriteItemResult();
  VARVE_RETURN_IF_FAILED(follow_table(&table_));
  VARVE_ASSIGN_OR_FAIL_STATUS(const ItemImage before, image_of(image));
  if (condition_ && !condition_->evaluate(before.view)) {
    Error failed = conditional_check_failed();
    if (return_old_on_condition_failure_ && before.found()) {
      VARVE_ASSIGN_OR_FAIL_STATUS(Item item, index::decode_item(before.encoded));
      failed.item = std::make_shared<const Item>(std::move(item));
    }
    return failed;
  }
  VARVE_ASSIGN_OR_FAIL(Decision decision, decide(before));
  ItemImage after;
  if (decision.kind == Decision::Kind::kPut) {
    VARVE_ASSIGN_OR_FAIL_STATUS(after, ItemImage::of(decision.encoded));
  } else if (decision.kind == Decision::Kind::kKeep) {
    after = before;
  }
  const ItemChange change{*table_, tree_key_, before, after, source()};
  VARVE_ASSIGN_OR_FAIL(result_.consumed_capacity, change.add_to(batch));
  result_.attributes = std::move(decision.attributes);
  return std::nullopt;
}

Status ItemWrite::evaluate(std::span<const partition::Image> images, partition::WriteBatch* batch) {
  failure_ = apply(images.front(), batch);
  return failure_ ? refused() : Status();
}

Outcome<WriteItemResult> ItemWrite::finish(partition::Store* store,
                                           const Result<partition::CommitResult>& committed) {
  if (committed.ok()) {
    if (return_item_collection_metrics_) {
      result_.item_collection_metrics = collection_metrics(store, *table_, tree_key_);
    }
    return std::move(result_);
  }
  // A failure of the store outranks a refusal that could not be confirmed.
  if (failure_ && committed.code() == ErrorCode::kConflict) return *std::move(failure_);
  return error_of_store(committed.status());
}

Outcome<WriteItemResult> ItemWrite::run(const Context& context, ItemWrite* write) {
  const auto evaluate = [write](std::span<const partition::Image> images, partition::WriteBatch* batch) {
    return write->evaluate(images, batch);
  };
  return write->finish(context.store, context.store->commit({&write->commit_key_, 1}, evaluate));
}

void ItemWrite::run_async(const Context& context, std::shared_ptr<ItemWrite> write, Done done) {
  ItemWrite* const borrowed = write.get();
  const auto evaluate = [borrowed](std::span<const partition::Image> images, partition::WriteBatch* batch) {
    return borrowed->evaluate(images, batch);
  };
  partition::WriteOptions options;
  options.on_overload = partition::OnOverload::kRefuse;
  // The callback owns the write, and so keeps the key and what evaluate borrows.
  context.store->commit_async(
      {&borrowed->commit_key_, 1}, evaluate, options,
      [store = context.store, write = std::move(write), done = std::move(done)](
          const Result<partition::CommitResult>& committed) { done(write->finish(store, committed)); });
}

}  // namespace varve::api::dynamo
