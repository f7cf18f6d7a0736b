// The answers of the operations on tables.
#include "api/dynamo/encode.h"
#include "api/dynamo/index_definitions.h"
#include "api/dynamo/stream.h"
#include "api/dynamo/table_settings.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {
namespace {

using json::JsonWriter;

Slice status_name(TableStatus status) {
  switch (status) {
    case TableStatus::kCreating:
      return "CREATING";
    case TableStatus::kActive:
      return "ACTIVE";
    case TableStatus::kUpdating:
      return "UPDATING";
    case TableStatus::kDeleting:
      return "DELETING";
  }
  return "ACTIVE";
}

void write_key_element(const index::KeyAttribute& key, Slice type, JsonWriter* out) {
  out->begin_object();
  out->key("AttributeName");
  out->string(key.name);
  out->key("KeyType");
  out->string(type);
  out->end_object();
}

void write_schema(const TableDescription& table, JsonWriter* out) {
  if (table.attribute_definitions.empty()) return;
  out->key("AttributeDefinitions");
  out->begin_array();
  for (const AttributeDefinition& definition : table.attribute_definitions) {
    out->begin_object();
    out->key("AttributeName");
    out->string(definition.name);
    out->key("AttributeType");
    out->string(index::type_name(definition.type));
    out->end_object();
  }
  out->end_array();
  out->key("KeySchema");
  out->begin_array();
  write_key_element(table.key_schema.partition, "HASH", out);
  if (table.key_schema.sort) write_key_element(*table.key_schema.sort, "RANGE", out);
  out->end_array();
}

void write_time(Slice key, const std::optional<uint64_t>& time_us, JsonWriter* out) {
  if (!time_us) return;
  out->key(key);
  out->timestamp(*time_us);
}

void write_throughput(const Throughput& throughput, const ThroughputChanges& changes, JsonWriter* out) {
  out->key("ProvisionedThroughput");
  out->begin_object();
  write_time("LastIncreaseDateTime", changes.last_increase_us, out);
  write_time("LastDecreaseDateTime", changes.last_decrease_us, out);
  out->key("NumberOfDecreasesToday");
  out->integer(static_cast<int64_t>(changes.decreases));
  out->key("ReadCapacityUnits");
  out->integer(throughput.read_units);
  out->key("WriteCapacityUnits");
  out->integer(throughput.write_units);
  out->end_object();
}

void write_billing(const TableDescription& table, JsonWriter* out) {
  write_throughput(table.throughput, table.throughput_changes, out);
  if (!table.pay_per_request_since_us) return;
  out->key("BillingModeSummary");
  out->begin_object();
  out->key("BillingMode");
  out->string(table.billing_mode == BillingMode::kPayPerRequest ? "PAY_PER_REQUEST" : "PROVISIONED");
  // Told from when the table is there.
  if (table.status != TableStatus::kCreating)
    write_time("LastUpdateToPayPerRequestDateTime", table.pay_per_request_since_us, out);
  out->end_object();
}

Slice index_status_name(IndexStatus status) {
  switch (status) {
    case IndexStatus::kCreating:
      return "CREATING";
    case IndexStatus::kActive:
      return "ACTIVE";
    case IndexStatus::kUpdating:
      return "UPDATING";
    case IndexStatus::kDeleting:
      return "DELETING";
  }
  return "";
}

void write_projection(const index::IndexSchema& schema, JsonWriter* out) {
  out->key("Projection");
  out->begin_object();
  out->key("ProjectionType");
  out->string(projection_name(schema.projection));
  if (schema.projection == index::ProjectionType::kInclude) {
    out->key("NonKeyAttributes");
    out->begin_array();
    for (const std::string& name : schema.non_key_attributes) out->string(name);
    out->end_array();
  }
  out->end_object();
}

void write_on_demand(const std::optional<OnDemandThroughput>& bounds, JsonWriter* out) {
  if (!bounds) return;
  out->key("OnDemandThroughput");
  out->begin_object();
  if (bounds->max_read_units) {
    out->key("MaxReadRequestUnits");
    out->integer(*bounds->max_read_units);
  }
  if (bounds->max_write_units) {
    out->key("MaxWriteRequestUnits");
    out->integer(*bounds->max_write_units);
  }
  out->end_object();
}

void write_warm(const Throughput& warm, Slice status, JsonWriter* out) {
  out->key("WarmThroughput");
  out->begin_object();
  out->key("ReadUnitsPerSecond");
  out->integer(warm.read_units);
  out->key("WriteUnitsPerSecond");
  out->integer(warm.write_units);
  out->key("Status");
  out->string(status);
  out->end_object();
}

void write_index(const TableDescription& table, const IndexDescription& index, JsonWriter* out) {
  out->begin_object();
  out->key("IndexName");
  out->string(index.schema.name);
  out->key("KeySchema");
  out->begin_array();
  for (const index::KeyAttribute& key : index.schema.partition) write_key_element(key, "HASH", out);
  for (const index::KeyAttribute& key : index.schema.sort) write_key_element(key, "RANGE", out);
  out->end_array();
  write_projection(index.schema, out);
  if (index.schema.is_global()) {
    out->key("IndexStatus");
    out->string(index_status_name(index.status));
    if (index.status == IndexStatus::kCreating && table.status != TableStatus::kCreating) {
      out->key("Backfilling");
      out->boolean(index.backfilling);
    }
    write_throughput(index.throughput, index.throughput_changes, out);
  }
  out->key("IndexSizeBytes");
  out->integer(static_cast<int64_t>(index.size_bytes));
  out->key("ItemCount");
  out->integer(static_cast<int64_t>(index.item_count));
  out->key("IndexArn");
  out->string(index_arn(table.arn, index.schema.name));
  if (index.schema.is_global()) {
    write_on_demand(index.on_demand_throughput, out);
    write_warm(warm_units(table.billing_mode, index.throughput, index.warm_throughput),
               index_status_name(index.status), out);
  }
  out->end_object();
}

void write_indexes(const TableDescription& table, Slice member, index::IndexKind kind, JsonWriter* out) {
  bool begun = false;
  for (const IndexDescription& index : table.indexes) {
    if (index.schema.kind != kind) continue;
    if (!begun) {
      out->key(member);
      out->begin_array();
      begun = true;
    }
    write_index(table, index, out);
  }
  if (begun) out->end_array();
}

void write_stream(const TableDescription& table, JsonWriter* out) {
  if (table.stream_view_type) {
    out->key("StreamSpecification");
    out->begin_object();
    out->key("StreamEnabled");
    out->boolean(true);
    out->key("StreamViewType");
    out->string(view_type_name(*table.stream_view_type));
    out->end_object();
  }
  if (table.latest_stream_label.empty()) return;
  out->key("LatestStreamLabel");
  out->string(table.latest_stream_label);
  out->key("LatestStreamArn");
  out->string(stream_arn(table.name, table.latest_stream_label));
}

void write_table_class(const TableDescription& table, JsonWriter* out) {
  if (!table.table_class) return;
  out->key("TableClassSummary");
  out->begin_object();
  out->key("TableClass");
  out->string(*table.table_class == TableClass::kStandard ? "STANDARD" : "STANDARD_INFREQUENT_ACCESS");
  write_time("LastUpdateDateTime", table.table_class_updated_us, out);
  out->end_object();
}

}  // namespace

