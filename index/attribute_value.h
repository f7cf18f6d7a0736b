// The data model: an attribute value of DynamoDB's ten types, the attribute map, and the item, which is an attribute
// map.
//
// Invariants
//   I1  An attribute map is sorted by name (unsigned bytes) without duplicates.
//   I2  A set is sorted (S and B by unsigned bytes, N by value), not empty, and without duplicates. DynamoDB
//       leaves the order of sets and maps undefined, so ours is the canonical one: deep equality is element by
//       element, and equal values have equal encodings (index/item_codec.h).
//
// Values own what they hold, copy deeply and move cheaply (40 bytes). Threads share none. A type accessor on a value of
// another type is a bug (CHECK); ask type() first. Strings are UTF-8, which the request parser has checked.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/slice.h"
#include "index/number.h"

namespace varve::index {

// The numbers are the type tags on disk (FORMAT.md); never renumber.
enum class AttributeType : uint8_t {
  kNull = 0,
  kBool = 1,
  kString = 2,
  kNumber = 3,
  kBinary = 4,
  kList = 5,
  kMap = 6,
  kStringSet = 7,
  kNumberSet = 8,
  kBinarySet = 9,
};
inline constexpr uint8_t kAttributeTypes = 10;

// "S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS": the member names of the wire format.
Slice type_name(AttributeType type);
bool is_scalar_key_type(AttributeType type);  // S, N or B
bool is_set(AttributeType type);

inline constexpr size_t kMaxItemBytes = 409600;
// The attribute itself is level 1: 31 lists or maps around a scalar are accepted, 32 are refused.
inline constexpr size_t kMaxNestingDepth = 32;

class AttributeValue;
struct Attribute;

class AttributeMap {
 public:
  AttributeMap();
  AttributeMap(std::initializer_list<Attribute> attributes);
  AttributeMap(const AttributeMap& other);
  AttributeMap(AttributeMap&& other) noexcept;
  AttributeMap& operator=(const AttributeMap& other);
  AttributeMap& operator=(AttributeMap&& other) noexcept;
  ~AttributeMap();

  // O(n log n) from any order; of entries with one name the last one stays, as with a JSON object.
  static AttributeMap from_unsorted(std::vector<Attribute> attributes);

  const AttributeValue* find(Slice name) const;
  AttributeValue* find(Slice name);
  // Inserts or replaces. O(size) moves unless the name sorts last.
  void set(std::string name, AttributeValue value);
  // True when the name was there.
  bool erase(Slice name);

  size_t size() const;
  bool empty() const { return size() == 0; }
  const Attribute* begin() const;
  const Attribute* end() const;
  bool operator==(const AttributeMap& other) const;

 private:
  std::vector<Attribute> attributes_;
};

using Item = AttributeMap;

class AttributeValue {
  using Storage =
      std::variant<std::monostate, bool, std::string, Number, std::string, std::vector<AttributeValue>,
                   AttributeMap, std::vector<std::string>, std::vector<Number>, std::vector<std::string>>;
  explicit AttributeValue(Storage storage) : storage_(std::move(storage)) {}
  template <AttributeType T>
  static AttributeValue make(std::variant_alternative_t<static_cast<size_t>(T), Storage> value) {
    return AttributeValue(Storage(std::in_place_index<static_cast<size_t>(T)>, std::move(value)));
  }
  template <AttributeType T>
  const std::variant_alternative_t<static_cast<size_t>(T), Storage>& get() const {
    CHECK(type() == T);
    return *std::get_if<static_cast<size_t>(T)>(&storage_);
  }
  template <AttributeType T>
  std::variant_alternative_t<static_cast<size_t>(T), Storage>& get() {
    CHECK(type() == T);
    return *std::get_if<static_cast<size_t>(T)>(&storage_);
  }

 public:
  using List = std::vector<AttributeValue>;

  AttributeValue() = default;  // NULL
  static AttributeValue null() { return AttributeValue(); }
  static AttributeValue boolean(bool value);
  static AttributeValue string(std::string value);
  static AttributeValue number(const Number& value);
  static AttributeValue binary(std::string value);
  static AttributeValue list(List value);
  static AttributeValue map(AttributeMap value);
  // In any order; empty or with duplicates it is kInvalidArgument with DynamoDB's text.
  static Result<AttributeValue> string_set(std::vector<std::string> elements);
  static Result<AttributeValue> number_set(std::vector<Number> elements);
  static Result<AttributeValue> binary_set(std::vector<std::string> elements);

  AttributeType type() const { return static_cast<AttributeType>(storage_.index()); }
  bool is(AttributeType t) const { return type() == t; }

  bool as_bool() const { return get<AttributeType::kBool>(); }
  const std::string& as_string() const { return get<AttributeType::kString>(); }
  const Number& as_number() const { return get<AttributeType::kNumber>(); }
  const std::string& as_binary() const { return get<AttributeType::kBinary>(); }
  const List& as_list() const { return get<AttributeType::kList>(); }
  List& as_list() { return get<AttributeType::kList>(); }
  const AttributeMap& as_map() const { return get<AttributeType::kMap>(); }
  AttributeMap& as_map() { return get<AttributeType::kMap>(); }
  const std::vector<std::string>& as_string_set() const { return get<AttributeType::kStringSet>(); }
  const std::vector<Number>& as_number_set() const { return get<AttributeType::kNumberSet>(); }
  const std::vector<std::string>& as_binary_set() const { return get<AttributeType::kBinarySet>(); }
  // S or B.
  const std::string& as_bytes() const { return is(AttributeType::kString) ? as_string() : as_binary(); }

  // The union and difference of two sets of one type; the difference of all members is nullopt (no set is empty).
  static AttributeValue set_union(const AttributeValue& a, const AttributeValue& b);
  static std::optional<AttributeValue> set_difference(const AttributeValue& a, const AttributeValue& b);

  // Deep; sets are unordered and numbers are equal by value.
  bool operator==(const AttributeValue& other) const { return storage_ == other.storage_; }

  // "{N:1}", "{S:a}": how DynamoDB's messages show a value.
  std::string to_message_string() const;

 private:
  Storage storage_;
};

struct Attribute {
  std::string name;
  AttributeValue value;
  bool operator==(const Attribute&) const = default;
};

// DynamoDB's item size (its developer guide, "item sizes"): what the 400 KB limit, the 1 MiB page and the
// capacity units count. It is not the number of bytes on disk.
size_t value_size_bytes(const AttributeValue& value);
size_t item_size_bytes(const Item& item);

// 1 for a scalar, a set, or an empty list or map; one more for each list or map around it.
size_t nesting_depth(const AttributeValue& value);
// "Nesting Levels have exceeded ..." when any attribute is deeper than kMaxNestingDepth.
Status check_nesting(const Item& item);

std::string base64_encode(Slice bytes);

}  // namespace varve::index
