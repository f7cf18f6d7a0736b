#include "api/dynamo/item_collection.h"

#include <algorithm>
#include <cmath>

#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

constexpr double kGigabyte = 1u << 30;

double bytes_of(partition::Store* store, KeyspaceId keyspace) {
  const auto counted = store->keyspace_statistics(keyspace);
  return counted.ok() ? static_cast<double>(counted->memtable_bytes + counted->file_bytes) : 0;
}

}  // namespace

std::optional<ItemCollectionMetrics> collection_metrics(partition::Store* store, const Table& table,
                                                        Slice tree_key) {
  if (!table.has_local_index()) return std::nullopt;
  const index::KeySchema& schema = table.description.key_schema;
  const auto key = index::decode_tree_key(schema, tree_key);
  if (!key.ok()) return std::nullopt;
  double bytes = bytes_of(store, table.items);
  for (size_t i = 0; i < table.index_count(); ++i) {
    if (!table.index(i).schema.is_global()) bytes += bytes_of(store, table.index_entries[i]);
  }
  ItemCollectionMetrics metrics;
  metrics.key.set(schema.partition.name, key->partition);
  metrics.upper_gigabytes = std::max(1.0, std::ceil(bytes / kGigabyte));
  return metrics;
}

void add_collection_metrics(partition::Store* store, const Table& table, Slice tree_key,
                            TableCollectionMetrics* tables) {
  auto metrics = collection_metrics(store, table, tree_key);
  if (!metrics) return;
  auto list = std::find_if(tables->begin(), tables->end(),
                           [&](const auto& entry) { return entry.first == table.description.name; });
  if (list == tables->end()) list = tables->insert(tables->end(), {table.description.name, {}});
  const auto same = [&](const ItemCollectionMetrics& seen) { return seen.key == metrics->key; };
  if (std::none_of(list->second.begin(), list->second.end(), same)) {
    list->second.push_back(*std::move(metrics));
  }
}

}  // namespace varve::api::dynamo
