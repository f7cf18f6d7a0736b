#include "api/dynamo/stored_item.h"

namespace varve::api {

void StoredItem::reset() {
  found_ = false;
  pinned_.reset();
  owned_.clear();
  view_ = index::ItemView();
}

Status StoredItem::look() {
  auto view = index::ItemView::open(bytes());
  if (!view.ok()) return view.status();
  view_ = *view;
  found_ = true;
  return {};
}

Status StoredItem::pin_read() {
  owned_.clear();
  return look();
}

Status StoredItem::own(std::string encoded) {
  pinned_.reset();
  owned_ = std::move(encoded);
  return look();
}

StoredItem& StoredItem::operator=(StoredItem&& other) noexcept {
  if (this == &other) return *this;
  found_ = other.found_;
  pinned_ = std::move(other.pinned_);
  owned_ = std::move(other.owned_);
  // Short strings move by copy, so the view is taken anew from where the bytes are now.
  view_ = index::ItemView();
  if (found_) {
    auto view = index::ItemView::open(bytes());
    CHECK(view.ok());
    view_ = *view;
  }
  other.reset();
  return *this;
}

Slice EncodedItems::bytes(size_t i) const {
  const size_t begin = i == 0 ? 0 : ends_[i - 1];
  return Slice(bytes_).substr(begin, ends_[i] - begin);
}

index::ItemView EncodedItems::operator[](size_t i) const {
  const auto view = index::ItemView::open(bytes(i));
  return view.ok() ? *view : index::ItemView();
}

Result<std::vector<index::Item>> EncodedItems::decode_all() const {
  std::vector<index::Item> items;
  items.reserve(size());
  for (size_t i = 0; i < size(); ++i) {
    VARVE_ASSIGN_OR_RETURN(index::Item item, decode(i));
    items.push_back(std::move(item));
  }
  return items;
}

void EncodedItems::append(Slice encoded) {
  bytes_.append(encoded);
  ends_.push_back(bytes_.size());
}

}  // namespace varve::api
