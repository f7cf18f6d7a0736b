#include "api/dynamo/item_expiry.h"

#include <cstdlib>

#include "index/expiry_entry.h"

namespace varve::api::dynamo {

void put_expiry_entry(const TableExpiry& expiry, const index::Number& time, Slice tree_key,
                      partition::WriteBatch* batch) {
  batch->put(expiry.entries, index::encode_expiry_key(time, tree_key), {});
  // The whole part, or the nearest that fits. What lies before 1970 never expires.
  if (time < index::Number(expiry.floor->seconds())) {
    expiry.floor->lower(std::strtoll(time.to_string().c_str(), nullptr, 10));
  }
}

void add_expiry_entries(const ItemChange& change, partition::WriteBatch* batch) {
  if (!change.table.expiry) return;
  const TableExpiry& expiry = *change.table.expiry;
  const auto before = index::time_to_live(change.before.view, expiry.attribute);
  const auto after = index::time_to_live(change.after.view, expiry.attribute);
  if (before == after) return;
  if (before) batch->remove(expiry.entries, index::encode_expiry_key(*before, change.tree_key));
  if (after) put_expiry_entry(expiry, *after, change.tree_key, batch);
}

}  // namespace varve::api::dynamo
