// IndexEntry: what a secondary index holds of one item. Its key is the item's values of the index's key attributes and then the
// item's own key, so that it is unique and equal index keys are ordered by the table's; its value is the projected part of
// the item, encoded as an item, so that filters and projections read it in place (bytes: FORMAT.md).
//
// An entry is a function of the item alone. So the change of an index is the difference between the entries of the item before and
// after, and an index rebuilt from the table is the same to the byte.
//
// Threads: any. Ownership: an entry of an index that projects everything borrows the item's bytes; others own theirs.
#pragma once

#include <optional>
#include <string>

#include "base/slice.h"
#include "index/index_schema.h"
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

 private:
  std::string key_;
  Slice whole_;  // the item's bytes, when all is projected; never empty then
  std::string projected_;
};

}  // namespace varve::index