std::string encode_table_description(const TableDescription& table, Slice member) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key(member);
  out.begin_object();
  out.key("TableName");
  out.string(table.name);
  out.key("TableStatus");
  out.string(status_name(table.status));
  out.key("CreationDateTime");
  out.timestamp(table.created_us);
  write_schema(table, &out);
  write_billing(table, &out);
  out.key("TableSizeBytes");
  out.integer(static_cast<int64_t>(table.size_bytes));
  out.key("ItemCount");
  out.integer(static_cast<int64_t>(table.item_count));
  out.key("TableArn");
  out.string(table.arn);
  out.key("TableId");
  out.string(table.id);
  write_indexes(table, "LocalSecondaryIndexes", index::IndexKind::kLocal, &out);
  write_indexes(table, "GlobalSecondaryIndexes", index::IndexKind::kGlobal, &out);
  write_stream(table, &out);
  write_table_class(table, &out);
  write_on_demand(table.on_demand_throughput, &out);
  write_warm(warm_units(table.billing_mode, table.throughput, table.warm_throughput),
             status_name(table.status), &out);
  out.key("DeletionProtectionEnabled");
  out.boolean(table.deletion_protection);
  out.end_object();
  out.end_object();
  return body;
}

std::string encode_list_tables(const ListTablesResult& result) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("TableNames");
  out.begin_array();
  for (const std::string& name : result.table_names) out.string(name);
  out.end_array();
  if (result.last_evaluated_table_name) {
    out.key("LastEvaluatedTableName");
    out.string(*result.last_evaluated_table_name);
  }
  out.end_object();
  return body;
}

std::string encode_policy(const ResourcePolicy& policy) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Policy");
  out.string(policy.text);
  out.key("RevisionId");
  out.string(policy.revision_id);
  out.end_object();
  return body;
}

std::string encode_policy_revision(const std::optional<std::string>& revision_id) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  if (revision_id) {
    out.key("RevisionId");
    out.string(*revision_id);
  }
  out.end_object();
  return body;
}

std::string encode_endpoint(Slice address) {
  constexpr int64_t kCacheMinutes = 1440;
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Endpoints");
  out.begin_array();
  out.begin_object();
  out.key("Address");
  out.string(address);
  out.key("CachePeriodInMinutes");
  out.integer(kCacheMinutes);
  out.end_object();
  out.end_array();
  out.end_object();
  return body;
}

std::string encode_tags(const std::vector<Tag>& tags) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Tags");
  out.begin_array();
  for (const Tag& tag : tags) {
    out.begin_object();
    out.key("Key");
    out.string(tag.key);
    out.key("Value");
    out.string(tag.value);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return body;
}

}  // namespace varve::api::dynamo
