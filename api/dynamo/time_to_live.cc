// UpdateTimeToLive and DescribeTimeToLive.
#include <algorithm>

#include "api/dynamo/expiry.h"
#include "api/dynamo/operations.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

// For as long DynamoDB refuses the next change; here where tables take their time too (--table-delay-ms).
constexpr uint64_t kBetweenChangesUs = 3600ull * 1'000'000;

Failure check(const TimeToLiveSpecification& wanted) {
  const std::string& name = wanted.attribute;
  constexpr Slice kPath = "timeToLiveSpecification.attributeName";
  if (name.empty()) return constraint_error(name, kPath, min_length(1));
  if (name.size() > 255) return constraint_error(name, kPath, max_length(255));
  return std::nullopt;
}

Failure change_expiry(const Context& context, const TimeToLiveSpecification& wanted, Table* table) {
  if (table->expiry && table->expiry->attribute != wanted.attribute) {
    return validation_error("TimeToLive is active on a different AttributeName: current AttributeName is " +
                            table->expiry->attribute);
  }
  if (table->expiry.has_value() == wanted.enabled) {
    return validation_error(wanted.enabled ? "TimeToLive is already enabled"
                                           : "TimeToLive is already disabled");
  }
  const uint64_t now_us = io::wall_us();
  const uint64_t changed_us =
      std::max(table->expiry_changed_us, table->expiry ? table->expiry->enabled_us : 0);
  if (context.catalog->delay_us() > 0 && now_us < changed_us + kBetweenChangesUs) {
    return validation_error("Time to live has been modified multiple times within a fixed interval");
  }
  table->expiry_changed_us = now_us;
  if (!wanted.enabled) {
    table->expiry.reset();
    return std::nullopt;
  }
  TableExpiry expiry{wanted.attribute, now_us, true, {}};
  std::string keyspace = expiry_keyspace(table->description.id, expiry.enabled_us);
  // One that a failed attempt has left may be in the way.
  while (context.store->find_keyspace(keyspace)) {
    keyspace = expiry_keyspace(table->description.id, ++expiry.enabled_us);
  }
  VARVE_ASSIGN_OR_FAIL_STATUS(expiry.entries, context.store->create_keyspace(keyspace));
  table->expiry = std::move(expiry);
  return std::nullopt;
}

}  // namespace

Outcome<TimeToLiveSpecification> update_time_to_live(const Context& context,
                                                     const UpdateTimeToLiveRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(request.table, TableNameUse::kExisting));
  VARVE_RETURN_IF_FAILED(check(request.specification));
  std::optional<KeyspaceId> dropped;
  const auto change = [&](Table* table) -> Failure {
    VARVE_RETURN_IF_FAILED(check_changeable(*table));
    if (table->expiry) dropped = table->expiry->entries;
    return change_expiry(context, request.specification, table);
  };
  VARVE_ASSIGN_OR_FAIL(const TableRef updated, context.catalog->amend(name, change));
  // The table's entry no longer names it: a failure here leaves it for the next open to drop.
  if (!updated->expiry && dropped) (void)context.store->drop_keyspace(*dropped);
  return request.specification;
}

Outcome<TimeToLiveDescription> describe_time_to_live(const Context& context, const std::string& table) {
  VARVE_ASSIGN_OR_FAIL(const TableRef found, find_table(*context.catalog, table));
  if (found->status() == TableStatus::kCreating) {
    return validation_error(
        "Cannot describe time to live while table is in CREATING state: Current table state is CREATING");
  }
  if (!found->expiry) return TimeToLiveDescription{};
  return TimeToLiveDescription{
      found->expiry->filling ? TimeToLiveStatus::kEnabling : TimeToLiveStatus::kEnabled,
      found->expiry->attribute};
}

}  // namespace varve::api::dynamo
