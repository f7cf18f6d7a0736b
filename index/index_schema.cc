#include "index/index_schema.h"

#include <algorithm>

namespace varve::index {
namespace {

constexpr Slice kInvalidParameter = "One or more parameter values were invalid: ";
constexpr Slice kNotValid = "One or more parameter values are not valid. ";

Status wrong_type(const IndexSchema& index, const KeyAttribute& attribute, AttributeType actual) {
  return Status::invalid_argument(std::string(kInvalidParameter) + "Type mismatch for Index Key " +
                                  attribute.name + " Expected: " + std::string(type_name(attribute.type)) +
                                  " Actual: " + std::string(type_name(actual)) + " IndexName: " + index.name);
}

Status empty_value(const IndexSchema& index, const KeyAttribute& attribute, ItemSource source) {
  const std::string rule = " The AttributeValue for a key attribute cannot contain an empty " +
                           std::string(attribute.type == AttributeType::kString ? "string" : "binary") +
                           " value.";
  if (source == ItemSource::kUpdate) {
    return Status::invalid_argument(std::string(kNotValid) +
                                    "The update expression attempted to update a secondary index key to a "
                                    "value that is not supported." +
                                    rule);
  }
  return Status::invalid_argument(std::string(kNotValid) +
                                  "A value specified for a secondary index key is not supported." + rule +
                                  " IndexName: " + index.name + ", IndexKey: " + attribute.name);
}

// Checks the attributes that the item has and adds up the sizes of S and B, as the limits on keys count them.
Status check_part(const IndexSchema& index, const std::vector<KeyAttribute>& part, const ItemView& item,
                  ItemSource source, size_t* size_bytes) {
  for (const KeyAttribute& attribute : part) {
    const auto value = item.find(attribute.name);
    if (!value) continue;
    if (!value->is(attribute.type)) return wrong_type(index, attribute, value->type());
    if (attribute.type == AttributeType::kNumber) continue;
    if (value->payload().empty()) return empty_value(index, attribute, source);
    *size_bytes += value->payload().size();
  }
  return {};
}

}  // namespace

bool IndexSchema::projects(Slice attribute, const KeySchema& table) const {
  if (projection == ProjectionType::kAll || keys().is_key(attribute) || table.is_key(attribute)) return true;
  return std::find(non_key_attributes.begin(), non_key_attributes.end(), attribute) !=
         non_key_attributes.end();
}

Status check_index_key_not_empty(const IndexSchema& index, const Item& item, ItemSource source) {
  for (const std::vector<KeyAttribute>* part : {&index.partition, &index.sort}) {
    for (const KeyAttribute& attribute : *part) {
      const AttributeValue* const value = item.find(attribute.name);
      const bool is_empty = value != nullptr && value->is(attribute.type) &&
                            attribute.type != AttributeType::kNumber && value->as_bytes().empty();
      if (is_empty) return empty_value(index, attribute, source);
    }
  }
  return {};
}

Status check_index_key(const IndexSchema& index, const ItemView& item, ItemSource source) {
  size_t partition_bytes = 0;
  size_t sort_bytes = 0;
  VARVE_RETURN_IF_ERROR(check_part(index, index.partition, item, source, &partition_bytes));
  VARVE_RETURN_IF_ERROR(check_part(index, index.sort, item, source, &sort_bytes));
  if (partition_bytes > kMaxPartitionKeyBytes) return partition_key_too_long();
  if (sort_bytes > kMaxSortKeyBytes) return sort_key_too_long();
  return {};
}

}  // namespace varve::index
