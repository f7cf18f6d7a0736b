#include "api/dynamo/snapshot_read.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/transaction.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

Failure check_conflicts(const Context& context, const std::vector<SnapshotGet>& gets) {
  std::vector<CancellationReason> reasons(gets.size());
  bool canceled = false;
  for (size_t i = 0; i < gets.size(); ++i) {
    if (!context.store->is_claimed(gets[i].table->items, gets[i].tree_key)) continue;
    reasons[i] = conflict_reason();
    canceled = true;
  }
  if (canceled) return transaction_canceled(std::move(reasons));
  return std::nullopt;
}

}  // namespace

SnapshotGet make_snapshot_get(TableRef table, index::PrimaryKey key) {
  SnapshotGet get{std::move(table), std::move(key), {}};
  get.tree_key = index::encode_tree_key(get.key);
  return get;
}

Outcome<TransactGetItemsResult> read_snapshot(const Context& context, const std::vector<SnapshotGet>& gets) {
  VARVE_RETURN_IF_FAILED(check_conflicts(context, gets));
  const std::unique_ptr<partition::Snapshot> snapshot = context.store->snapshot();
  TransactGetItemsResult result;
  result.items.reserve(gets.size());
  size_t total_bytes = 0;
  for (const SnapshotGet& get : gets) {
    StoredItem& item = result.items.emplace_back();
    VARVE_RETURN_IF_FAILED(read_item(context, *get.table, get.key, &item, snapshot->point()));
    const size_t size_bytes = item.found() ? item.view().size_bytes() : 0;
    total_bytes += size_bytes;
    if (total_bytes > kMaxTransactionBytes) {
      return validation_error("The aggregate size of the items in the transaction exceeds 4 MB");
    }
    add_transaction_units({get.table->description.name, read_units(size_bytes, true), {}},
                          &result.consumed_capacity);
  }
  return result;
}

}  // namespace varve::api::dynamo
