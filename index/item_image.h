// ItemImage: an item as it is stored, opened for reading, or none: one side of a change.
//
// Threads: any; a value. Ownership: borrows the bytes.
#pragma once

#include "base/result.h"
#include "base/slice.h"
#include "index/item_view.h"

namespace varve::index {

struct ItemImage {
  // kCorruption unless `encoded` begins as an item does.
  static Result<ItemImage> of(Slice encoded);

  bool found() const { return !encoded.empty(); }
  bool operator==(const ItemImage& other) const { return encoded == other.encoded; }

  Slice encoded;          // empty when there is none
  ItemView view;          // without attributes when there is none
  size_t size_bytes = 0;  // DynamoDB's
};

}  // namespace varve::index
