#include "api/dynamo/index_definitions.h"

#include <algorithm>
#include <set>

#include "api/dynamo/constraints.h"
#include "api/dynamo/table_settings.h"

namespace varve::api::dynamo {
namespace {

constexpr size_t kMaxProjectedOfOne = 20;

template <typename Elements>
std::string joined(const Elements& elements) {
  std::string text;
  for (const auto& element : elements) {
    if (!text.empty()) text += ", ";
    text += element.name;
  }
  return text;
}

Failure check_projection(const IndexDefinition& definition) {
  if (!definition.projection) return invalid_parameter("Unknown ProjectionType: null");
  const bool includes = *definition.projection == index::ProjectionType::kInclude;
  const std::string type(projection_name(*definition.projection));
  const auto& names = definition.non_key_attributes;
  if (!includes && names) {
    return invalid_parameter("ProjectionType is " + type + ", but NonKeyAttributes is specified");
  }
  if (includes && !names) {
    return invalid_parameter("ProjectionType is " + type + ", but NonKeyAttributes is not specified");
  }
  if (!names) return std::nullopt;
  std::set<Slice> seen;
  for (const std::string& name : *names) {
    if (!seen.insert(name).second) {
      return invalid_parameter("Duplicate element in NonKeyAttributes: " + name);
    }
  }
  return std::nullopt;
}

Failure check_local_index(const IndexDefinition& definition, const CreateTableRequest& request) {
  const auto& schema = definition.key_schema;
  VARVE_RETURN_IF_FAILED(check_keys_defined(schema, request.attribute_definitions));
  VARVE_RETURN_IF_FAILED(check_simple_schema(schema));
  if (schema.size() < 2) {
    return invalid_parameter("Index KeySchema does not have a range key for index: " + definition.name);
  }
  const std::string& hash = schema.front().name;
  const std::string& table_hash = request.key_schema.front().name;
  if (hash != table_hash) {
    return invalid_parameter(
        "Index KeySchema does not have the same leading hash key as table KeySchema for index: " +
        definition.name + ". index hash key: " + hash + ", table hash key: " + table_hash);
  }
  return check_projection(definition);
}

// 1 to 4 HASH elements and then up to 4 RANGE elements.
Failure check_global_schema(const std::vector<KeySchemaElement>& schema) {
  if (schema.front().type != KeyType::kHash) {
    return validation_error("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  const auto is_hash = [](const KeySchemaElement& element) { return element.type == KeyType::kHash; };
  if (!std::is_partitioned(schema.begin(), schema.end(), is_hash)) {
    return invalid_parameter("All HASH key attributes must precede RANGE key attributes in the KeySchema");
  }
  const auto hashes = static_cast<size_t>(std::count_if(schema.begin(), schema.end(), is_hash));
  const auto too_many = [](Slice type) {
    return invalid_parameter("The KeySchema exceeds the maximum allowed number of " + std::string(type) +
                             " key attributes");
  };
  if (hashes > index::kMaxIndexKeyAttributes) return too_many("HASH");
  if (schema.size() - hashes > index::kMaxIndexKeyAttributes) return too_many("RANGE");
  std::set<Slice> seen;
  for (const KeySchemaElement& element : schema) {
    if (!seen.insert(element.name).second) {
      return validation_error("The KeySchema contains multiple key attributes with the same name");
    }
  }
  return std::nullopt;
}

// Attributes that no key uses are refused.
Failure check_all_used(const CreateTableRequest& request) {
  std::vector<KeySchemaElement> used;
  const auto use = [&](const std::vector<KeySchemaElement>& schema) {
    for (const KeySchemaElement& element : schema) {
      const auto same = [&](const KeySchemaElement& seen) { return seen.name == element.name; };
      if (std::none_of(used.begin(), used.end(), same)) used.push_back(element);
    }
  };
  use(request.key_schema);
  for (const auto* list : {&request.local_indexes, &request.global_indexes}) {
    if (!*list) continue;
    for (const IndexDefinition& definition : **list) use(definition.key_schema);
  }
  for (const AttributeDefinition& definition : request.attribute_definitions) {
    const auto same = [&](const KeySchemaElement& seen) { return seen.name == definition.name; };
    if (std::any_of(used.begin(), used.end(), same)) continue;
    return invalid_parameter("Some AttributeDefinitions are not used. AttributeDefinitions: [" +
                             joined(request.attribute_definitions) + "], keys used: [" + joined(used) + "]");
  }
  return std::nullopt;
}

Failure check_local_indexes(const CreateTableRequest& request, std::set<Slice>* names) {
  if (!request.local_indexes) return std::nullopt;
  if (request.local_indexes->empty()) return invalid_parameter("List of LocalSecondaryIndexes is empty");
  if (request.key_schema.size() < 2) {
    return invalid_parameter(
        "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
  }
  for (const IndexDefinition& definition : *request.local_indexes) {
    VARVE_RETURN_IF_FAILED(check_local_index(definition, request));
    if (!names->insert(definition.name).second) {
      return invalid_parameter("Duplicate index name: " + definition.name);
    }
  }
  if (request.local_indexes->size() <= kMaxLocalIndexes) return std::nullopt;
  return invalid_parameter("Number of LocalSecondaryIndexes exceeds per-table limit of 5");
}

Failure check_global_indexes(const CreateTableRequest& request, std::set<Slice>* names) {
  if (!request.global_indexes) return std::nullopt;
  if (request.global_indexes->empty()) return invalid_parameter("List of GlobalSecondaryIndexes is empty");
  const BillingMode mode = request.billing_mode.value_or(BillingMode::kProvisioned);
  for (const IndexDefinition& definition : *request.global_indexes) {
    VARVE_RETURN_IF_FAILED(check_index_throughput(definition, mode));
  }
  if (request.global_indexes->size() > kMaxGlobalIndexes) {
    return invalid_parameter("GlobalSecondaryIndex count exceeds the per-table limit of 20");
  }
  for (const IndexDefinition& definition : *request.global_indexes) {
    VARVE_RETURN_IF_FAILED(check_global_index(definition, request.attribute_definitions));
    if (!names->insert(definition.name).second) {
      return invalid_parameter("Duplicate index name: " + definition.name);
    }
  }
  return std::nullopt;
}

}  // namespace

Slice projection_name(index::ProjectionType type) {
  switch (type) {
    case index::ProjectionType::kAll:
      return "ALL";
    case index::ProjectionType::kKeysOnly:
      return "KEYS_ONLY";
    case index::ProjectionType::kInclude:
      return "INCLUDE";
  }
  return "";
}

std::string index_arn(Slice table_arn, Slice index) {
  return std::string(table_arn) + "/index/" + std::string(index);
}

Failure check_attribute_name(Slice name, const std::string& path) {
  if (name.empty()) return constraint_error(name, path, min_length(1));
  if (name.size() > 255) return constraint_error(name, path, max_length(255));
  return std::nullopt;
}

Failure check_index_members(const IndexDefinition& definition, const std::string& path) {
  VARVE_RETURN_IF_FAILED(check_index_name(definition.name, path + ".indexName"));
  const std::string schema = path + ".keySchema";
  if (definition.key_schema.empty()) return constraint_error("[]", schema, min_length(1));
  for (size_t i = 0; i < definition.key_schema.size(); ++i) {
    VARVE_RETURN_IF_FAILED(check_attribute_name(
        definition.key_schema[i].name, schema + "." + std::to_string(i + 1) + ".member.attributeName"));
  }
  if (definition.throughput)
    VARVE_RETURN_IF_FAILED(check_throughput(*definition.throughput, path + ".", definition.name));
  if (!definition.non_key_attributes) return std::nullopt;
  const auto& names = *definition.non_key_attributes;
  const std::string member = path + ".projection.nonKeyAttributes";
  if (names.empty()) return constraint_error("[]", member, min_length(1));
  if (names.size() > kMaxProjectedOfOne) {
    return constraint_error("[...]", member, max_length(kMaxProjectedOfOne));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    VARVE_RETURN_IF_FAILED(check_attribute_name(names[i], member + "." + std::to_string(i + 1) + ".member"));
  }
  return std::nullopt;
}

Failure check_defined_once(const std::vector<AttributeDefinition>& definitions) {
  std::set<Slice> names;
  for (const AttributeDefinition& definition : definitions) {
    if (!names.insert(definition.name).second) {
      return validation_error("Attribute Name is duplicated: " + definition.name);
    }
  }
  return std::nullopt;
}

Failure check_keys_defined(const std::vector<KeySchemaElement>& schema,
                           const std::vector<AttributeDefinition>& definitions) {
  for (const KeySchemaElement& element : schema) {
    const auto defines = [&](const AttributeDefinition& definition) {
      return definition.name == element.name;
    };
    if (std::any_of(definitions.begin(), definitions.end(), defines)) continue;
    return invalid_parameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [" +
                             joined(schema) + "], AttributeDefinitions: [" + joined(definitions) + "]");
  }
  return std::nullopt;
}

Failure check_simple_schema(const std::vector<KeySchemaElement>& schema) {
  if (schema.size() == 2 && schema[0].name == schema[1].name) {
    return validation_error(
        "Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  if (schema[0].type != KeyType::kHash) {
    return validation_error("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (schema.size() == 2 && schema[1].type != KeyType::kRange) {
    return validation_error("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
  return std::nullopt;
}

Failure check_index_lists(const CreateTableRequest& request) {
  if (!request.local_indexes && !request.global_indexes) return std::nullopt;
  VARVE_RETURN_IF_FAILED(check_all_used(request));
  std::set<Slice> names;
  VARVE_RETURN_IF_FAILED(check_local_indexes(request, &names));
  return check_global_indexes(request, &names);
}

Failure check_index_throughput(const IndexDefinition& definition, BillingMode mode) {
  if (mode == BillingMode::kProvisioned && !definition.throughput) {
    return invalid_parameter("ProvisionedThroughput is not specified for index: " + definition.name);
  }
  if (mode == BillingMode::kPayPerRequest && definition.throughput) {
    return invalid_parameter("ProvisionedThroughput should not be specified for index: " + definition.name +
                             " when BillingMode is PAY_PER_REQUEST");
  }
  return std::nullopt;
}

Failure check_global_index(const IndexDefinition& definition,
                           const std::vector<AttributeDefinition>& attribute_definitions) {
  VARVE_RETURN_IF_FAILED(check_keys_defined(definition.key_schema, attribute_definitions));
  VARVE_RETURN_IF_FAILED(check_global_schema(definition.key_schema));
  return check_projection(definition);
}

Failure check_projected_count(const std::vector<IndexDescription>& indexes) {
  size_t count = 0;
  for (const IndexDescription& index : indexes) count += index.schema.non_key_attributes.size();
  if (count <= kMaxNonKeyAttributes) return std::nullopt;
  return invalid_parameter("Number of NonKeyAttributes over all indexes exceeds the per-table limit of 100");
}

IndexDescription describe_index(const IndexDefinition& definition, index::IndexKind kind,
                                const std::vector<AttributeDefinition>& attribute_definitions) {
  IndexDescription out;
  out.schema.name = definition.name;
  out.schema.kind = kind;
  for (const KeySchemaElement& element : definition.key_schema) {
    index::KeyAttribute key{element.name, index::AttributeType::kString};
    for (const AttributeDefinition& attribute : attribute_definitions) {
      if (attribute.name == element.name) key.type = attribute.type;
    }
    (element.type == KeyType::kHash ? out.schema.partition : out.schema.sort).push_back(std::move(key));
  }
  out.schema.projection = *definition.projection;
  out.schema.non_key_attributes = definition.non_key_attributes.value_or(std::vector<std::string>());
  out.throughput = definition.throughput.value_or(Throughput());
  return out;
}

Failure set_index_capacity(const std::optional<OnDemandThroughput>& bounds,
                           const std::optional<WarmThroughput>& warm, BillingMode mode, bool is_new,
                           IndexDescription* index) {
  const CapacityOwner owner{"index " + index->schema.name, mode, index->throughput, is_new};
  if (bounds) VARVE_RETURN_IF_FAILED(set_on_demand(*bounds, owner, &index->on_demand_throughput));
  return warm ? set_warm(*warm, owner, &index->warm_throughput) : std::nullopt;
}

}  // namespace varve::api::dynamo
