#include "index/item_view.h"

#include <algorithm>

#include "base/coding.h"
#include "index/item_codec.h"

namespace varve::index {

namespace {

uint32_t load_width(const char* at, uint32_t width) {
  switch (width) {
    case 1:
      return static_cast<uint8_t>(*at);
    case 2:
      return load_little<uint16_t>(at);
    default:
      return load_little<uint32_t>(at);
  }
}

// Splits a map entry into its name and the encoded value behind it; empty when malformed.
Slice split_name(Slice entry, Slice* encoded_value) {
  // Nearly every name is so short that its length is one byte.
  if (!entry.empty() && static_cast<uint8_t>(entry[0]) < std::min<size_t>(entry.size(), 0x80)) {
    const size_t length = static_cast<uint8_t>(entry[0]);
    *encoded_value = entry.substr(1 + length);
    return entry.substr(1, length);
  }
  ByteReader reader(entry);
  const Slice name = reader.string();
  *encoded_value = reader.rest();
  return name;
}

AttributeType element_type(AttributeType set) {
  switch (set) {
    case AttributeType::kStringSet:
      return AttributeType::kString;
    case AttributeType::kNumberSet:
      return AttributeType::kNumber;
    default:
      return AttributeType::kBinary;
  }
}

// The first of n for which before(i) is false.
template <typename Before>
size_t binary_search(size_t n, Before before) {
  size_t low = 0;
  while (low < n) {
    const size_t middle = low + (n - low) / 2;
    if (before(middle)) {
      low = middle + 1;
    } else {
      n = middle;
    }
  }
  return low;
}

}  // namespace

ContainerView::ContainerView(Slice bytes) {
  if (bytes.empty()) return;
  const auto width = static_cast<uint8_t>(bytes[0]);
  if ((width != 1 && width != 2 && width != 4) || bytes.size() < 1u + width) return;
  const uint32_t count = load_width(bytes.data() + 1, width);
  const size_t header = 1u + width;
  if ((bytes.size() - header) / width < count) return;
  width_ = width;
  count_ = count;
  directory_ = bytes.data() + header;
  entries_ = bytes.substr(header + size_t{count} * width);
}

size_t ContainerView::end_offset(size_t i) const { return load_width(directory_ + i * width_, width_); }

Slice ContainerView::entry(size_t i) const {
  if (i >= count_) return {};
  const size_t begin = i == 0 ? 0 : end_offset(i - 1);
  const size_t end = end_offset(i);
  if (begin > end || end > entries_.size()) return {};
  return entries_.substr(begin, end - begin);
}

Slice MapView::name(size_t i) const {
  Slice encoded;
  return split_name(container_.entry(i), &encoded);
}

ValueView MapView::value(size_t i) const {
  Slice encoded;
  split_name(container_.entry(i), &encoded);
  return ValueView::from_encoded(encoded);
}

Slice MapView::find_encoded(Slice name) const {
  Slice encoded;
  const auto before = [&](size_t i) { return split_name(container_.entry(i), &encoded) < name; };
  const Slice entry = container_.entry(binary_search(container_.size(), before));
  return !entry.empty() && split_name(entry, &encoded) == name ? entry : Slice();
}

std::optional<ValueView> MapView::find(Slice name) const {
  Slice encoded;
  split_name(find_encoded(name), &encoded);
  if (encoded.empty()) return std::nullopt;
  return ValueView::from_encoded(encoded);
}

AttributeView MapView::operator[](size_t i) const {
  Slice encoded;
  const Slice name = split_name(container_.entry(i), &encoded);
  return {name, ValueView::from_encoded(encoded)};
}

ValueView ValueView::from_encoded(Slice encoded) {
  if (encoded.empty() || static_cast<uint8_t>(encoded[0]) >= kAttributeTypes) return {};
  return {static_cast<AttributeType>(encoded[0]), encoded.substr(1)};
}

Number ValueView::as_number() const { return Number::decode(payload_).value_or(Number()); }

size_t ValueView::element_count() const {
  const bool container = is(AttributeType::kList) || is(AttributeType::kMap) || is_set(type_);
  return container ? ContainerView(payload_).size() : 0;
}

ValueView ValueView::list_element(size_t i) const { return from_encoded(ContainerView(payload_).entry(i)); }

ValueView ValueView::set_element(size_t i) const {
  return {element_type(type_), ContainerView(payload_).entry(i)};
}

bool ValueView::set_contains(const ValueView& element) const {
  if (!is_set(type_) || element.type() != element_type(type_)) return false;
  const ContainerView elements(payload_);
  const size_t i =
      binary_search(elements.size(), [&](size_t k) { return elements.entry(k) < element.payload(); });
  return i < elements.size() && elements.entry(i) == element.payload();
}

std::optional<ValueView> ValueView::member(Slice name) const {
  return is(AttributeType::kMap) ? as_map().find(name) : std::nullopt;
}

std::optional<ValueView> ValueView::element(size_t i) const {
  if (!is(AttributeType::kList)) return std::nullopt;
  const ContainerView elements(payload_);
  if (i >= elements.size()) return std::nullopt;
  return from_encoded(elements.entry(i));
}

std::partial_ordering ValueView::compare(const ValueView& other) const {
  if (type_ != other.type_ || !is_scalar_key_type(type_)) return std::partial_ordering::unordered;
  return payload_.compare(other.payload_) <=> 0;
}

size_t MapView::size_bytes(size_t per_entry, size_t depth) const {
  size_t size = 0;
  container_.for_each([&](Slice entry) {
    Slice encoded;
    const Slice name = split_name(entry, &encoded);
    size += per_entry + name.size() + ValueView::from_encoded(encoded).size_bytes_at(depth);
  });
  return size;
}

size_t ValueView::size_bytes_at(size_t depth) const {
  if (depth >= kMaxNestingDepth) return 0;
  size_t size = 0;
  switch (type_) {
    case AttributeType::kNull:
    case AttributeType::kBool:
      return 1;
    case AttributeType::kString:
    case AttributeType::kBinary:
      return payload_.size();
    case AttributeType::kNumber:
      return Number::encoded_item_size_bytes(payload_);
    case AttributeType::kMap:
      return 3 + as_map().size_bytes(1, depth + 1);
    case AttributeType::kList:
      ContainerView(payload_).for_each(
          [&](Slice entry) { size += 1 + from_encoded(entry).size_bytes_at(depth + 1); });
      return 3 + size;
    case AttributeType::kStringSet:
    case AttributeType::kNumberSet:
    case AttributeType::kBinarySet:
      ContainerView(payload_).for_each(
          // A set is no level of nesting: its elements are scalars.
          [&](Slice entry) { size += ValueView(element_type(type_), entry).size_bytes_at(depth); });
      return size;
  }
  return size;
}

Result<ItemView> ItemView::open(Slice encoded) {
  if (encoded.empty() || static_cast<uint8_t>(encoded[0]) != kItemFormatVersion) {
    return Status::corruption("encoded item", 0, "not an item of version 1");
  }
  return ItemView(encoded.substr(1));
}

namespace {

Status other_type(AttributeType is, Slice wanted) {
  return Status::invalid_argument("is " + std::string(type_name(is)) + ", not " + std::string(wanted));
}

// The attribute `name` read by `get`, whose error is told with the name.
template <typename T>
Result<T> get_from(const MapView& map, Slice name, Result<T> (ValueView::*get)() const) {
  VARVE_ASSIGN_OR_RETURN(const ValueView value, map.get(name));
  Result<T> typed = (value.*get)();
  if (typed.ok()) return typed;
  return Status::invalid_argument("attribute \"" + std::string(name) + "\" " + typed.status().message());
}

}  // namespace

Result<Slice> ValueView::get_string() const {
  if (!is(AttributeType::kString)) return other_type(type_, "S");
  return payload_;
}
Result<Number> ValueView::get_number() const {
  if (!is(AttributeType::kNumber)) return other_type(type_, "N");
  return as_number();
}
Result<int64_t> ValueView::get_int64() const {
  VARVE_ASSIGN_OR_RETURN(const Number number, get_number());
  if (const auto whole = number.to_int64()) return *whole;
  return Status::invalid_argument("is " + number.to_string() + ", no whole number of 64 bits");
}
Result<Slice> ValueView::get_binary() const {
  if (!is(AttributeType::kBinary)) return other_type(type_, "B");
  return payload_;
}
Result<bool> ValueView::get_bool() const {
  if (!is(AttributeType::kBool)) return other_type(type_, "BOOL");
  return as_bool();
}
Result<Elements> ValueView::get_list() const {
  if (!is(AttributeType::kList)) return other_type(type_, "L");
  return Elements(*this);
}
Result<MapView> ValueView::get_map() const {
  if (!is(AttributeType::kMap)) return other_type(type_, "M");
  return as_map();
}
Result<Elements> ValueView::get_set() const {
  if (!is_set(type_)) return other_type(type_, "a set");
  return Elements(*this);
}

Result<ValueView> MapView::get(Slice name) const {
  if (const auto value = find(name)) return *value;
  return Status::not_found("there is no attribute \"" + std::string(name) + "\"");
}
Result<Slice> MapView::get_string(Slice name) const { return get_from(*this, name, &ValueView::get_string); }
Result<Number> MapView::get_number(Slice name) const { return get_from(*this, name, &ValueView::get_number); }
Result<int64_t> MapView::get_int64(Slice name) const { return get_from(*this, name, &ValueView::get_int64); }
Result<Slice> MapView::get_binary(Slice name) const { return get_from(*this, name, &ValueView::get_binary); }
Result<bool> MapView::get_bool(Slice name) const { return get_from(*this, name, &ValueView::get_bool); }
Result<Elements> MapView::get_list(Slice name) const { return get_from(*this, name, &ValueView::get_list); }
Result<MapView> MapView::get_map(Slice name) const { return get_from(*this, name, &ValueView::get_map); }
Result<Elements> MapView::get_set(Slice name) const { return get_from(*this, name, &ValueView::get_set); }

size_t ItemView::size_bytes() const { return attributes_.size_bytes(0); }

}  // namespace varve::index
