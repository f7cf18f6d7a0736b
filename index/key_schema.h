// A table's or an index's key schema, and taking keys out of items under DynamoDB's rules.
//
// Errors: kInvalidArgument with the exact text DynamoDB sends for the operation named at each function.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "index/attribute_value.h"

namespace varve::index {

inline constexpr size_t kMaxPartitionKeyBytes = 2048;
inline constexpr size_t kMaxSortKeyBytes = 1024;

struct KeyAttribute {
  std::string name;
  AttributeType type = AttributeType::kString;  // S, N or B
  bool operator==(const KeyAttribute&) const = default;
};

struct KeySchema {
  KeyAttribute partition;
  std::optional<KeyAttribute> sort;

  bool is_key(Slice name) const { return name == partition.name || (sort && name == sort->name); }
  bool operator==(const KeySchema&) const = default;
};

// The key attributes of a table or an index, whoever holds them: what reads need to know of either. Borrows them.
struct KeyParts {
  std::span<const KeyAttribute> partition;  // at least one
  std::span<const KeyAttribute> sort;

  KeyParts(std::span<const KeyAttribute> partition_key, std::span<const KeyAttribute> sort_key)
      : partition(partition_key), sort(sort_key) {}
  // A table's schema is meant wherever any key's will do.
  KeyParts(const KeySchema& schema) : partition(&schema.partition, 1) {
    if (schema.sort) sort = {&*schema.sort, 1};
  }

  size_t size() const { return partition.size() + sort.size(); }
  bool is_key(Slice name) const;
};

// The key values of one item.
struct PrimaryKey {
  AttributeValue partition;
  std::optional<AttributeValue> sort;
  bool operator==(const PrimaryKey&) const = default;

  // The key attributes as an item holds them.
  Item to_item(const KeySchema& schema) const;
};

// The key of an item to be put: "Missing the key a in the item", "Type mismatch for key a expected: S actual:
// N", and the texts for empty and oversized keys.
Result<PrimaryKey> key_of_item(const KeySchema& schema, const Item& item);
// The key given as a Key parameter, which must hold exactly the key attributes: "The provided key element
// does not match the schema", and the texts for empty and oversized keys.
Result<PrimaryKey> key_of_parameter(const KeySchema& schema, const Item& key);

// Emptiness and size only; the type must be right already.
Status check_partition_key_value(const KeyAttribute& attribute, const AttributeValue& value);
Status check_sort_key_value(const KeyAttribute& attribute, const AttributeValue& value);

// The texts for keys beyond kMaxPartitionKeyBytes and kMaxSortKeyBytes.
Status partition_key_too_long();
Status sort_key_too_long();

}  // namespace varve::index
