#include "index/index_entry.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::index {
namespace {

// An item's values of an index's key attributes, in their order. Borrows the item's bytes.
class KeyValues {
 public:
  // nullopt when the item is not in the index.
  static std::optional<KeyValues> of(const IndexSchema& index, const ItemView& item) {
    KeyValues values;
    size_t bytes = 0;
    if (!values.add(index.partition, item, &bytes) || bytes > kMaxPartitionKeyBytes) return std::nullopt;
    bytes = 0;
    if (!values.add(index.sort, item, &bytes) || bytes > kMaxSortKeyBytes) return std::nullopt;
    return values;
  }

  bool operator==(const KeyValues& other) const {
    const auto equal = [](const ValueView& a, const ValueView& b) { return a.payload() == b.payload(); };
    return std::equal(values_.begin(), values_.begin() + count_, other.values_.begin(),
                      other.values_.begin() + other.count_, equal);
  }

  // The key of the item's entry.
  std::string entry_key(const IndexSchema& index, Slice item_key) const {
    CHECK(item_key.size() > kKeyHashBytes);
    std::string key;
    size_t payloads = 0;
    for (size_t i = 0; i < count_; ++i) payloads += values_[i].payload().size() + 2;
    key.reserve(item_key.size() + payloads);
    begin_tree_key(&key);
    for (size_t i = 0; i < count_; ++i) {
      if (i == index.partition.size()) finish_partition_prefix(&key);
      append_key_component(values_[i], &key);
    }
    if (index.sort.empty()) finish_partition_prefix(&key);
    key.append(item_key.substr(kKeyHashBytes));
    return key;
  }

 private:
  // Adds up the sizes of S and B as check_index_key does, whose refusals these are.
  bool add(const std::vector<KeyAttribute>& part, const ItemView& item, size_t* bytes) {
    for (const KeyAttribute& attribute : part) {
      const auto value = item.find(attribute.name);
      if (!value || !value->is(attribute.type)) return false;
      if (attribute.type != AttributeType::kNumber) {
        if (value->payload().empty()) return false;
        *bytes += value->payload().size();
      }
      CHECK(count_ < values_.size());
      values_[count_++] = *value;
    }
    return true;
  }

  std::array<ValueView, 2 * kMaxIndexKeyAttributes> values_;
  size_t count_ = 0;
};

// In ascending order, none twice. Of an index that does not project everything.
std::vector<Slice> projected_names(const IndexSchema& index, const KeySchema& table) {
  std::vector<Slice> names;
  names.reserve(index.partition.size() + index.sort.size() + 2 + index.non_key_attributes.size());
  for (const KeyAttribute& attribute : index.partition) names.push_back(attribute.name);
  for (const KeyAttribute& attribute : index.sort) names.push_back(attribute.name);
  names.push_back(table.partition.name);
  if (table.sort) names.push_back(table.sort->name);
  names.insert(names.end(), index.non_key_attributes.begin(), index.non_key_attributes.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

size_t size_of_attributes(const ItemView& item, std::span<const Slice> names) {
  size_t size = 0;
  for (const Slice name : names) {
    if (const auto value = item.find(name)) size += name.size() + value->size_bytes();
  }
  return size;
}

// Of two items whose keys in the table and in the index are equal.
bool projects_the_same(const IndexSchema& index, const ItemImage& a, const ItemImage& b) {
  if (index.projection == ProjectionType::kAll) return a == b;
  return std::all_of(
      index.non_key_attributes.begin(), index.non_key_attributes.end(),
      [&](const std::string& name) { return a.view.find_encoded(name) == b.view.find_encoded(name); });
}

}  // namespace

std::optional<IndexEntry> IndexEntry::of(const IndexSchema& index, const KeySchema& table, Slice item_key,
                                         Slice item) {
  const auto view = ItemView::open(item);
  if (!view.ok()) return std::nullopt;
  const auto values = KeyValues::of(index, *view);
  if (!values) return std::nullopt;
  IndexEntry entry;
  entry.key_ = values->entry_key(index, item_key);
  if (index.projection == ProjectionType::kAll) {
    entry.whole_ = item;
  } else {
    entry.projected_ = encode_part(*view, projected_names(index, table));
  }
  return entry;
}

size_t IndexEntry::size_bytes() const {
  const auto view = ItemView::open(value());
  return view.ok() ? view->size_bytes() : 0;
}

size_t IndexEntry::size_bytes_of(const IndexSchema& index, const KeySchema& table, const ItemImage& item) {
  if (!KeyValues::of(index, item.view)) return 0;
  if (index.projection == ProjectionType::kAll) return item.size_bytes;
  return size_of_attributes(item.view, projected_names(index, table));
}

IndexChange IndexChange::between(const IndexSchema& index, const KeySchema& table, Slice item_key,
                                 const ItemImage& before, const ItemImage& after) {
  IndexChange change;
  const auto values_of = [&](const ItemImage& image) {
    return image.found() ? KeyValues::of(index, image.view) : std::nullopt;
  };
  const auto was = values_of(before);
  const auto is = values_of(after);
  const bool same_key = was && is && *was == *is;
  if ((!was && !is) || (same_key && projects_the_same(index, before, after))) return change;

  if (was && !same_key) change.removed_key = was->entry_key(index, item_key);
  const bool projects_all = index.projection == ProjectionType::kAll;
  const std::vector<Slice> names = projects_all ? std::vector<Slice>() : projected_names(index, table);
  const auto size_of = [&](const ItemImage& image) {
    return projects_all ? image.size_bytes : size_of_attributes(image.view, names);
  };
  if (was) change.before_bytes = size_of(before);
  if (is) {
    change.after_bytes = size_of(after);
    change.put.emplace();
    change.put->key_ = is->entry_key(index, item_key);
    if (projects_all) {
      change.put->whole_ = after.encoded;
    } else {
      change.put->projected_ = encode_part(after.view, names);
    }
  }
  return change;
}

}  // namespace varve::index
