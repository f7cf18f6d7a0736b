#include "api/dynamo/index_updates.h"

#include <algorithm>
#include <set>

#include "api/dynamo/constraints.h"
#include "api/dynamo/index_definitions.h"
#include "api/dynamo/table_settings.h"

namespace varve::api::dynamo {
namespace {

Error too_many_online() {
  return {ErrorType::kLimitExceeded,
          "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
          {}};
}

const std::string& name_of(const GlobalIndexUpdate& update) {
  if (update.create) return update.create->name;
  if (update.update) return update.update->name;
  return *update.remove;
}

template <typename Indexes>
auto find_index(Indexes& indexes, Slice name) {
  return std::find_if(indexes.begin(), indexes.end(),
                      [&](const IndexDescription& index) { return index.schema.name == name; });
}

Failure check_members(const UpdateTableRequest& request) {
  for (size_t i = 0; i < request.attribute_definitions.size(); ++i) {
    VARVE_RETURN_IF_FAILED(
        check_attribute_name(request.attribute_definitions[i].name,
                             "attributeDefinitions." + std::to_string(i + 1) + ".member.attributeName"));
  }
  for (size_t i = 0; i < request.index_updates->size(); ++i) {
    const GlobalIndexUpdate& update = (*request.index_updates)[i];
    const std::string path = "globalSecondaryIndexUpdates." + std::to_string(i + 1) + ".member.";
    if (update.update) {
      VARVE_RETURN_IF_FAILED(check_index_name(update.update->name, path + "update.indexName"));
      if (update.update->throughput) {
        VARVE_RETURN_IF_FAILED(
            check_throughput(*update.update->throughput, path + "update.", update.update->name));
      }
    }
    if (update.create) VARVE_RETURN_IF_FAILED(check_index_members(*update.create, path + "create"));
    if (update.remove) VARVE_RETURN_IF_FAILED(check_index_name(*update.remove, path + "delete.indexName"));
  }
  return std::nullopt;
}

// An attribute has one type in all keys of a table, also where the index to be created does not use the definition.
Failure check_not_redefined(const std::vector<AttributeDefinition>& asked, const TableDescription& table) {
  VARVE_RETURN_IF_FAILED(check_defined_once(asked));
  for (const AttributeDefinition& definition : asked) {
    const auto redefines = [&](const AttributeDefinition& defined) {
      return defined.name == definition.name && defined.type != definition.type;
    };
    if (std::any_of(table.attribute_definitions.begin(), table.attribute_definitions.end(), redefines)) {
      return validation_error(
          "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
          "defined.");
    }
  }
  return std::nullopt;
}

// What the index's keys need and the table does not define yet.
void define_attributes(const IndexDescription& index, TableDescription* table) {
  auto& definitions = table->attribute_definitions;
  for (const auto* part : {&index.schema.partition, &index.schema.sort}) {
    for (const index::KeyAttribute& key : *part) {
      const auto defines = [&](const AttributeDefinition& definition) { return definition.name == key.name; };
      if (std::none_of(definitions.begin(), definitions.end(), defines))
        definitions.push_back({key.name, key.type});
    }
  }
}

// Definitions that no key of the table or of an index needs any more.
void forget_unused_attributes(TableDescription* table) {
  const auto is_used = [&](const AttributeDefinition& definition) {
    if (table->key_schema.is_key(definition.name)) return true;
    return std::any_of(table->indexes.begin(), table->indexes.end(), [&](const IndexDescription& index) {
      return index.schema.keys().is_key(definition.name);
    });
  };
  std::erase_if(table->attribute_definitions,
                [&](const AttributeDefinition& definition) { return !is_used(definition); });
}

Failure create_index(const IndexDefinition& definition, const UpdateTableRequest& request,
                     TableDescription* table) {
  if (find_index(table->indexes, definition.name) != table->indexes.end()) {
    return validation_error("Attempting to create an index which already exists");
  }
  if (request.attribute_definitions.empty()) {
    return invalid_parameter("AttributeDefinitions is not specified for index: " + definition.name);
  }
  VARVE_RETURN_IF_FAILED(check_index_throughput(definition, table->billing_mode));
  VARVE_RETURN_IF_FAILED(check_global_index(definition, request.attribute_definitions));
  VARVE_RETURN_IF_FAILED(check_not_redefined(request.attribute_definitions, *table));
  const auto globals = std::count_if(table->indexes.begin(), table->indexes.end(),
                                     [](const IndexDescription& i) { return i.schema.is_global(); });
  if (static_cast<size_t>(globals) >= kMaxGlobalIndexes) {
    return Error{ErrorType::kLimitExceeded,
                 "Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the per-table limit of 20",
                 {}};
  }
  IndexDescription index =
      describe_index(definition, index::IndexKind::kGlobal, request.attribute_definitions);
  index.status = IndexStatus::kCreating;
  index.backfilling = true;
  VARVE_RETURN_IF_FAILED(set_index_capacity(definition.on_demand_throughput, definition.warm_throughput,
                                            table->billing_mode, /*is_new=*/true, &index));
  define_attributes(index, table);
  table->indexes.push_back(std::move(index));
  return check_projected_count(table->indexes);
}

Failure delete_index(const std::string& name, TableDescription* table) {
  const auto found = find_index(table->indexes, name);
  if (found == table->indexes.end()) return resource_not_found();
  if (!found->schema.is_global()) {
    return validation_error("Cannot delete an index that is not a GlobalSecondaryIndex: " + name);
  }
  table->indexes.erase(found);
  forget_unused_attributes(table);
  return std::nullopt;
}

Error unchanged(const std::string& name, const Throughput& throughput) {
  const std::string read = std::to_string(throughput.read_units);
  const std::string write = std::to_string(throughput.write_units);
  return validation_error("The provisioned throughput for the index " + name +
                          " will not change. The requested value equals the current value. Current "
                          "ReadCapacityUnits provisioned for the index: " +
                          read + ". Requested ReadCapacityUnits: " + read +
                          ". Current WriteCapacityUnits provisioned for the index: " + write +
                          ". Requested WriteCapacityUnits: " + write +
                          ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to "
                          "request higher limits.");
}

Failure update_index(const GlobalIndexUpdate::Update& update, const ChangeTime& time,
                     TableDescription* table) {
  const auto found = find_index(table->indexes, update.name);
  if (found == table->indexes.end() || !found->schema.is_global()) return resource_not_found();
  if (!update.throughput && !update.on_demand_throughput && !update.warm_throughput) {
    return invalid_parameter("ProvisionedThroughput must be specified for index: " + update.name);
  }
  if (update.throughput) {
    if (table->billing_mode == BillingMode::kPayPerRequest) {
      return invalid_parameter("ProvisionedThroughput should not be specified for index: " + update.name +
                               " when BillingMode is PAY_PER_REQUEST");
    }
    if (*update.throughput == found->throughput) return unchanged(update.name, found->throughput);
    VARVE_RETURN_IF_FAILED(
        change_throughput(*update.throughput, time, &found->throughput, &found->throughput_changes));
  }
  return set_index_capacity(update.on_demand_throughput, update.warm_throughput, table->billing_mode,
                            /*is_new=*/false, &*found);
}

// A table that becomes provisioned needs a throughput of each of its global indexes, and has no bounds on demand; one that stops to be
// has no throughput.
Failure follow_billing_mode(TableDescription* table) {
  for (IndexDescription& index : table->indexes) {
    if (!index.schema.is_global()) continue;
    if (table->billing_mode == BillingMode::kProvisioned) index.on_demand_throughput.reset();
    if (table->billing_mode == BillingMode::kPayPerRequest) {
      index.throughput = Throughput();
    } else if (index.throughput == Throughput()) {
      return invalid_parameter("ProvisionedThroughput must be specified for index: " + index.schema.name);
    }
  }
  return std::nullopt;
}

}  // namespace

bool changes_indexes(const UpdateTableRequest& request) {
  return request.index_updates && !request.index_updates->empty();
}

bool creates_index(const UpdateTableRequest& request) {
  return changes_indexes(request) &&
         std::any_of(request.index_updates->begin(), request.index_updates->end(),
                     [](const GlobalIndexUpdate& update) { return update.create.has_value(); });
}

bool only_warms_indexes(const UpdateTableRequest& request) {
  const auto only_warms = [](const GlobalIndexUpdate& update) {
    return update.update && update.update->warm_throughput && !update.update->throughput &&
           !update.update->on_demand_throughput;
  };
  return changes_indexes(request) &&
         std::all_of(request.index_updates->begin(), request.index_updates->end(), only_warms);
}

Failure check_index_updates(const UpdateTableRequest& request) {
  if (!changes_indexes(request)) return std::nullopt;
  VARVE_RETURN_IF_FAILED(check_members(request));
  std::set<Slice> names;
  size_t online = 0;
  for (const GlobalIndexUpdate& update : *request.index_updates) {
    const int actions =
        int{update.create.has_value()} + int{update.update.has_value()} + int{update.remove.has_value()};
    if (actions == 0) {
      return invalid_parameter(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must not be null");
    }
    if (actions > 1) {
      return invalid_parameter(
          "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object");
    }
    if (!names.insert(name_of(update)).second) {
      return invalid_parameter(
          "Only one global secondary index update per index is allowed simultaneously. Index: " +
          name_of(update));
    }
    if (!update.update) ++online;
  }
  if (online > 1) return too_many_online();
  if (online > 0 && request.throughput) {
    return invalid_parameter("You cannot create or delete index while updating table IOPS");
  }
  if (online > 0 && request.stream) {
    return invalid_parameter("You cannot create or delete index while changing stream status");
  }
  return std::nullopt;
}

Failure check_no_index_busy(const UpdateTableRequest& request, const TableDescription& table) {
  const auto busy =
      std::find_if(table.indexes.begin(), table.indexes.end(),
                   [](const IndexDescription& index) { return index.status == IndexStatus::kCreating; });
  if (busy == table.indexes.end()) return std::nullopt;
  if (changes_indexes(request) && !request.index_updates->front().update) {
    if (request.index_updates->front().remove == busy->schema.name) return std::nullopt;
    return too_many_online();
  }
  return Error{ErrorType::kResourceInUse,
               "Attempt to change a resource which is still in use: Table is being updated: " + table.name,
               {}};
}

Failure apply_index_updates(const UpdateTableRequest& request, const ChangeTime& time,
                            TableDescription* table) {
  if (changes_indexes(request)) {
    for (const GlobalIndexUpdate& update : *request.index_updates) {
      if (update.create) VARVE_RETURN_IF_FAILED(create_index(*update.create, request, table));
      if (update.remove) VARVE_RETURN_IF_FAILED(delete_index(*update.remove, table));
      if (update.update) VARVE_RETURN_IF_FAILED(update_index(*update.update, time, table));
    }
  }
  return follow_billing_mode(table);
}

void tell_index_updates(const UpdateTableRequest& request, const TableDescription& before,
                        TableDescription* answer) {
  if (!changes_indexes(request)) return;
  for (const GlobalIndexUpdate& update : *request.index_updates) {
    if (update.remove) {
      const auto was = find_index(before.indexes, *update.remove);
      if (was == before.indexes.end()) continue;
      answer->indexes.push_back(*was);
      answer->indexes.back().status = IndexStatus::kDeleting;
      answer->attribute_definitions = before.attribute_definitions;
      continue;
    }
    const auto now = find_index(answer->indexes, name_of(update));
    if (now == answer->indexes.end()) continue;
    now->status = update.create ? IndexStatus::kCreating : IndexStatus::kUpdating;
    now->backfilling = false;
  }
}

}  // namespace varve::api::dynamo
