// What a change of an item writes to its table's expiry index.
//
// Threads: any (pure function).
#pragma once

#include "api/dynamo/item_change.h"
#include "partition/store.h"

namespace varve::api::dynamo {

// The entry that says when an item expires; the sweep comes to look at its time again.
void put_expiry_entry(const TableExpiry& expiry, const index::Number& time, Slice tree_key,
                      partition::WriteBatch* batch);
// Adds to the batch what keeps the index equal to what the item says, when the table's items expire.
void add_expiry_entries(const ItemChange& change, partition::WriteBatch* batch);

}  // namespace varve::api::dynamo
