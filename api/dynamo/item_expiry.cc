#include "api/dynamo/item_expiry.h"

#include "index/expiry_entry.h"

namespace varve::api::dynamo {

void add_expiry_entries(const ItemChange& change, partition::WriteBatch* batch) {
  if (!change.table.expiry) return;
  const TableExpiry& expiry = *change.table.expiry;
  const auto before = index::time_to_live(change.before.view, expiry.attribute);
  const auto after = index::time_to_live(change.after.view, expiry.attribute);
  if (before == after) return;
  if (before) batch->remove(expiry.entries, index::encode_expiry_key(*before, change.tree_key));
  if (after) batch->put(expiry.entries, index::encode_expiry_key(*after, change.tree_key), {});
}

}  // namespace varve::api::dynamo
