#include "api/dynamo/table_settings.h"

#include <algorithm>

#include "api/dynamo/constraints.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMaxCapacityUnits = 1'000'000'000'000;
// What DynamoDB keeps ready for every table on demand.
constexpr Throughput kWarmOnDemand = {12'000, 4'000};
constexpr int64_t kNoBound = -1;

Failure check_bound(const std::optional<int64_t>& units, const std::string& name,
                    const CapacityOwner& owner) {
  if (!units) return std::nullopt;
  if (owner.billing_mode == BillingMode::kProvisioned) {
    return invalid_parameter(
        name + " for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED");
  }
  if (*units >= 1 || *units == kNoBound) return std::nullopt;
  return invalid_parameter("Requested " + name + " for OnDemandThroughput for " + owner.name +
                           " is outside of valid range");
}

Failure check_warm_units(const std::optional<int64_t>& asked, int64_t least, Slice name, Slice capacity_name,
                         const CapacityOwner& owner) {
  if (!asked || *asked >= least) return std::nullopt;
  std::string text =
      "Requested " + std::string(name) + " for WarmThroughput for " + owner.name + " is lower than ";
  if (!owner.is_new) {
    text += "current WarmThroughput, decreasing WarmThroughput is not supported";
  } else if (owner.billing_mode == BillingMode::kPayPerRequest) {
    text += "initial throughput for OnDemand.";
  } else {
    text += std::string(capacity_name) + " of ProvisionedThroughput";
  }
  return invalid_parameter(text);
}

}  // namespace

Failure check_throughput(const Throughput& throughput, const std::string& path, Slice index) {
  const auto check = [&](int64_t units, const std::string& upper_name, Slice member) -> Failure {
    if (units < 1) {
      return constraint_error(std::to_string(units), path + "provisionedThroughput." + std::string(member),
                              min_value(1));
    }
    if (units > kMaxCapacityUnits) {
      std::string text = "Given value " + std::to_string(units) + " for " + upper_name + " is out of bounds";
      if (!index.empty()) text.append(" for index ").append(index);
      return validation_error(std::move(text));
    }
    return std::nullopt;
  };
  VARVE_RETURN_IF_FAILED(check(throughput.read_units, "ReadCapacityUnits", "readCapacityUnits"));
  return check(throughput.write_units, "WriteCapacityUnits", "writeCapacityUnits");
}

Outcome<std::optional<TableClass>> table_class_of(const std::optional<std::string>& name) {
  if (!name) return std::optional<TableClass>();
  if (*name == "STANDARD") return std::optional(TableClass::kStandard);
  if (*name == "STANDARD_INFREQUENT_ACCESS") return std::optional(TableClass::kInfrequentAccess);
  return validation_error(
      "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
      "STANDARD_INFREQUENT_ACCESS].");
}

Failure check_encryption(const EncryptionSpecification& encryption) {
  const bool enabled = encryption.enabled.value_or(false);
  if (!enabled && encryption.type)
    return invalid_parameter("SSEType can not be specified if Enabled is false");
  if (!enabled && encryption.key_id)
    return invalid_parameter("KMSMasterKeyId can not be specified if Enabled is false");
  if (encryption.type == "AES256") return invalid_parameter("SSEType AES256 is not supported");
  if (encryption.key_id && !encryption.type)
    return invalid_parameter("SSEType KMS is required if KMSMasterKeyId is specified");
  return std::nullopt;
}

bool asks_for_encryption(const EncryptionSpecification& encryption) {
  return encryption.enabled.value_or(false);
}

Failure set_on_demand(const OnDemandThroughput& asked, const CapacityOwner& owner,
                      std::optional<OnDemandThroughput>* bounds) {
  VARVE_RETURN_IF_FAILED(check_bound(asked.max_read_units, "MaxReadRequestUnits", owner));
  VARVE_RETURN_IF_FAILED(check_bound(asked.max_write_units, "MaxWriteRequestUnits", owner));
  if (!asked.max_read_units && !asked.max_write_units) return std::nullopt;
  if (!*bounds) bounds->emplace();
  if (asked.max_read_units) (*bounds)->max_read_units = asked.max_read_units;
  if (asked.max_write_units) (*bounds)->max_write_units = asked.max_write_units;
  return std::nullopt;
}

Throughput warm_units(BillingMode mode, const Throughput& provisioned,
                      const std::optional<Throughput>& asked) {
  Throughput warm = mode == BillingMode::kPayPerRequest ? kWarmOnDemand : provisioned;
  if (asked) {
    warm.read_units = std::max(warm.read_units, asked->read_units);
    warm.write_units = std::max(warm.write_units, asked->write_units);
  }
  return warm;
}

Failure set_warm(const WarmThroughput& asked, const CapacityOwner& owner, std::optional<Throughput>* warm) {
  const Throughput ready = warm_units(owner.billing_mode, owner.provisioned, *warm);
  VARVE_RETURN_IF_FAILED(
      check_warm_units(asked.read_units, ready.read_units, "ReadUnitsPerSecond", "ReadCapacityUnits", owner));
  VARVE_RETURN_IF_FAILED(check_warm_units(asked.write_units, ready.write_units, "WriteUnitsPerSecond",
                                          "WriteCapacityUnits", owner));
  *warm =
      Throughput{asked.read_units.value_or(ready.read_units), asked.write_units.value_or(ready.write_units)};
  return std::nullopt;
}

Error unsupported_member(const std::string& member) {
  return invalid_parameter(member + " is not supported by this version of Varve");
}

}  // namespace varve::api::dynamo
