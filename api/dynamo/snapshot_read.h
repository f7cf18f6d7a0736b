// Reading many items by their keys as they were at one moment: what TransactGetItems and the SELECTs of ExecuteTransaction share.
//
// Threads: any (pure functions over the store).
#pragma once

#include <string>
#include <vector>

#include "api/dynamo/context.h"
#include "api/dynamo/requests.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

// One item to read. Not moved once read_snapshot or a key of it is in use.
struct SnapshotGet {
  TableRef table;
  index::PrimaryKey key;
  std::string tree_key;

  partition::CommitKey commit_key() const { return {table->items, tree_key}; }
};
SnapshotGet make_snapshot_get(TableRef table, index::PrimaryKey key);

// The whole items, in the order of `gets`, and what they cost. TransactionCanceledException when a transaction holds one of them: a
// snapshot would show what was before; DynamoDB cancels a read that meets a transaction, and so do we. At most 4 MB.
Outcome<TransactGetItemsResult> read_snapshot(const Context& context, const std::vector<SnapshotGet>& gets);

}  // namespace varve::api::dynamo
