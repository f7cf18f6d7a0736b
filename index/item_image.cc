#include "index/item_image.h"

namespace varve::index {

Result<ItemImage> ItemImage::of(Slice encoded) {
  ItemImage image;
  image.encoded = encoded;
  VARVE_ASSIGN_OR_RETURN(image.view, ItemView::open(encoded));
  image.size_bytes = image.view.size_bytes();
  return image;
}

}  // namespace varve::index
