#include "api/dynamo/item_change.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/item_expiry.h"
#include "api/dynamo/item_stream.h"

namespace varve::api::dynamo {

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
  ConsumedCapacity consumed{table.description.name, write_units(before.size_bytes, after.size_bytes)};
  if (before == after) return consumed;
  if (after.found()) {
    batch->put(table.items, tree_key, after.encoded);
  } else {
    batch->remove(table.items, tree_key);
  }
  add_expiry_entries(*this, batch);
  add_stream_record(*this, batch);
  return consumed;
}

}  // namespace varve::api::dynamo
