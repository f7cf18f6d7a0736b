// The settings of a table that CreateTable and UpdateTable both take: billing and throughput, table class, encryption.
//
// Errors: ValidationException with DynamoDB's texts. Threads: any (pure functions).
#pragma once

#include <optional>
#include <string>

#include "api/dynamo/error.h"
#include "api/dynamo/table_requests.h"

namespace varve::api::dynamo {

// path: of the structure that holds the throughput, with its dot. index: whose it is; empty: the table's.
Failure check_throughput(const Throughput& throughput, const std::string& path = {}, Slice index = {});
Outcome<std::optional<TableClass>> table_class_of(const std::optional<std::string>& name);
// Refuses contradictions. What is left asks for encryption with a key, or for none.
Failure check_encryption(const EncryptionSpecification& encryption);
bool asks_for_encryption(const EncryptionSpecification& encryption);

// The table, or the global index of it, whose capacity a request sets.
struct CapacityOwner {
  std::string name = "table";  // as messages call it; "index byName"
  BillingMode billing_mode = BillingMode::kProvisioned;
  Throughput provisioned;
  bool is_new = false;
};
// Bounds are for what is on demand, and positive; -1 is none. What is not asked for stays.
Failure set_on_demand(const OnDemandThroughput& asked, const CapacityOwner& owner,
                      std::optional<OnDemandThroughput>* bounds);
// What is ready already: by default, or because it was asked for.
Throughput warm_units(BillingMode mode, const Throughput& provisioned,
                      const std::optional<Throughput>& asked);
// Not less than that.
Failure set_warm(const WarmThroughput& asked, const CapacityOwner& owner, std::optional<Throughput>* warm);

// The refusal of a member that this version does not carry out.
Error unsupported_member(const std::string& member);

}  // namespace varve::api::dynamo
