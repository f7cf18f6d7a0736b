#include "index/index_entry.h"

#include "base/check.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::index {

std::optional<IndexEntry> IndexEntry::of(const IndexSchema& index, const KeySchema& table, Slice item_key,
                                         Slice item) {
  const auto view = ItemView::open(item);
  if (!view.ok()) return std::nullopt;
  for (const std::vector<KeyAttribute>* part : {&index.partition, &index.sort}) {
    for (const KeyAttribute& attribute : *part) {
      if (!view->find(attribute.name)) return std::nullopt;
    }
  }
  if (!check_index_key(index, *view, ItemSource::kPut).ok()) return std::nullopt;
  IndexEntry entry;
  const auto append = [&](const std::vector<KeyAttribute>& part) {
    for (const KeyAttribute& attribute : part) append_key_component(*view->find(attribute.name), &entry.key_);
  };
  begin_tree_key(&entry.key_);
  append(index.partition);
  finish_partition_prefix(&entry.key_);
  append(index.sort);
  CHECK(item_key.size() > kKeyHashBytes);
  entry.key_.append(item_key.substr(kKeyHashBytes));
  if (index.projection == ProjectionType::kAll) {
    entry.whole_ = item;
  } else {
    entry.projected_ = encode_part(*view, [&](Slice name) { return index.projects(name, table); });
  }
  return entry;
}

size_t IndexEntry::size_bytes() const {
  const auto view = ItemView::open(value());
  return view.ok() ? view->size_bytes() : 0;
}

}  // namespace varve::index
