// IndexEntry: what a secondary index holds of one item. Its key is the item's values of the index's key attributes and then the
// item's own key, so that it is unique and equal index keys are ordered by the table's; its value is the projected part of
// the item, encoded as an item, so that filters and projections read it in place (bytes: FORMAT.md).
//
// An entry is a function of the item alone. So the change of an index (IndexChange) is the difference between the entries of the item
// before and after, and an index rebuilt from the table is the same to the byte.
//
// Threads: any. Ownership: an entry of an index that projects everything borrows the item's bytes; others own theirs.
#pragma once

#include <optional>
#include <string>

#include "base/slice.h"
#include "index/index_schema.h"
#include "index/item_image.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::index {

class IndexEntry {
 public:
  // item: an encoded item of the table, and item_key its key in the table's tree. nullopt when the item is not in the index: a key attribute is
  // missing, or has a value that no write could have given it while the index was there (check_index_key).
  static std::optional<IndexEntry> of(const IndexSchema& index, const KeySchema& table, Slice item_key,
                                      Slice item);

  Slice key() const { return key_; }
  Slice value() const { return whole_.empty() ? Slice(projected_) : whole_; }
  // DynamoDB's size of the value.
  size_t size_bytes() const;
  // The same of an item's entry that nobody needs otherwise; 0: the item is not in the index.
  static size_t size_bytes_of(const IndexSchema& index, const KeySchema& table, const ItemImage& item);

 private:
  friend struct IndexChange;
  std::string key_;
  Slice whole_;  // the item's bytes, when all is projected; never empty then
  std::string projected_;
};

// What a change of one item changes in an index. Nothing is built of what stays as it is: an index that the change does not touch costs
// looking at its key attributes and at what it projects.
struct IndexChange {
  // item_key: of both images, one of which may be none.
  static IndexChange between(const IndexSchema& index, const KeySchema& table, Slice item_key,
                             const ItemImage& before, const ItemImage& after);

  bool empty() const { return removed_key.empty() && !put; }

  std::string removed_key;        // of the entry that goes; empty: none does
  std::optional<IndexEntry> put;  // the entry that comes, or whose value changes
  // DynamoDB's sizes of the entries before and after; 0: the item was or is not in the index. Not told of an empty change.
  size_t before_bytes = 0;
  size_t after_bytes = 0;
};

}  // namespace varve::index
