#include "index/item_codec.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/coding.h"

namespace varve::index {

namespace {

uint32_t width_for(size_t largest) {
  if (largest <= 0xff) return 1;
  return largest <= 0xffff ? 2 : 4;
}

void append_width(uint64_t value, uint32_t width, std::string* out) {
  std::array<char, 8> bytes;
  store_little(bytes.data(), value);
  out->append(bytes.data(), width);
}

// Writes a container: the entries come first, through add, and their directory is then put before them.
class ContainerWriter {
 public:
  ContainerWriter(std::string* out, size_t count) : out_(out), begin_(out->size()) { ends_.reserve(count); }
  // Call after each entry was appended to the output.
  void entry_done() { ends_.push_back(static_cast<uint32_t>(out_->size() - begin_)); }
  void finish() {
    const size_t total = ends_.empty() ? 0 : ends_.back();
    const uint32_t width = width_for(std::max(total, ends_.size()));
    std::string directory;
    directory.reserve(1 + (ends_.size() + 1) * width);
    directory.push_back(static_cast<char>(width));
    append_width(ends_.size(), width, &directory);
    for (uint32_t end : ends_) append_width(end, width, &directory);
    out_->insert(begin_, directory);
  }

 private:
  std::string* out_;
  size_t begin_;
  std::vector<uint32_t> ends_;
};

void append_payload(const AttributeValue& value, std::string* out);

void append_map(const AttributeMap& map, std::string* out) {
  ContainerWriter writer(out, map.size());
  for (const Attribute& attribute : map) {
    ByteWriter(out).string(attribute.name);
    append_encoded_value(attribute.value, out);
    writer.entry_done();
  }
  writer.finish();
}

template <typename Elements, typename Append>
void append_elements(const Elements& elements, Append append, std::string* out) {
  ContainerWriter writer(out, elements.size());
  for (const auto& element : elements) {
    append(element);
    writer.entry_done();
  }
  writer.finish();
}

void append_payload(const AttributeValue& value, std::string* out) {
  const auto append_bytes = [out](const std::string& bytes) { out->append(bytes); };
  switch (value.type()) {
    case AttributeType::kNull:
      return;
    case AttributeType::kBool:
      return out->push_back(value.as_bool() ? '\x01' : '\x00');
    case AttributeType::kString:
    case AttributeType::kBinary:
      return append_bytes(value.as_bytes());
    case AttributeType::kNumber:
      return value.as_number().append_encoded(out);
    case AttributeType::kMap:
      return append_map(value.as_map(), out);
    case AttributeType::kList:
      return append_elements(
          value.as_list(), [out](const AttributeValue& element) { append_encoded_value(element, out); }, out);
    case AttributeType::kStringSet:
      return append_elements(value.as_string_set(), append_bytes, out);
    case AttributeType::kBinarySet:
      return append_elements(value.as_binary_set(), append_bytes, out);
    case AttributeType::kNumberSet:
      return append_elements(value.as_number_set(), [out](const Number& n) { n.append_encoded(out); }, out);
  }
}

// Decodes strictly. With a null output it only checks.
class Decoder {
 public:
  explicit Decoder(Slice all) : base_(all.data()) {}

  Status item(Slice encoded, Item* out) {
    if (encoded.empty() || static_cast<uint8_t>(encoded[0]) != kItemFormatVersion) {
      return bad(encoded, "not an item of version 1");
    }
    return map(encoded.substr(1), 0, out);
  }

  // depth: how many values lie around this one.
  Status value(Slice encoded, size_t depth, AttributeValue* out) {
    if (encoded.empty()) return bad(encoded, "value without a tag");
    if (depth >= kMaxNestingDepth) return bad(encoded, "nested too deeply");
    if (static_cast<uint8_t>(encoded[0]) >= kAttributeTypes) return bad(encoded, "unknown type tag");
    return payload(static_cast<AttributeType>(encoded[0]), encoded.substr(1), depth, out);
  }

  Status payload(AttributeType type, Slice bytes, size_t depth, AttributeValue* out) {
    switch (type) {
      case AttributeType::kNull:
        if (!bytes.empty()) return bad(bytes, "null with a payload");
        return put(out, [] { return AttributeValue::null(); });
      case AttributeType::kBool:
        if (bytes != Slice("\x00", 1) && bytes != Slice("\x01", 1)) return bad(bytes, "not a boolean");
        return put(out, [&] { return AttributeValue::boolean(bytes[0] != 0); });
      case AttributeType::kString:
        return put(out, [&] { return AttributeValue::string(std::string(bytes)); });
      case AttributeType::kBinary:
        return put(out, [&] { return AttributeValue::binary(std::string(bytes)); });
      case AttributeType::kNumber: {
        const std::optional<Number> n = Number::decode(bytes);
        if (!n) return bad(bytes, "not a number in normal form");
        return put(out, [&] { return AttributeValue::number(*n); });
      }
      case AttributeType::kList:
        return list(bytes, depth, out);
      case AttributeType::kMap: {
        Item members;
        VARVE_RETURN_IF_ERROR(map(bytes, depth + 1, out ? &members : nullptr));
        return put(out, [&] { return AttributeValue::map(std::move(members)); });
      }
      case AttributeType::kStringSet:
      case AttributeType::kNumberSet:
      case AttributeType::kBinarySet:
        return set(type, bytes, out);
    }
    return bad(bytes, "unknown type tag");
  }

 private:
  template <typename Make>
  static Status put(AttributeValue* out, Make make) {
    if (out != nullptr) *out = make();
    return {};
  }

