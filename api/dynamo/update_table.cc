// UpdateTable: billing mode and throughput, global indexes, bounds on demand, warm throughput, table class, stream, deletion protection. One
// kind of change a request, as DynamoDB asks.
#include "api/dynamo/backfill.h"
#include "api/dynamo/index_updates.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/table_settings.h"
#include "api/dynamo/throughput_changes.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr Slice kNothing =
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
    "MultiRegionConsistency, "
    "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required";

Failure check_combination(const UpdateTableRequest& request) {
  const bool billing = request.billing_mode || request.throughput;
  const auto alone = [](Slice what) {
    return invalid_parameter(std::string(what) + " modification must be the only operation in the request");
  };
  const int kinds = int{billing} + int{changes_indexes(request)} + int{request.table_class.has_value()} +
                    int{request.deletion_protection.has_value()} + int{request.encryption.has_value()} +
                    int{request.on_demand_throughput.has_value()} + int{request.warm_throughput.has_value()} +
                    int{request.stream.has_value()} + int{!request.unsupported.empty()};
  if (kinds == 0) return validation_error(std::string(kNothing));
  if (request.billing_mode == BillingMode::kProvisioned && !request.throughput) {
    return invalid_parameter("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  if (kinds == 1) return std::nullopt;
  if (request.encryption) return alone("Server-Side Encryption");
  if (request.table_class) return alone("TableClass");
  if (request.deletion_protection) return alone("DeletionProtection");
  if (request.changes_replicas) return alone("Replica");
  if (request.warm_throughput) {
    if (creates_index(request)) {
      return invalid_parameter(
          "Create global secondary index cannot be specified when updating WarmThroughput");
    }
    // That of indexes goes with the table's.
    if (kinds == 2 && only_warms_indexes(request)) return std::nullopt;
    return invalid_parameter("WarmThroughput must be the only operation in the request");
  }
  const bool with_billing_mode = kinds == 2 && request.billing_mode && !request.throughput;
  if (request.on_demand_throughput && !with_billing_mode) {
    return invalid_parameter(
        "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request");
  }
  if (request.stream && billing) {
    return invalid_parameter("You cannot modify stream status while updating table IOPS");
  }
  return std::nullopt;
}

Failure check_stream(const StreamSpecification& stream) {
  if (stream.enabled && !stream.view_type) {
    return invalid_parameter("If stream is being enabled then UpdateViewType is required");
  }
  if (!stream.enabled && stream.view_type) {
    return invalid_parameter("If stream is being disabled, then UpdateViewType must not be specified");
  }
  return std::nullopt;
}

Failure change_stream(const StreamSpecification& wanted, Streams::Change* stream, Table* table,
                      partition::WriteBatch* batch) {
  const std::string& name = table->description.name;
  if (wanted.enabled) {
    if (table->stream) return validation_error("Table already has an enabled stream: TableName: " + name);
    return stream->begin(*wanted.view_type, table, batch);
  }
  if (!table->stream) return validation_error("Table has no stream to disable: TableName: " + name);
  return stream->end(table, batch);
}

Error unchanged(const Throughput& throughput) {
  const std::string read = std::to_string(throughput.read_units);
  const std::string write = std::to_string(throughput.write_units);
  return validation_error(
      "The provisioned throughput for the table will not change. The requested value equals the current "
      "value. Current "
      "ReadCapacityUnits provisioned for the table: " +
      read + ". Requested ReadCapacityUnits: " + read +
      ". Current WriteCapacityUnits provisioned for the table: " + write +
      ". Requested WriteCapacityUnits: " + write +
      ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.");
}

Failure change_billing(const UpdateTableRequest& request, const ChangeTime& time, TableDescription* table) {
  const BillingMode mode = request.billing_mode.value_or(table->billing_mode);
  if (mode == BillingMode::kPayPerRequest) {
    if (request.throughput) {
      return invalid_parameter(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
          "PAY_PER_REQUEST");
    }
    if (table->billing_mode == mode) return std::nullopt;
    table->billing_mode = mode;
    table->pay_per_request_since_us = time.now_us;
    table->throughput = Throughput();
    return std::nullopt;
  }
  if (table->billing_mode == mode && table->throughput == *request.throughput)
    return unchanged(table->throughput);
  table->billing_mode = mode;
  return change_throughput(*request.throughput, time, &table->throughput, &table->throughput_changes);
}

Failure apply(const UpdateTableRequest& request, const std::optional<TableClass>& table_class,
              const ChangeTime& time, TableDescription* table) {
  VARVE_RETURN_IF_FAILED(check_no_index_busy(request, *table));
  if (request.billing_mode || request.throughput)
    VARVE_RETURN_IF_FAILED(change_billing(request, time, table));
  VARVE_RETURN_IF_FAILED(apply_index_updates(request, time, table));
  const CapacityOwner owner{"table", table->billing_mode, table->throughput, /*is_new=*/false};
  if (request.on_demand_throughput) {
    VARVE_RETURN_IF_FAILED(set_on_demand(*request.on_demand_throughput, owner, &table->on_demand_throughput));
  }
  if (table->billing_mode == BillingMode::kProvisioned) table->on_demand_throughput.reset();
  if (request.warm_throughput)
    VARVE_RETURN_IF_FAILED(set_warm(*request.warm_throughput, owner, &table->warm_throughput));
  if (table_class) {
    table->table_class = table_class;
    table->table_class_updated_us = time.now_us;
  }
  if (request.deletion_protection) table->deletion_protection = *request.deletion_protection;
  return std::nullopt;
}

}  // namespace

Outcome<TableDescription> update_table(const Context& context, const UpdateTableRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(request.table, TableNameUse::kDefinition));
  if (request.throughput) VARVE_RETURN_IF_FAILED(check_throughput(*request.throughput));
  VARVE_RETURN_IF_FAILED(check_combination(request));
  VARVE_RETURN_IF_FAILED(check_index_updates(request));
  VARVE_ASSIGN_OR_FAIL(const auto table_class, table_class_of(request.table_class));
  if (request.encryption) VARVE_RETURN_IF_FAILED(check_encryption(*request.encryption));
  if (request.billing_mode == BillingMode::kPayPerRequest && request.throughput) {
    return invalid_parameter(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST");
  }
  if (request.stream) VARVE_RETURN_IF_FAILED(check_stream(*request.stream));
  if (!request.unsupported.empty()) return unsupported_member(request.unsupported.front());
  const ChangeTime time{io::wall_us(), context.catalog->delay_us() > 0};
  TableDescription before;
  const auto change = [&](Table* table) -> Failure {
    if (request.encryption) {
      return asks_for_encryption(*request.encryption)
                 ? unsupported_member("SSESpecification")
                 : invalid_parameter("Table is already encrypted by default");
    }
    before = table->description;
    return apply(request, table_class, time, &table->description);
  };
  Streams::Change stream(context.streams);
  const auto change_stream_too = [&](Table* table, partition::WriteBatch* batch) {
    return request.stream ? change_stream(*request.stream, &stream, table, batch) : std::nullopt;
  };
  VARVE_ASSIGN_OR_FAIL(const TableRef updated, context.catalog->update(name, change, change_stream_too));
  stream.publish();
  // Writes that knew the table without its stream are seen by whoever reads the table from here on: what it does not show is in the stream.
  if (request.stream) VARVE_RETURN_IF_FAILED(failure_of(context.store->drain()));
  if (changes_indexes(request)) context.backfill->wake();
  VARVE_ASSIGN_OR_FAIL(TableDescription answer, described(context, *updated));
  tell_index_updates(request, before, &answer);
  answer.status = TableStatus::kUpdating;
  return answer;
}

}  // namespace varve::api::dynamo
