// Item collections of tables with local indexes: what ItemCollectionMetrics tells of one that a write touched.
//
// Sizes of single collections are not kept. The estimate is the range from nothing to the whole gigabytes of the table and its local
// indexes together, which no collection exceeds: [0, 1] for every table below a gigabyte.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/requests.h"
#include "api/dynamo/table.h"
#include "partition/store.h"

namespace varve::api::dynamo {

// Of the collection of the item under a tree key; nullopt when the table has no local index.
std::optional<ItemCollectionMetrics> collection_metrics(partition::Store* store, const Table& table,
                                                        Slice tree_key);

// Adds those of an item, once for each collection, to its table's list.
void add_collection_metrics(partition::Store* store, const Table& table, Slice tree_key,
                            TableCollectionMetrics* tables);

}  // namespace varve::api::dynamo
