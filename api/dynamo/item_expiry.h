// What a change of an item writes to its table's expiry index.
//
// Threads: any (pure function).
#pragma once

#include "api/dynamo/item_change.h"
#include "partition/store.h"

namespace varve::api::dynamo {

// Adds to the batch what keeps the index equal to what the item says, when the table's items expire.
void add_expiry_entries(const ItemChange& change, partition::WriteBatch* batch);

}  // namespace varve::api::dynamo
