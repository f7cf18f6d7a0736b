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
// Bounds are for tables on demand, and positive; -1 is none.
Failure check_on_demand(const OnDemandThroughput& bounds, BillingMode mode);
// What the table is ready for already: `asked` may not be less than that.
Throughput warm_default(const TableDescription& table);
Failure set_warm(const WarmThroughput& asked, TableDescription* table);
// The refusal of a member that this version does not carry out.
Error unsupported_member(const std::string& member);

}  // namespace varve::api::dynamo
