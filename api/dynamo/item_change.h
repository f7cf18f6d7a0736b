// ItemChange: one item before and after a write, and everything that a write of it puts into its commit: the item itself, and
// whatever is derived from it. Every operation that writes items goes through add_to, so that table and derived entries are one
// log record and can never differ.
//
// It is called inside the commit's evaluation: `before` is the newest applied image of the item, and nothing else is read.
//
// Threads: any (pure functions). Ownership: borrows all it names.
#pragma once

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/table.h"
#include "index/item_view.h"
#include "partition/store.h"

namespace varve::api::dynamo {

// An item as it is stored, or none.
struct ItemImage {
  static Result<ItemImage> of(const partition::Image& image);
  // kCorruption unless `encoded` begins as an item does.
  static Result<ItemImage> of(Slice encoded);

  bool found() const { return !encoded.empty(); }
  bool operator==(const ItemImage& other) const { return encoded == other.encoded; }

  Slice encoded;         // empty when there is none
  index::ItemView view;  // without attributes when there is none
  size_t size_bytes = 0;
};

struct ItemChange {
  const Table& table;
  Slice tree_key;
  ItemImage before;
  ItemImage after;
  bool by_service = false;  // an expired item's removal, which no client asked for

  // Adds what the change writes to the batch: nothing when the item stays as it is (equal items have equal bytes). Answers what it
  // consumes, which a write that changes nothing does too.
  Outcome<ConsumedCapacity> add_to(partition::WriteBatch* batch) const;
};

}  // namespace varve::api::dynamo
