#include "api/dynamo/index_definitions.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/table_settings.h"

namespace varve::api::dynamo {
namespace {

std::string shown_schema(const std::vector<KeySchemaElement>& schema) {
  std::string text;
  for (const KeySchemaElement& element : schema) {
    if (!text.empty()) text += ", ";
    text += "KeySchemaElement(attributeName=" + element.name +
            ", keyType=" + (element.type == KeyType::kHash ? "HASH" : "RANGE") + ")";
  }
  return "[" + text + "]";
}

// A table's or a local index's.
Failure check_schema_length(const std::vector<KeySchemaElement>& schema, const std::string& path) {
  if (schema.size() <= 2) return std::nullopt;
  return constraint_error(shown_schema(schema), path, max_length(2));
}

Failure check_list_members(const std::optional<std::vector<IndexDefinition>>& list, const std::string& name) {
  if (!list) return std::nullopt;
  for (size_t i = 0; i < list->size(); ++i) {
    VARVE_RETURN_IF_FAILED(check_index_members((*list)[i], name + "." + std::to_string(i + 1) + ".member"));
  }
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
  VARVE_RETURN_IF_FAILED(check_schema_length(request.key_schema, "keySchema"));
  VARVE_RETURN_IF_FAILED(check_list_members(request.local_indexes, "localSecondaryIndexes"));
  if (request.local_indexes) {
    for (size_t i = 0; i < request.local_indexes->size(); ++i) {
      const std::string path = "localSecondaryIndexes." + std::to_string(i + 1) + ".member.keySchema";
      VARVE_RETURN_IF_FAILED(check_schema_length((*request.local_indexes)[i].key_schema, path));
    }
  }
  return check_list_members(request.global_indexes, "globalSecondaryIndexes");
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
  if (request.key_schema.size() > request.attribute_definitions.size()) {
    return validation_error("Invalid KeySchema: Some index key attribute have no definition");
  }
  VARVE_RETURN_IF_FAILED(check_keys_defined(request.key_schema, request.attribute_definitions));
  return check_simple_schema(request.key_schema);
}

Failure check_definitions(const CreateTableRequest& request) {
  VARVE_RETURN_IF_FAILED(check_defined_once(request.attribute_definitions));
  if (!request.local_indexes && !request.global_indexes &&
      request.attribute_definitions.size() != request.key_schema.size()) {
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

Failure add_indexes(const CreateTableRequest& request, BillingMode mode, TableDescription* table) {
  const auto add = [&](const std::optional<std::vector<IndexDefinition>>& list,
                       index::IndexKind kind) -> Failure {
    if (!list) return std::nullopt;
    for (const IndexDefinition& definition : *list) {
      table->indexes.push_back(describe_index(definition, kind, request.attribute_definitions));
      VARVE_RETURN_IF_FAILED(set_index_capacity(definition.on_demand_throughput, definition.warm_throughput,
                                                mode, /*is_new=*/true, &table->indexes.back()));
    }
    return std::nullopt;
  };
  VARVE_RETURN_IF_FAILED(add(request.local_indexes, index::IndexKind::kLocal));
  return add(request.global_indexes, index::IndexKind::kGlobal);
}

}  // namespace

Outcome<TableDescription> create_table(const Context& context, const CreateTableRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(request.table, TableNameUse::kDefinition));
  VARVE_RETURN_IF_FAILED(check_members(request));
  VARVE_RETURN_IF_FAILED(check_billing(request));
  VARVE_RETURN_IF_FAILED(check_keys(request));
  VARVE_RETURN_IF_FAILED(check_definitions(request));
  VARVE_RETURN_IF_FAILED(check_index_lists(request));
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
  VARVE_RETURN_IF_FAILED(add_indexes(request, description.billing_mode, &description));
  VARVE_RETURN_IF_FAILED(check_projected_count(description.indexes));
  description.throughput = request.throughput.value_or(Throughput());
  description.table_class = table_class;
  description.deletion_protection = request.deletion_protection;
  const CapacityOwner owner{"table", description.billing_mode, description.throughput, /*is_new=*/true};
  if (request.on_demand_throughput) {
    VARVE_RETURN_IF_FAILED(
        set_on_demand(*request.on_demand_throughput, owner, &description.on_demand_throughput));
  }
  if (request.warm_throughput)
    VARVE_RETURN_IF_FAILED(set_warm(*request.warm_throughput, owner, &description.warm_throughput));
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
  for (IndexDescription& index : answer.indexes) index.status = IndexStatus::kCreating;
  return answer;
}

}  // namespace varve::api::dynamo