  Status bad(Slice at, Slice what) const {
    return Status::corruption("encoded item", static_cast<unsigned long long>(at.data() - base_), what);
  }

  // The directory covers the bytes exactly, in order, with the narrowest width.
  Status container(Slice bytes, ContainerView* out) const {
    const ContainerView view(bytes);
    const uint32_t width = bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
    if (width != 1 && width != 2 && width != 4) return bad(bytes, "container of unknown width");
    if (bytes.size() < 1 + width) return bad(bytes, "container cut short");
    uint32_t count = 0;
    std::memcpy(&count, bytes.data() + 1, width);
    if (count != view.size()) return bad(bytes, "container cut short");
    size_t total = 0;
    for (size_t i = 0; i < view.size(); ++i) {
      const Slice entry = view.entry(i);
      // An empty entry is a genuine one only where its end repeats the end before it.
      if (view.end_offset(i) != total + entry.size()) return bad(bytes, "container ends out of order");
      total += entry.size();
    }
    if (1 + width + view.size() * width + total != bytes.size())
      return bad(bytes, "container of another size");
    if (width != width_for(std::max(total, view.size()))) return bad(bytes, "container wider than necessary");
    *out = view;
    return {};
  }

  Status map(Slice bytes, size_t depth, Item* out) {
    ContainerView entries;
    VARVE_RETURN_IF_ERROR(container(bytes, &entries));
    std::vector<Attribute> attributes;
    if (out != nullptr) attributes.reserve(entries.size());
    Slice previous;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Slice entry = entries.entry(i);
      ByteReader reader(entry);
      const uint64_t length = reader.varint();
      if (reader.offset() != varint64_length(length))
        return bad(entry, "attribute name length not in shortest form");
      const Slice name = reader.bytes(length);
      if (reader.failed()) return bad(entry, "attribute name cut short");
      if (i > 0 && name <= previous) return bad(entry, "attribute names out of order");
      previous = name;
      AttributeValue member;
      VARVE_RETURN_IF_ERROR(value(reader.rest(), depth, out ? &member : nullptr));
      if (out != nullptr) attributes.push_back({std::string(name), std::move(member)});
    }
    if (out != nullptr) *out = Item::from_unsorted(std::move(attributes));
    return {};
  }

  Status list(Slice bytes, size_t depth, AttributeValue* out) {
    ContainerView entries;
    VARVE_RETURN_IF_ERROR(container(bytes, &entries));
    AttributeValue::List elements(out != nullptr ? entries.size() : 0);
    for (size_t i = 0; i < entries.size(); ++i) {
      VARVE_RETURN_IF_ERROR(value(entries.entry(i), depth + 1, out ? &elements[i] : nullptr));
    }
    return put(out, [&] { return AttributeValue::list(std::move(elements)); });
  }

  Status set(AttributeType type, Slice bytes, AttributeValue* out) {
    ContainerView entries;
    VARVE_RETURN_IF_ERROR(container(bytes, &entries));
    if (entries.size() == 0) return bad(bytes, "empty set");
    std::vector<std::string> strings;
    std::vector<Number> numbers;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Slice element = entries.entry(i);
      if (i > 0 && element <= entries.entry(i - 1)) return bad(element, "set elements out of order");
      if (type == AttributeType::kNumberSet) {
        const std::optional<Number> n = Number::decode(element);
        if (!n) return bad(element, "not a number in normal form");
        if (out != nullptr) numbers.push_back(*n);
      } else if (out != nullptr) {
        strings.emplace_back(element);
      }
    }
    if (out == nullptr) return {};
    Result<AttributeValue> made =
        type == AttributeType::kNumberSet   ? AttributeValue::number_set(std::move(numbers))
        : type == AttributeType::kStringSet ? AttributeValue::string_set(std::move(strings))
                                            : AttributeValue::binary_set(std::move(strings));
    *out = std::move(made).value();  // sorted, not empty and without duplicates: checked above
    return {};
  }

  const char* base_;
};

}  // namespace

std::string encode_item(const Item& item) {
  std::string out;
  // DynamoDB's size counts the same names and values; tags, lengths and directories take a few bytes an attribute more.
  out.reserve(item_size_bytes(item) + 8 * (item.size() + 4));
  out.push_back(static_cast<char>(kItemFormatVersion));
  append_map(item, &out);
  return out;
}

std::string encode_part(const ItemView& item, std::span<const Slice> names) {
  std::string out(1, static_cast<char>(kItemFormatVersion));
  ContainerWriter writer(&out, names.size());
  for (const Slice name : names) {
    const Slice encoded = item.find_encoded(name);
    if (encoded.empty()) continue;
    out.append(encoded);
    writer.entry_done();
  }
  writer.finish();
  return out;
}

Result<Item> decode_item(Slice encoded) {
  Item item;
  VARVE_RETURN_IF_ERROR(Decoder(encoded).item(encoded, &item));
  return item;
}

Status validate_item(Slice encoded) { return Decoder(encoded).item(encoded, nullptr); }

void append_encoded_value(const AttributeValue& value, std::string* out) {
  out->push_back(static_cast<char>(value.type()));
  append_payload(value, out);
}

Result<AttributeValue> decode_value(Slice encoded) {
  AttributeValue value;
  VARVE_RETURN_IF_ERROR(Decoder(encoded).value(encoded, 0, &value));
  return value;
}

Result<AttributeValue> ValueView::decode() const {
  AttributeValue value;
  VARVE_RETURN_IF_ERROR(Decoder(payload_).payload(type_, payload_, 0, &value));
  return value;
}

}  // namespace varve::index
