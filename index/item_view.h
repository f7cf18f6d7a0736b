// Reading an encoded item in place: attributes are found by binary search in the item's directory and values are looked
// at where they lie, so that a filter or a projection touches only what it names and allocates nothing.
//
// ItemView and ValueView borrow the bytes. They are memory-safe on any bytes whatsoever: what is malformed
// reads as missing, empty or zero, never beyond the end. They do not report damage, because the block the
// bytes came from was checksummed; decode_item and validate_item (index/item_codec.h) do, with the offset.
//
// Three ways to a value: as_*() of a ValueView whose type was asked for, for those who checked; find(), which says whether there is
// one; and get_*(), which answer an error with the attribute's name and type: kNotFound `there is no attribute "a"`,
// kInvalidArgument `attribute "a" is N, not S`. Only errors allocate.
//
//   for (const auto [name, value] : item) ...                   // the attributes, by name
//   VARVE_ASSIGN_OR_RETURN(Slice city, item.get_string("City"));
//   VARVE_ASSIGN_OR_RETURN(Elements tags, item.get_set("Tags"));
//   for (const ValueView tag : tags) ...
//
// The encoding is canonical (equal values, equal bytes), so equality is one memcmp, and S, N and B compare as bytes.
#pragma once

#include <compare>
#include <optional>

#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"

namespace varve::index {

// The directory shared by lists, maps and sets (FORMAT.md "Container"): width, count, ends, entries.
class ContainerView {
 public:
  ContainerView() = default;  // empty
  // Empty when the header or the directory's size does not fit the bytes.
  explicit ContainerView(Slice bytes);
  size_t size() const { return count_; }
  // Entry i's bytes; empty when its ends are out of order.
  Slice entry(size_t i) const;
  // Calls visit(entry) for each in order. Stops where the ends go backwards, so the entries visited never
  // overlap and a walk over nested containers is linear in the bytes.
  template <typename Visit>
  void for_each(Visit visit) const {
    size_t begin = 0;
    for (size_t i = 0; i < count_; ++i) {
      const size_t end = end_offset(i);
      if (end < begin || end > entries_.size()) return;
      visit(entries_.substr(begin, end - begin));
      begin = end;
    }
  }
  // Where entry i says it ends, counted from the first entry; i < size(). Whoever checks the directory asks.
  size_t end_offset(size_t i) const;

 private:
  const char* directory_ = nullptr;
  Slice entries_;
  uint32_t count_ = 0;
  uint32_t width_ = 1;
};

class ValueView;
class Elements;
struct AttributeView;

// Walks what has size() and operator[]. Borrows what the view borrows, not the view.
template <typename View, typename Entry>
class IndexIterator {
 public:
  IndexIterator(const View& view, size_t at) : view_(view), at_(at) {}
  Entry operator*() const { return view_[at_]; }
  IndexIterator& operator++() {
    ++at_;
    return *this;
  }
  bool operator==(const IndexIterator& other) const { return at_ == other.at_; }

 private:
  View view_;
  size_t at_;
};

// The attributes of an item or of a nested map.
class MapView {
 public:
  MapView() = default;
  explicit MapView(Slice container) : container_(container) {}
  size_t size() const { return container_.size(); }
  Slice name(size_t i) const;
  ValueView value(size_t i) const;
  std::optional<ValueView> find(Slice name) const;
  // The attribute's name and value as they are encoded, one after the other; empty when there is none.
  Slice find_encoded(Slice name) const;

  AttributeView operator[](size_t i) const;
  IndexIterator<MapView, AttributeView> begin() const { return {*this, 0}; }
  IndexIterator<MapView, AttributeView> end() const { return {*this, size()}; }

  Result<ValueView> get(Slice name) const;
  Result<Slice> get_string(Slice name) const;
  Result<Number> get_number(Slice name) const;
  Result<int64_t> get_int64(Slice name) const;  // N without fraction, within 64 bits
  Result<Slice> get_binary(Slice name) const;
  Result<bool> get_bool(Slice name) const;
  Result<Elements> get_list(Slice name) const;
  Result<MapView> get_map(Slice name) const;
  Result<Elements> get_set(Slice name) const;  // SS, NS or BS

  // The names' and values' sizes, and per_entry for each.
  size_t size_bytes(size_t per_entry, size_t depth = 0) const;

 private:
  ContainerView container_;
};

class ValueView {
 public:
  ValueView() = default;  // NULL
  ValueView(AttributeType type, Slice payload) : type_(type), payload_(payload) {}
  // From an encoded value: tag, then payload. An unknown tag reads as NULL.
  static ValueView from_encoded(Slice encoded);

