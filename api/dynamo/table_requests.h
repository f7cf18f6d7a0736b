// The typed requests and results of the operations on tables. See api/dynamo/requests.h for the conventions.
//
// Threads: values; share none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/stream_requests.h"
#include "index/attribute_value.h"
#include "index/index_schema.h"
#include "index/key_schema.h"

namespace varve::api {

enum class BillingMode : uint8_t { kProvisioned = 0, kPayPerRequest = 1 };
enum class TableClass : uint8_t { kStandard = 0, kInfrequentAccess = 1 };
enum class TableStatus : uint8_t { kCreating, kActive, kUpdating, kDeleting };
enum class KeyType : uint8_t { kHash, kRange };

struct AttributeDefinition {
  std::string name;
  index::AttributeType type = index::AttributeType::kString;
  bool operator==(const AttributeDefinition&) const = default;
};

struct KeySchemaElement {
  std::string name;
  KeyType type = KeyType::kHash;
};

struct Throughput {
  int64_t read_units = 0;
  int64_t write_units = 0;
  bool operator==(const Throughput&) const = default;
};

// When a provisioned throughput was changed, by the wall clock.
struct ThroughputChanges {
  std::optional<uint64_t> last_increase_us, last_decrease_us;
  uint64_t decreases = 0;  // of the day (UTC) of the last one; in a description, of today
};

// Bounds of an on-demand table or index; -1 is no bound, like an absent one. Stored and told, not enforced.
struct OnDemandThroughput {
  std::optional<int64_t> max_read_units;
  std::optional<int64_t> max_write_units;
};

// What a table or an index is to be ready for at once, in units a second. Stored and told, without effect.
struct WarmThroughput {
  std::optional<int64_t> read_units;
  std::optional<int64_t> write_units;
};

// Encryption at rest is not offered: what asks for it is refused.
struct EncryptionSpecification {
  std::optional<bool> enabled;
  std::optional<std::string> type;  // AES256 or KMS
  std::optional<std::string> key_id;
};

// A secondary index as a request defines it.
struct IndexDefinition {
  std::string name;
  std::vector<KeySchemaElement> key_schema;
  std::optional<index::ProjectionType> projection;  // required, but its absence is told late
  std::optional<std::vector<std::string>> non_key_attributes;
  // Of a global index.
  std::optional<Throughput> throughput;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughput> warm_throughput;
};

// One member of GlobalSecondaryIndexUpdates: exactly one of the three.
struct GlobalIndexUpdate {
  struct Update {
    std::string name;
    std::optional<Throughput> throughput;
    std::optional<OnDemandThroughput> on_demand_throughput;
    std::optional<WarmThroughput> warm_throughput;
  };
  std::optional<IndexDefinition> create;
  std::optional<Update> update;
  std::optional<std::string> remove;  // the index's name
};

struct Tag {
  std::string key;
  std::string value;
  bool operator==(const Tag&) const = default;
};

struct CreateTableRequest {
  std::string table;
  std::vector<AttributeDefinition> attribute_definitions;
  std::vector<KeySchemaElement> key_schema;
  std::optional<std::vector<IndexDefinition>> local_indexes;   // up to 5
  std::optional<std::vector<IndexDefinition>> global_indexes;  // up to 20
  std::optional<BillingMode> billing_mode;                     // absent: provisioned
  std::optional<Throughput> throughput;
  std::optional<std::string>
      table_class;  // STANDARD or STANDARD_INFREQUENT_ACCESS; stored and told, without effect
  bool deletion_protection = false;
  std::optional<StreamSpecification> stream;
  std::vector<Tag> tags;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughput> warm_throughput;
  std::optional<EncryptionSpecification> encryption;
  std::optional<std::string> resource_policy;
  // Members of the protocol's request that this version does not carry out; the first is named in the refusal.
  std::vector<std::string> unsupported;
};

struct UpdateTableRequest {
  std::string table;
  std::vector<AttributeDefinition> attribute_definitions;  // of the keys of indexes to be created
  std::optional<std::vector<GlobalIndexUpdate>> index_updates;
  std::optional<BillingMode> billing_mode;
  std::optional<Throughput> throughput;
  std::optional<std::string> table_class;
  std::optional<bool> deletion_protection;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<WarmThroughput> warm_throughput;
  std::optional<EncryptionSpecification> encryption;
  bool changes_replicas = false;  // ReplicaUpdates is there
  std::optional<StreamSpecification> stream;
  std::vector<std::string> unsupported;
};

struct ResourcePolicy {
  std::string text;  // JSON
  std::string revision_id;
  bool operator==(const ResourcePolicy&) const = default;
};

struct PutResourcePolicyRequest {
  std::string resource_arn;
  std::string policy;                               // JSON, at most 20480 bytes
  std::optional<std::string> expected_revision_id;  // kNoPolicy: only when there is none
};

struct DeleteResourcePolicyRequest {
  std::string resource_arn;
  std::optional<std::string> expected_revision_id;
};

inline constexpr char kNoPolicy[] = "NO_POLICY";

enum class IndexStatus : uint8_t { kCreating = 0, kActive = 1, kUpdating = 2, kDeleting = 3 };

struct IndexDescription {
  std::string id;  // a UUID, of this index alone: a later index of the same name has another
  index::IndexSchema schema;
  // Of global indexes. kCreating is filled from the table's items meanwhile, and is not read before it is kActive.
  IndexStatus status = IndexStatus::kActive;
  bool backfilling = false;  // the filling has begun
  Throughput throughput;     // 0 and 0 on demand
  ThroughputChanges throughput_changes;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<Throughput> warm_throughput;  // as the table's
  // Estimates, as those of the table.
  uint64_t item_count = 0;
  uint64_t size_bytes = 0;
};

struct TableDescription {
  std::string name;
  std::string id;  // a UUID, of this table alone: a later table of the same name has another
  std::string arn;
  TableStatus status = TableStatus::kActive;
  uint64_t created_us = 0;  // wall clock
  std::vector<AttributeDefinition> attribute_definitions;
  index::KeySchema key_schema;
  std::vector<IndexDescription> indexes;  // local ones, then global ones, each in the order of their creation
  BillingMode billing_mode = BillingMode::kProvisioned;
  std::optional<uint64_t> pay_per_request_since_us;  // present once the table was on demand
  Throughput throughput;                             // 0 and 0 on demand
  ThroughputChanges throughput_changes;
  std::optional<TableClass> table_class;  // present once it was set
  std::optional<uint64_t> table_class_updated_us;
  std::optional<OnDemandThroughput> on_demand_throughput;
  std::optional<Throughput> warm_throughput;  // what was asked for; without, the defaults are told
  bool deletion_protection = false;
  std::optional<StreamViewType> stream_view_type;  // present while a stream is enabled
  std::string latest_stream_label;                 // empty: there never was a stream
  // Estimates from the store's statistics: overwritten and deleted items count until they are compacted away.
  uint64_t item_count = 0;
  uint64_t size_bytes = 0;
};

struct ListTablesRequest {
  std::optional<std::string> exclusive_start_table_name;  // need not exist
  std::optional<int64_t> limit;                           // 1 to 100; default 100
};

struct ListTablesResult {
  std::vector<std::string> table_names;  // in the order of their bytes
  std::optional<std::string> last_evaluated_table_name;
};

}  // namespace varve::api
