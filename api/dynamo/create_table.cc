#include <algorithm>

#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/table_settings.h"

namespace varve::api::dynamo {
namespace {

template <typename Elements>
std::string joined_names(const Elements& elements) {
  std::string text;
  for (const auto& element : elements) {
    if (!text.empty()) text += ", ";
    text += element.name;
  }
  return text;
}

std::string shown_schema(const std::vector<KeySchemaElement>& schema) {
  std::string text;
  for (const KeySchemaElement& element : schema) {
    if (!text.empty()) text += ", ";
    text += "KeySchemaElement(attributeName=" + element.name +
            ", keyType=" + (element.type == KeyType::kHash ? "HASH" : "RANGE") + ")";
  }
  return "[" + text + "]";
}

Failure check_attribute_name(Slice name, const std::string& path) {
  if (name.empty()) return constraint_error(name, path, min_length(1));
  if (name.size() > 255) return constraint_error(name, path, max_length(255));
  return std::nullopt;
}

Failure check_members(const CreateTableRequest& request) {
  for (size_t i = 0; i < request.attribute_definitions.size(); ++i) {
    const AttributeDefinition& definition = request.attribute_definitions[i];
    const std::string member = "attributeDefinitions." + std::to_string(i + 1) + ".member.";
    VARVE_RETURN_IF_FAILED(check_attribute_name(definition.name, member + "attributeName"));
    if (!index::is_scalar_key_type(definition.type)) {
      return constraint_error(index::type_name(definition.type), member + "attributeType",
                              "Member must satisfy enum value set: [B, N, S]");
    }
  }
  if (request.key_schema.empty()) return constraint_error("[]", "keySchema", min_length(1));
  for (size_t i = 0; i < request.key_schema.size(); ++i) {
    VARVE_RETURN_IF_FAILED(check_attribute_name(
        request.key_schema[i].name, "keySchema." + std::to_string(i + 1) + ".member.attributeName"));
  }
  if (request.key_schema.size() > 2) {
    return constraint_error(shown_schema(request.key_schema), "keySchema", max_length(2));
  }
  return std::nullopt;
}

Failure check_billing(const CreateTableRequest& request) {
  const bool on_demand = request.billing_mode == BillingMode::kPayPerRequest;
  if (on_demand && request.throughput) {
    return invalid_parameter(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST");
  }
  if (!on_demand && !request.throughput) {
    return invalid_parameter(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
  }
  return request.throughput ? check_throughput(*request.throughput) : std::nullopt;
}

Failure check_keys(const CreateTableRequest& request) {
  const auto& schema = request.key_schema;
  const auto& definitions = request.attribute_definitions;
  if (schema.size() > definitions.size()) {
    return validation_error("Invalid KeySchema: Some index key attribute have no definition");
  }
  for (const KeySchemaElement& element : schema) {
    const auto defines = [&](const AttributeDefinition& definition) {
      return definition.name == element.name;
    };
    if (std::none_of(definitions.begin(), definitions.end(), defines)) {
      return invalid_parameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [" +
                               joined_names(schema) + "], AttributeDefinitions: [" +
                               joined_names(definitions) + "]");
    }
  }
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

Failure check_definitions(const CreateTableRequest& request) {
  std::vector<std::string> names;
  names.reserve(request.attribute_definitions.size());
  for (const AttributeDefinition& definition : request.attribute_definitions)
    names.push_back(definition.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return validation_error("Attribute Name is duplicated: " + *twice);
  if (request.unsupported.empty() && names.size() != request.key_schema.size()) {
    return invalid_parameter(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  }
  return std::nullopt;
}

Failure check_new_stream(const StreamSpecification& stream) {
  if (stream.enabled && !stream.view_type) {
    return invalid_parameter("Table is being created with a stream enabled, UpdateViewType is required");
  }
  if (!stream.enabled && stream.view_type) {
    return invalid_parameter(
        "Table is being created with a stream disabled, UpdateViewType should not be specified");
  }
  return std::nullopt;
}

index::KeyAttribute key_attribute(const CreateTableRequest& request, size_t i) {
  const std::string& name = request.key_schema[i].name;
  for (const AttributeDefinition& definition : request.attribute_definitions) {
    if (definition.name == name) return {name, definition.type};
  }
  return {name, index::AttributeType::kString};  // check_keys found a definition
}

}  // namespace

Outcome<TableDescription> create_table(const Context& context, const CreateTableRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(request.table, TableNameUse::kDefinition));
  VARVE_RETURN_IF_FAILED(check_members(request));
  VARVE_RETURN_IF_FAILED(check_billing(request));
  VARVE_RETURN_IF_FAILED(check_keys(request));
  VARVE_RETURN_IF_FAILED(check_definitions(request));
  if (request.stream) VARVE_RETURN_IF_FAILED(check_new_stream(*request.stream));
  VARVE_ASSIGN_OR_FAIL(const auto table_class, table_class_of(request.table_class));
  if (request.encryption) VARVE_RETURN_IF_FAILED(check_encryption(*request.encryption));

  Table table;
  TableDescription& description = table.description;
  description.name = name;
  description.arn = table_arn(name);
  description.attribute_definitions = request.attribute_definitions;
  description.key_schema.partition = key_attribute(request, 0);
  if (request.key_schema.size() == 2) description.key_schema.sort = key_attribute(request, 1);
  description.billing_mode = request.billing_mode.value_or(BillingMode::kProvisioned);
  description.throughput = request.throughput.value_or(Throughput());
  description.table_class = table_class;
  description.deletion_protection = request.deletion_protection;
  if (request.on_demand_throughput) {
    VARVE_RETURN_IF_FAILED(check_on_demand(*request.on_demand_throughput, description.billing_mode));
    description.on_demand_throughput = request.on_demand_throughput;
  }
  if (request.warm_throughput) VARVE_RETURN_IF_FAILED(set_warm(*request.warm_throughput, &description));
  if (!request.tags.empty()) VARVE_RETURN_IF_FAILED(check_tags(request.tags));
  table.tags = request.tags;
  if (request.resource_policy) {
    VARVE_ASSIGN_OR_FAIL(table.policy, make_policy(*request.resource_policy, std::nullopt));
  }
  if (!request.unsupported.empty()) return unsupported_member(request.unsupported.front());
  if (request.encryption && asks_for_encryption(*request.encryption))
    return unsupported_member("SSESpecification");
  Streams::Change stream(context.streams);
  const auto begin_stream = [&](Table* created, partition::WriteBatch* batch) -> Failure {
    if (!request.stream || !request.stream->enabled) return std::nullopt;
    return stream.begin(*request.stream->view_type, created, batch);
  };
  VARVE_ASSIGN_OR_FAIL(const TableRef created, context.catalog->create(std::move(table), begin_stream));
  stream.publish();
  TableDescription answer = created->description;
  answer.status = TableStatus::kCreating;
  return answer;
}

}  // namespace varve::api::dynamo
