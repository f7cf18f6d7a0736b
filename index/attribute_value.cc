#include "index/attribute_value.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

namespace varve::index {

namespace {

constexpr std::array<Slice, kAttributeTypes> kTypeNames = {"NULL", "BOOL", "S",  "N",  "B",
                                                           "L",    "M",    "SS", "NS", "BS"};
constexpr Slice kInvalidParameter = "One or more parameter values were invalid: ";

// The characters of one set, list or map of a message: "a, b".
template <typename Range, typename Show>
std::string join(const Range& range, Show show) {
  std::string out;
  bool first = true;  // the first may be empty
  for (const auto& element : range) {
    if (!first) out += ", ";
    first = false;
    out += show(element);
  }
  return out;
}

std::string show_number(const Number& n) { return n.to_string(); }
std::string show_binary(const std::string& bytes) { return base64_encode(bytes); }
std::string show_string(const std::string& text) { return text; }

// Sorts; false when two elements are equal.
template <typename T>
bool sort_unique(std::vector<T>* elements) {
  std::sort(elements->begin(), elements->end());
  return std::adjacent_find(elements->begin(), elements->end()) == elements->end();
}

}  // namespace

Slice type_name(AttributeType type) { return kTypeNames[static_cast<size_t>(type)]; }

bool is_scalar_key_type(AttributeType type) {
  return type == AttributeType::kString || type == AttributeType::kNumber || type == AttributeType::kBinary;
}

bool is_set(AttributeType type) {
  return type == AttributeType::kStringSet || type == AttributeType::kNumberSet ||
         type == AttributeType::kBinarySet;
}

AttributeMap::AttributeMap() = default;
AttributeMap::AttributeMap(const AttributeMap& other) = default;
AttributeMap::AttributeMap(AttributeMap&& other) noexcept = default;
AttributeMap& AttributeMap::operator=(const AttributeMap& other) = default;
AttributeMap& AttributeMap::operator=(AttributeMap&& other) noexcept = default;
AttributeMap::~AttributeMap() = default;

AttributeMap::AttributeMap(std::initializer_list<Attribute> attributes)
    : AttributeMap(from_unsorted(std::vector<Attribute>(attributes))) {}

AttributeMap AttributeMap::from_unsorted(std::vector<Attribute> attributes) {
  AttributeMap map;
  const auto out_of_order = [](const Attribute& a, const Attribute& b) { return a.name >= b.name; };
  if (std::adjacent_find(attributes.begin(), attributes.end(), out_of_order) == attributes.end()) {
    map.attributes_ = std::move(attributes);
    return map;
  }
  // Equal names are kept in the order given, so that the last of each run can be told.
  std::vector<size_t> order(attributes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&attributes](size_t a, size_t b) {
    const int compared = attributes[a].name.compare(attributes[b].name);
    return compared != 0 ? compared < 0 : a < b;
  });
  map.attributes_.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool repeated = i + 1 < order.size() && attributes[order[i]].name == attributes[order[i + 1]].name;
    if (!repeated) map.attributes_.push_back(std::move(attributes[order[i]]));
  }
  return map;
}

namespace {

template <typename Attributes>
auto lower_bound(Attributes& attributes, Slice name) {
  return std::lower_bound(attributes.begin(), attributes.end(), name,
                          [](const Attribute& a, Slice n) { return Slice(a.name) < n; });
}

}  // namespace

const AttributeValue* AttributeMap::find(Slice name) const {
  const auto at = lower_bound(attributes_, name);
  return at != attributes_.end() && at->name == name ? &at->value : nullptr;
}

AttributeValue* AttributeMap::find(Slice name) {
  const auto at = lower_bound(attributes_, name);
  return at != attributes_.end() && at->name == name ? &at->value : nullptr;
}

void AttributeMap::set(std::string name, AttributeValue value) {
  if (attributes_.empty() || attributes_.back().name < name) {
    attributes_.push_back({std::move(name), std::move(value)});
    return;
  }
  const auto at = lower_bound(attributes_, name);
  if (at->name == name) {
    at->value = std::move(value);
  } else {
    attributes_.insert(at, {std::move(name), std::move(value)});
  }
}

bool AttributeMap::erase(Slice name) {
  const auto at = lower_bound(attributes_, name);
  if (at == attributes_.end() || at->name != name) return false;
  attributes_.erase(at);
  return true;
}

size_t AttributeMap::size() const { return attributes_.size(); }
const Attribute* AttributeMap::begin() const { return attributes_.data(); }
const Attribute* AttributeMap::end() const { return attributes_.data() + attributes_.size(); }
bool AttributeMap::operator==(const AttributeMap& other) const = default;

AttributeValue AttributeValue::boolean(bool value) { return make<AttributeType::kBool>(value); }
AttributeValue AttributeValue::string(std::string value) {
  return make<AttributeType::kString>(std::move(value));
}
AttributeValue AttributeValue::number(const Number& value) { return make<AttributeType::kNumber>(value); }
AttributeValue AttributeValue::binary(std::string value) {
  return make<AttributeType::kBinary>(std::move(value));
}
AttributeValue AttributeValue::list(List value) { return make<AttributeType::kList>(std::move(value)); }
AttributeValue AttributeValue::map(AttributeMap value) { return make<AttributeType::kMap>(std::move(value)); }

Result<AttributeValue> AttributeValue::string_set(std::vector<std::string> elements) {
  if (elements.empty()) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "An string set  may not be empty");
  }
  std::vector<std::string> sorted = elements;
  if (!sort_unique(&sorted)) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "Input collection [" +
                                    join(elements, show_string) + "] contains duplicates.");
  }
  return make<AttributeType::kStringSet>(std::move(sorted));
}

