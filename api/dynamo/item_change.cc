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

Result<ItemImage> ItemImage::of(const partition::Image& image) {
  return image.found ? of(image.value) : ItemImage();
}

Result<ItemImage> ItemImage::of(Slice encoded) {
  ItemImage image;
  image.encoded = encoded;
  VARVE_ASSIGN_OR_RETURN(image.view, index::ItemView::open(encoded));
  image.size_bytes = image.view.size_bytes();
  return image;
}

Outcome<ConsumedCapacity> ItemChange::add_to(partition::WriteBatch* batch) const {
  batch->void_if(table.successor.flag());
  ConsumedCapacity consumed{table.description.name, write_units(before.size_bytes, after.size_bytes), {}};
  if (before == after) return consumed;
  if (after.found()) {
    VARVE_RETURN_IF_FAILED(check_index_keys(table, after.view, source));
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
    const auto entry_of = [&](const ItemImage& image) -> std::optional<index::IndexEntry> {
      if (!image.found()) return std::nullopt;
      return index::IndexEntry::of(schema, table_key, tree_key, image.encoded);
    };
    const auto was = entry_of(before);
    const auto is = entry_of(after);
    double units = 0;
    if (was && is && was->key() == is->key()) {
      if (was->value() == is->value()) continue;
      units = write_units(was->size_bytes(), is->size_bytes());
    } else {
      if (was) {
        batch->remove(table.index_entries[i], was->key());
        units += write_units(was->size_bytes(), 0);
      }
      if (is) units += write_units(0, is->size_bytes());
    }
    if (is) batch->put(table.index_entries[i], is->key(), is->value());
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

Failure follow_table(TableRef* table) {
  *table = newest(std::move(*table));
  if (*table == nullptr) return resource_not_found();
  return std::nullopt;
}

}  // namespace varve::api::dynamo
