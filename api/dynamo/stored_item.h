// StoredItem: one item as it is stored, read in place. It pins the cache block or memtable that holds the bytes, or owns them,
// so that a GetItem whose block is cached copies and allocates nothing. EncodedItems: many items one after the other, as a page
// of Query or Scan holds them; decoding is left to whoever wants owned values.
//
// Threads: one at a time. Ownership: a StoredItem pins memory of the store: let go of it soon, and before the Database closes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"
#include "index/item_codec.h"
#include "index/item_view.h"
#include "lsm/pinned_value.h"

namespace varve::api {

class StoredItem {
 public:
  bool found() const { return found_; }
  // Valid until this object is reset, moved or destroyed; the item without attributes when there is none.
  const index::ItemView& view() const { return view_; }
  // An owned copy.
  Result<index::Item> decode() const { return index::decode_item(bytes()); }
  Slice bytes() const { return owned_.empty() ? pinned_.slice() : Slice(owned_); }

  // Nothing found; releases what was pinned.
  void reset();
  // Where the store puts the bytes; pin_read() then says that it did. kCorruption when they are no item.
  lsm::PinnedValue* pin_target() { return &pinned_; }
  Status pin_read();
  // A buffer for the tree key of the read, kept from read to read.
  std::string* key_buffer() { return &key_buffer_; }
  // Takes ownership of an encoded item.
  Status own(std::string encoded);

  StoredItem() = default;
  StoredItem(StoredItem&& other) noexcept { *this = std::move(other); }
  StoredItem& operator=(StoredItem&& other) noexcept;
  StoredItem(const StoredItem&) = delete;
  StoredItem& operator=(const StoredItem&) = delete;
  ~StoredItem() = default;

 private:
  Status look();
  bool found_ = false;
  lsm::PinnedValue pinned_;
  std::string owned_;  // an encoded item is never empty, so empty means pinned
  index::ItemView view_;
  std::string key_buffer_;
};

class EncodedItems {
 public:
  size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  // Borrowed from this object.
  index::ItemView operator[](size_t i) const;
  // for (const index::ItemView item : page.items) ...
  class Iterator {
   public:
    Iterator(const EncodedItems* items, size_t at) : items_(items), at_(at) {}
    index::ItemView operator*() const { return (*items_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const EncodedItems* items_;
    size_t at_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }
  Result<index::Item> decode(size_t i) const { return index::decode_item(bytes(i)); }
  // All of them, owned. kCorruption names the first that is damaged.
  Result<std::vector<index::Item>> decode_all() const;

  // One of them as it is stored.
  Slice bytes(size_t i) const;

  void append(Slice encoded);

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace varve::api
