#include "api/dynamo/item_change.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/item_expiry.h"
#include "api/dynamo/item_stream.h"
#include "index/index_entry.h"

namespace varve::api::dynamo {
namespace {

// The refusal of the first index by name among those that `check` refuses.
template <typename Check>
Failure first_by_name(const Table& table, const Check& check) {
  Failure first;
  Slice first_name;
  for (size_t i = 0; i < table.index_count(); ++i) {
    const index::IndexSchema& schema = table.index(i).schema;
    if (first && first_name < schema.name) continue;
    Failure failure = failure_of(check(schema));
    if (!failure) continue;
    first = std::move(failure);
    first_name = schema.name;
  }
  return first;
}

}  // namespace

Result<ItemImage> image_of(const partition::Image& image) {
  return image.found ? ItemImage::of(image.value) : ItemImage();
}

Outcome<ConsumedCapacity> ItemChange::add_to(partition::WriteBatch* batch) const {
  batch->void_if(table.successor.flag());
  ConsumedCapacity consumed{table.description.name, write_units(before.size_bytes, after.size_bytes), {}};
  if (before == after) return consumed;
  if (after.found()) {
    VARVE_RETURN_IF_FAILED(check_index_keys(table, after.view, source));
    VARVE_RETURN_IF_FAILED(check_size_with_local_indexes(table, after, source));
    batch->put(table.items, tree_key, after.encoded);
  } else {
    batch->remove(table.items, tree_key);
  }
  add_index_changes(batch, &consumed);
  add_expiry_entries(*this, batch);
  add_stream_record(*this, batch);
  return consumed;
}

void ItemChange::add_index_changes(partition::WriteBatch* batch, ConsumedCapacity* consumed) const {
  const index::KeySchema& table_key = table.description.key_schema;
  for (size_t i = 0; i < table.index_count(); ++i) {
    const index::IndexSchema& schema = table.index(i).schema;
    const auto change = index::IndexChange::between(schema, table_key, tree_key, before, after);
    if (change.empty()) continue;
    double units = 0;
    if (change.removed_key.empty()) {
      units = write_units(change.before_bytes, change.after_bytes);
    } else {
      batch->remove(table.index_entries[i], change.removed_key);
      units = write_units(change.before_bytes, 0);
      if (change.put) units += write_units(0, change.after_bytes);
    }
    if (change.put) batch->put(table.index_entries[i], change.put->key(), change.put->value());
    if (units > 0) consumed->add_index(schema.name, schema.kind, units);
  }
}

Failure check_index_keys(const Table& table, const index::ItemView& item, index::ItemSource source) {
  return first_by_name(
      table, [&](const index::IndexSchema& schema) { return index::check_index_key(schema, item, source); });
}

Failure check_index_keys_not_empty(const Table& table, const Item& item, index::ItemSource source) {
  return first_by_name(table, [&](const index::IndexSchema& schema) {
    return index::check_index_key_not_empty(schema, item, source);
  });
}

Error item_too_large(index::ItemSource source) {
  return validation_error(source == index::ItemSource::kPut
                              ? "Item size has exceeded the maximum allowed size"
                              : "Item size to update has exceeded the maximum allowed size");
}

Failure check_size_with_local_indexes(const Table& table, const ItemImage& item, index::ItemSource source) {
  if (!table.has_local_index()) return std::nullopt;
  // No entry is larger than its item.
  if (item.size_bytes * (1 + table.index_count()) <= index::kMaxItemBytes) return std::nullopt;
  size_t size_bytes = item.size_bytes;
  for (size_t i = 0; i < table.index_count(); ++i) {
    const index::IndexSchema& schema = table.index(i).schema;
    if (schema.is_global()) break;  // local ones come first
    size_bytes += index::IndexEntry::size_bytes_of(schema, table.description.key_schema, item);
  }
  if (size_bytes > index::kMaxItemBytes) return item_too_large(source);
  return std::nullopt;
}

Failure follow_table(TableRef* table) {
  *table = newest(std::move(*table));
  if (*table == nullptr) return resource_not_found();
  return std::nullopt;
}

}  // namespace varve::api::dynamo
