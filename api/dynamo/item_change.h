// ItemChange: one item before and after a write, and everything that a write of it puts into its commit: the item itself, and
// whatever is derived from it. Every operation that writes items goes through add_to, so that table and derived entries are one
// log record and can never differ.
//
// It is called inside the commit's evaluation: `before` is the newest applied image of the item, and nothing else is read.
//
// The change of an index is the difference of the entries of the two images. That the index holds exactly the entry of `before` is not
// looked at, and need not be so while the index is being filled (api/dynamo/backfill.h): then the change removes what is not there, or
// leaves out an entry that stays the same, which the filling adds when it comes to the item.
//
// Threads: any (pure functions). Ownership: borrows all it names.
#pragma once

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/table.h"
#include "index/index_schema.h"
#include "index/item_image.h"
#include "index/item_view.h"
#include "partition/store.h"

namespace varve::api::dynamo {

using index::ItemImage;

// The item that a commit's evaluation is shown.
Result<ItemImage> image_of(const partition::Image& image);

struct ItemChange {
  const Table& table;
  Slice tree_key;
  ItemImage before;
  ItemImage after;
  index::ItemSource source = index::ItemSource::kPut;  // of `after`
  bool by_service = false;                             // an expired item's removal, which no client asked for

  // Adds what the change writes to the batch: nothing when the item stays as it is (equal items have equal bytes). The batch is void
  // once the table has a successor. Answers what the change consumes, as one that changes nothing does too. Refuses an item whose
  // attributes do not fit the keys of the table's indexes, and one that is too large together with its entries in local indexes.
  Outcome<ConsumedCapacity> add_to(partition::WriteBatch* batch) const;

 private:
  void add_index_changes(partition::WriteBatch* batch, ConsumedCapacity* consumed) const;
};

// The texts for attributes of an item that do not fit the keys of the table's indexes; of several indexes the first by name is told.
Failure check_index_keys(const Table& table, const index::ItemView& item, index::ItemSource source);
// Of those the ones for empty values, which refuse a transaction as a whole.
Failure check_index_keys_not_empty(const Table& table, const Item& item, index::ItemSource source);

// The ceiling of an item's size, which its entries in local indexes count towards.
Error item_too_large(index::ItemSource source);
Failure check_size_with_local_indexes(const Table& table, const ItemImage& item, index::ItemSource source);

// The table as it is now, for an evaluation that runs again because the table changed; ResourceNotFoundException when it was deleted.
Failure follow_table(TableRef* table);

}  // namespace varve::api::dynamo
