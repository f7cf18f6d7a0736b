// What a change of an item writes to its table's change stream, and to the queue of its Kinesis destination.
//
// Threads: any (pure function).
#pragma once

#include "api/dynamo/item_change.h"
#include "partition/store.h"

namespace varve::api::dynamo {

// Adds the record of a change that is one (before != after) to the batch, for each of the two that the table has.
void add_stream_record(const ItemChange& change, partition::WriteBatch* batch);

}  // namespace varve::api::dynamo
