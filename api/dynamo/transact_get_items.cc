// TransactGetItems: up to 100 items over many tables as they were at one moment.
#include <set>

#include "api/dynamo/capacity.h"
#include "api/dynamo/item_read.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/transaction.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

// One member, validated.
struct Get {
  std::optional<expression::Projection> projection;
  TableRef table;
  index::PrimaryKey key;
  std::string tree_key;
};

Failure place(const TransactGetItemsRequest& request, std::vector<Get>* gets) {
  std::optional<std::pair<size_t, Error>> first_bad;
  std::set<std::pair<uint64_t, Slice>> seen;
  for (size_t i = 0; i < gets->size(); ++i) {
    Get& get = (*gets)[i];
    const GetItemRequest& member = request.gets[i];
    VARVE_RETURN_IF_FAILED(check_key_not_empty(get.table->description.key_schema, member.key));
    auto key = place_read(*get.table, member, get.projection);
    if (!key.ok()) {
      if (!first_bad) first_bad.emplace(i, std::move(key).error());
      continue;
    }
    get.key = std::move(key).value();
    get.tree_key = index::encode_tree_key(get.key);
    if (!seen.emplace(get.table->items.value, get.tree_key).second) return same_item_twice();
  }
  if (first_bad) return canceled_at(gets->size(), first_bad->first, first_bad->second);
  return std::nullopt;
}

Outcome<std::vector<Get>> prepare(const Context& context, const TransactGetItemsRequest& request) {
  VARVE_RETURN_IF_FAILED(check_transaction_length(request.gets.size()));
  std::vector<Get> gets(request.gets.size());
  for (const GetItemRequest& member : request.gets) {
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const Slice name,
                         table_name(member.table, TableNameUse::kExisting));
  }
  for (size_t i = 0; i < gets.size(); ++i) {
    VARVE_ASSIGN_OR_FAIL(gets[i].projection, bind_read(request.gets[i]));
  }
  for (size_t i = 0; i < gets.size(); ++i) {
    VARVE_ASSIGN_OR_FAIL(gets[i].table, context.table_for_items(request.gets[i].table));
  }
  VARVE_RETURN_IF_FAILED(place(request, &gets));
  return gets;
}

// The snapshot would show what was before; DynamoDB cancels a read that meets a transaction, and so do we.
Failure check_conflicts(const Context& context, const std::vector<Get>& gets) {
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

Outcome<TransactGetItemsResult> transact_get_items(const Context& context,
                                                   const TransactGetItemsRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const std::vector<Get> gets, prepare(context, request));
  VARVE_RETURN_IF_FAILED(check_conflicts(context, gets));
  const std::unique_ptr<partition::Snapshot> snapshot = context.store->snapshot();
  TransactGetItemsResult result;
  result.items.reserve(gets.size());
  size_t total_bytes = 0;
  for (const Get& get : gets) {
    StoredItem& item = result.items.emplace_back();
    VARVE_RETURN_IF_FAILED(read_item(context, *get.table, get.key, &item, snapshot->point()));
    const size_t size_bytes = item.found() ? item.view().size_bytes() : 0;
    total_bytes += size_bytes;
    if (total_bytes > kMaxTransactionBytes) {
      return validation_error("The aggregate size of the items in the transaction exceeds 4 MB");
    }
    add_units(get.table->description.name, kTransactionFactor * read_units(size_bytes, true),
              &result.consumed_capacity);
    if (!get.projection || !item.found()) continue;
    VARVE_RETURN_IF_FAILED(project_item(*get.projection, &item));
    // Unlike GetItem, nothing to show is as if nothing were there.
    if (item.view().size() == 0) item.reset();
  }
  return result;
}

}  // namespace varve::api::dynamo
