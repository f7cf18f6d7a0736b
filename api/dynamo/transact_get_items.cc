// TransactGetItems: up to 100 items over many tables as they were at one moment.
#include "api/dynamo/item_read.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/snapshot_read.h"
#include "api/dynamo/transaction.h"

namespace varve::api::dynamo {
namespace {

using Projections = std::vector<std::optional<expression::Projection>>;

Outcome<std::vector<SnapshotGet>> place(const TransactGetItemsRequest& request,
                                        const std::vector<TableRef>& tables, const Projections& projections) {
  std::vector<SnapshotGet> gets;
  gets.reserve(tables.size());  // ItemsSeen borrows their keys
  std::optional<std::pair<size_t, Error>> first_bad;
  ItemsSeen seen;
  for (size_t i = 0; i < tables.size(); ++i) {
    const GetItemRequest& member = request.gets[i];
    VARVE_RETURN_IF_FAILED(check_key_not_empty(tables[i]->description.key_schema, member.key));
    auto key = place_read(*tables[i], member, projections[i]);
    if (!key.ok()) {
      if (!first_bad) first_bad.emplace(i, std::move(key).error());
      continue;
    }
    gets.push_back(make_snapshot_get(tables[i], std::move(key).value()));
    VARVE_RETURN_IF_FAILED(seen.add(gets.back().commit_key()));
  }
  if (first_bad) return canceled_at(tables.size(), first_bad->first, first_bad->second);
  return gets;
}

Outcome<std::vector<SnapshotGet>> prepare(const Context& context, const TransactGetItemsRequest& request,
                                          Projections* projections) {
  VARVE_RETURN_IF_FAILED(check_transaction_length(request.gets.size(), "transactItems"));
  for (size_t i = 0; i < request.gets.size(); ++i) {
    const std::string path = "transactItems." + std::to_string(i + 1) + ".member.get.tableName";
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const Slice name,
                         table_name(request.gets[i].table, TableNameUse::kExisting, path));
  }
  for (const GetItemRequest& member : request.gets) {
    VARVE_ASSIGN_OR_FAIL(projections->emplace_back(), bind_read(context, member));
  }
  std::vector<TableRef> tables;
  for (const GetItemRequest& member : request.gets) {
    VARVE_ASSIGN_OR_FAIL(tables.emplace_back(), context.table_for_items(member.table));
  }
  return place(request, tables, *projections);
}

}  // namespace

Outcome<TransactGetItemsResult> transact_get_items(const Context& context,
                                                   const TransactGetItemsRequest& request) {
  Projections projections;
  VARVE_ASSIGN_OR_FAIL(const std::vector<SnapshotGet> gets, prepare(context, request, &projections));
  VARVE_ASSIGN_OR_FAIL(TransactGetItemsResult result, read_snapshot(context, gets));
  for (size_t i = 0; i < gets.size(); ++i) {
    StoredItem& item = result.items[i];
    if (!projections[i] || !item.found()) continue;
    VARVE_RETURN_IF_FAILED(project_item(*projections[i], &item));
    // Unlike GetItem, nothing to show is as if nothing were there.
    if (item.view().size() == 0) item.reset();
  }
  return result;
}

}  // namespace varve::api::dynamo