  AttributeType type() const { return type_; }
  bool is(AttributeType t) const { return type_ == t; }
  Slice payload() const { return payload_; }

  bool as_bool() const { return !payload_.empty() && payload_[0] != 0; }
  Slice as_string() const { return payload_; }
  Slice as_binary() const { return payload_; }
  Number as_number() const;  // zero when malformed

  // L, M and sets: the number of elements. 0 for others.
  size_t element_count() const;
  ValueView list_element(size_t i) const;               // L; i < element_count()
  MapView as_map() const { return MapView(payload_); }  // M
  // Sets: element i as an S, N or B.
  ValueView set_element(size_t i) const;
  // Sets: by binary search.
  bool set_contains(const ValueView& element) const;

  // Steps that do not apply are missing: a name on anything but a map, an index beyond the end or not on a list.
  std::optional<ValueView> member(Slice name) const;
  std::optional<ValueView> element(size_t i) const;

  bool operator==(const ValueView& other) const { return type_ == other.type_ && payload_ == other.payload_; }
  // As of MapView, without a name: "is N, not S".
  Result<Slice> get_string() const;
  Result<Number> get_number() const;
  Result<int64_t> get_int64() const;
  Result<Slice> get_binary() const;
  Result<bool> get_bool() const;
  Result<Elements> get_list() const;
  Result<MapView> get_map() const;
  Result<Elements> get_set() const;

  // S, N and B of one type; unordered otherwise.
  std::partial_ordering compare(const ValueView& other) const;

  // DynamoDB's size of the value. What lies deeper than an item may nest does not count.
  size_t size_bytes() const { return size_bytes_at(0); }
  Result<AttributeValue> decode() const;

 private:
  friend class MapView;
  size_t size_bytes_at(size_t depth) const;

  AttributeType type_ = AttributeType::kNull;
  Slice payload_;
};

struct AttributeView {
  Slice name;
  ValueView value;
};

// The elements of a list in order, or of a set in its canonical order.
class Elements {
 public:
  Elements() = default;  // none
  // value: of type L, SS, NS or BS.
  explicit Elements(const ValueView& value) : value_(value), count_(value.element_count()) {}
  size_t size() const { return count_; }
  ValueView operator[](size_t i) const {
    return value_.is(AttributeType::kList) ? value_.list_element(i) : value_.set_element(i);
  }
  IndexIterator<Elements, ValueView> begin() const { return {*this, 0}; }
  IndexIterator<Elements, ValueView> end() const { return {*this, count_}; }

 private:
  ValueView value_;
  size_t count_ = 0;
};

// One encoded item. A default one is the item that does not exist: it has no attributes.
class ItemView {
 public:
  ItemView() = default;
  // Checks the version byte; kCorruption otherwise.
  static Result<ItemView> open(Slice encoded);

  size_t size() const { return attributes_.size(); }
  Slice name(size_t i) const { return attributes_.name(i); }
  ValueView value(size_t i) const { return attributes_.value(i); }
  std::optional<ValueView> find(Slice name) const { return attributes_.find(name); }
  Slice find_encoded(Slice name) const { return attributes_.find_encoded(name); }
  const MapView& attributes() const { return attributes_; }

  IndexIterator<MapView, AttributeView> begin() const { return attributes_.begin(); }
  IndexIterator<MapView, AttributeView> end() const { return attributes_.end(); }
  Result<ValueView> get(Slice name) const { return attributes_.get(name); }
  Result<Slice> get_string(Slice name) const { return attributes_.get_string(name); }
  Result<Number> get_number(Slice name) const { return attributes_.get_number(name); }
  Result<int64_t> get_int64(Slice name) const { return attributes_.get_int64(name); }
  Result<Slice> get_binary(Slice name) const { return attributes_.get_binary(name); }
  Result<bool> get_bool(Slice name) const { return attributes_.get_bool(name); }
  Result<Elements> get_list(Slice name) const { return attributes_.get_list(name); }
  Result<MapView> get_map(Slice name) const { return attributes_.get_map(name); }
  Result<Elements> get_set(Slice name) const { return attributes_.get_set(name); }

  // The same as item_size_bytes(decode_item(encoded)), in place.
  size_t size_bytes() const;

 private:
  explicit ItemView(Slice container) : attributes_(container) {}
  MapView attributes_;
};

}  // namespace varve::index