Result<AttributeValue> AttributeValue::number_set(std::vector<Number> elements) {
  if (elements.empty()) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "An number set  may not be empty");
  }
  if (!sort_unique(&elements)) return Status::invalid_argument("Input collection contains duplicates");
  return make<AttributeType::kNumberSet>(std::move(elements));
}

Result<AttributeValue> AttributeValue::binary_set(std::vector<std::string> elements) {
  if (elements.empty()) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "Binary sets should not be empty");
  }
  std::vector<std::string> sorted = elements;
  if (!sort_unique(&sorted)) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "Input collection [" +
                                    join(elements, show_binary) + "]of type BS contains duplicates.");
  }
  return make<AttributeType::kBinarySet>(std::move(sorted));
}

namespace {

template <typename T>
std::vector<T> merged(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> out;
  out.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

template <typename T>
std::vector<T> without(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

}  // namespace

AttributeValue AttributeValue::set_union(const AttributeValue& a, const AttributeValue& b) {
  CHECK(a.type() == b.type());
  switch (a.type()) {
    case AttributeType::kStringSet:
      return make<AttributeType::kStringSet>(merged(a.as_string_set(), b.as_string_set()));
    case AttributeType::kNumberSet:
      return make<AttributeType::kNumberSet>(merged(a.as_number_set(), b.as_number_set()));
    default:
      return make<AttributeType::kBinarySet>(merged(a.as_binary_set(), b.as_binary_set()));
  }
}

std::optional<AttributeValue> AttributeValue::set_difference(const AttributeValue& a,
                                                             const AttributeValue& b) {
  CHECK(a.type() == b.type());
  if (a.type() == AttributeType::kNumberSet) {
    std::vector<Number> rest = without(a.as_number_set(), b.as_number_set());
    if (rest.empty()) return std::nullopt;
    return make<AttributeType::kNumberSet>(std::move(rest));
  }
  const bool strings = a.type() == AttributeType::kStringSet;
  std::vector<std::string> rest =
      strings ? without(a.as_string_set(), b.as_string_set()) : without(a.as_binary_set(), b.as_binary_set());
  if (rest.empty()) return std::nullopt;
  if (strings) return make<AttributeType::kStringSet>(std::move(rest));
  return make<AttributeType::kBinarySet>(std::move(rest));
}

std::string AttributeValue::to_message_string() const {
  const auto show_value = [](const AttributeValue& v) { return v.to_message_string(); };
  const auto show_member = [](const Attribute& a) { return a.name + "=" + a.value.to_message_string(); };
  std::string shown;
  switch (type()) {
    case AttributeType::kNull:
      shown = "true";
      break;
    case AttributeType::kBool:
      shown = as_bool() ? "true" : "false";
      break;
    case AttributeType::kString:
      shown = as_string();
      break;
    case AttributeType::kNumber:
      shown = as_number().to_string();
      break;
    case AttributeType::kBinary:
      shown = base64_encode(as_binary());
      break;
    case AttributeType::kList:
      shown = "[" + join(as_list(), show_value) + "]";
      break;
    case AttributeType::kMap:
      shown = "{" + join(as_map(), show_member) + "}";
      break;
    case AttributeType::kStringSet:
      shown = "[" + join(as_string_set(), show_string) + "]";
      break;
    case AttributeType::kNumberSet:
      shown = "[" + join(as_number_set(), show_number) + "]";
      break;
    case AttributeType::kBinarySet:
      shown = "[" + join(as_binary_set(), show_binary) + "]";
      break;
  }
  return "{" + std::string(type_name(type())) + ":" + shown + "}";
}

size_t value_size_bytes(const AttributeValue& value) {
  size_t size = 0;
  switch (value.type()) {
    case AttributeType::kNull:
    case AttributeType::kBool:
      return 1;
    case AttributeType::kString:
    case AttributeType::kBinary:
      return value.as_bytes().size();
    case AttributeType::kNumber:
      return value.as_number().item_size_bytes();
    case AttributeType::kList:
      for (const AttributeValue& element : value.as_list()) size += 1 + value_size_bytes(element);
      return 3 + size;
    case AttributeType::kMap:
      for (const Attribute& a : value.as_map()) size += 1 + a.name.size() + value_size_bytes(a.value);
      return 3 + size;
    case AttributeType::kStringSet:
      for (const std::string& element : value.as_string_set()) size += element.size();
      return size;
    case AttributeType::kNumberSet:
      for (const Number& element : value.as_number_set()) size += element.item_size_bytes();
      return size;
    case AttributeType::kBinarySet:
      for (const std::string& element : value.as_binary_set()) size += element.size();
      return size;
  }
  return size;
}

size_t item_size_bytes(const Item& item) {
  size_t size = 0;
  for (const Attribute& a : item) size += a.name.size() + value_size_bytes(a.value);
  return size;
}

size_t nesting_depth(const AttributeValue& value) {
  size_t deepest = 0;
  if (value.is(AttributeType::kList)) {
    for (const AttributeValue& element : value.as_list()) deepest = std::max(deepest, nesting_depth(element));
  } else if (value.is(AttributeType::kMap)) {
    for (const Attribute& a : value.as_map()) deepest = std::max(deepest, nesting_depth(a.value));
  }
  return 1 + deepest;
}

Status check_nesting(const Item& item) {
  for (const Attribute& a : item) {
    if (nesting_depth(a.value) > kMaxNestingDepth) {
      return Status::invalid_argument(
          "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
          "supported limit");
    }
  }
  return {};
}

std::string base64_encode(Slice bytes) {
  constexpr Slice kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) out += k <= have ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace varve::index
