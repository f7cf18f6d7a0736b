// UpdateTable: billing mode, throughput, table class, deletion protection. One kind of change a request, as DynamoDB asks.
#include "api/dynamo/operations.h"
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
  const int kinds = (billing ? 1 : 0) + (request.table_class ? 1 : 0) +
                    (request.deletion_protection ? 1 : 0) + (request.unsupported.empty() ? 0 : 1);
  if (kinds == 0) return validation_error(std::string(kNothing));
  if (request.billing_mode == BillingMode::kProvisioned && !request.throughput) {
    return invalid_parameter("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  if (kinds > 1 && request.table_class) {
    return invalid_parameter("TableClass modification must be the only operation in the request");
  }
  if (kinds > 1 && request.deletion_protection) {
    return invalid_parameter("DeletionProtection modification must be the only operation in the request");
  }
  return std::nullopt;
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

Failure change_billing(const UpdateTableRequest& request, uint64_t now_us, TableDescription* table) {
  const BillingMode mode = request.billing_mode.value_or(table->billing_mode);
  if (mode == BillingMode::kPayPerRequest) {
    if (request.throughput) {
      return invalid_parameter(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
          "PAY_PER_REQUEST");
    }
    if (table->billing_mode == mode) return std::nullopt;
    table->billing_mode = mode;
    table->pay_per_request_since_us = now_us;
    table->throughput = Throughput();
    return std::nullopt;
  }
  if (table->billing_mode == mode && table->throughput == *request.throughput)
    return unchanged(table->throughput);
  const Throughput& wanted = *request.throughput;
  const Throughput& current = table->throughput;
  if (wanted.read_units > current.read_units || wanted.write_units > current.write_units)
    table->last_increase_us = now_us;
  if (wanted.read_units < current.read_units || wanted.write_units < current.write_units)
    table->last_decrease_us = now_us;
  table->billing_mode = mode;
  table->throughput = wanted;
  return std::nullopt;
}

}  // namespace

Outcome<TableDescription> update_table(const Context& context, const UpdateTableRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(request.table, TableNameUse::kDefinition));
  if (request.throughput) VARVE_RETURN_IF_FAILED(check_throughput(*request.throughput));
  VARVE_RETURN_IF_FAILED(check_combination(request));
  if (!request.unsupported.empty()) return unsupported_member(request.unsupported.front());
  VARVE_ASSIGN_OR_FAIL(const auto table_class, table_class_of(request.table_class));
  const uint64_t now_us = io::wall_us();
  const auto change = [&](Table* table) -> Failure {
    TableDescription& description = table->description;
    if (request.billing_mode || request.throughput) return change_billing(request, now_us, &description);
    if (table_class) {
      description.table_class = table_class;
      description.table_class_updated_us = now_us;
    }
    if (request.deletion_protection) description.deletion_protection = *request.deletion_protection;
    return std::nullopt;
  };
  VARVE_ASSIGN_OR_FAIL(const TableRef updated, context.catalog->update(name, change));
  VARVE_ASSIGN_OR_FAIL(TableDescription answer, described(context, *updated));
  answer.status = TableStatus::kUpdating;
  return answer;
}

}  // namespace varve::api::dynamo
