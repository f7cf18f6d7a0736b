#include "index/key_schema.h"

#include <algorithm>

namespace varve::index {

namespace {

constexpr Slice kInvalidParameter = "One or more parameter values were invalid: ";

Status check_not_empty(const KeyAttribute& attribute, const AttributeValue& value) {
  if (value.is(AttributeType::kNumber) || !value.as_bytes().empty()) return {};
  return Status::invalid_argument(
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
      "empty " +
      std::string(value.is(AttributeType::kString) ? "string" : "binary") + " value. Key: " + attribute.name);
}

bool exceeds(const AttributeValue& value, size_t limit) {
  return !value.is(AttributeType::kNumber) && value.as_bytes().size() > limit;
}

Result<AttributeValue> required(const KeyAttribute& attribute, const Item& item) {
  const AttributeValue* value = item.find(attribute.name);
  if (value == nullptr) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "Missing the key " + attribute.name +
                                    " in the item");
  }
  if (!value->is(attribute.type)) {
    return Status::invalid_argument(std::string(kInvalidParameter) + "Type mismatch for key " +
                                    attribute.name + " expected: " + std::string(type_name(attribute.type)) +
                                    " actual: " + std::string(type_name(value->type())));
  }
  return *value;
}

Status check_sizes(const KeySchema& schema, const PrimaryKey& key) {
  VARVE_RETURN_IF_ERROR(check_partition_key_value(schema.partition, key.partition));
  if (schema.sort) VARVE_RETURN_IF_ERROR(check_sort_key_value(*schema.sort, *key.sort));
  return {};
}

}  // namespace

bool KeyParts::is_key(Slice name) const {
  const auto has = [name](std::span<const KeyAttribute> part) {
    return std::any_of(part.begin(), part.end(),
                       [name](const KeyAttribute& attribute) { return attribute.name == name; });
  };
  return has(partition) || has(sort);
}

Item PrimaryKey::to_item(const KeySchema& schema) const {
  Item item;
  item.set(schema.partition.name, partition);
  if (schema.sort && sort) item.set(schema.sort->name, *sort);
  return item;
}

Result<PrimaryKey> key_of_item(const KeySchema& schema, const Item& item) {
  PrimaryKey key;
  VARVE_ASSIGN_OR_RETURN(key.partition, required(schema.partition, item));
  if (schema.sort) {
    VARVE_ASSIGN_OR_RETURN(key.sort, required(*schema.sort, item));
  }
  VARVE_RETURN_IF_ERROR(check_sizes(schema, key));
  return key;
}

Result<PrimaryKey> key_of_parameter(const KeySchema& schema, const Item& key) {
  const AttributeValue* partition = key.find(schema.partition.name);
  const AttributeValue* sort = schema.sort ? key.find(schema.sort->name) : nullptr;
  const bool fits = key.size() == (schema.sort ? 2u : 1u) && partition != nullptr &&
                    partition->is(schema.partition.type) &&
                    (!schema.sort || (sort != nullptr && sort->is(schema.sort->type)));
  if (!fits) return Status::invalid_argument("The provided key element does not match the schema");
  PrimaryKey out;
  out.partition = *partition;
  if (sort != nullptr) out.sort = *sort;
  VARVE_RETURN_IF_ERROR(check_sizes(schema, out));
  return out;
}

Status check_partition_key_value(const KeyAttribute& attribute, const AttributeValue& value) {
  VARVE_RETURN_IF_ERROR(check_not_empty(attribute, value));
  return exceeds(value, kMaxPartitionKeyBytes) ? partition_key_too_long() : Status();
}

Status check_sort_key_value(const KeyAttribute& attribute, const AttributeValue& value) {
  VARVE_RETURN_IF_ERROR(check_not_empty(attribute, value));
  return exceeds(value, kMaxSortKeyBytes) ? sort_key_too_long() : Status();
}

Status partition_key_too_long() {
  return Status::invalid_argument(std::string(kInvalidParameter) +
                                  "Size of hashkey has exceeded the maximum size limit of2048 bytes");
}

Status sort_key_too_long() {
  return Status::invalid_argument(
      std::string(kInvalidParameter) +
      "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
}

}  // namespace varve::index
