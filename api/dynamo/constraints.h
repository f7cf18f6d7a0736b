// Constraint validation: the checks that DynamoDB's front end makes on members one by one, before any operation looks at
// them ("1 validation error detected: Value ... failed to satisfy constraint: ..."). As AWS does now, the table's name is reported
// alone and first, then the violations in the model's order.
//
// Threads: any (pure functions).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "api/dynamo/error.h"
#include "base/slice.h"

namespace varve::api::dynamo {

inline constexpr Slice kRegion = "us-east-1";
inline constexpr Slice kAccount = "000000000000";

// "1 validation error detected: Value '<value>' at '<path>' failed to satisfy constraint: <constraint>".
Error constraint_error(Slice value, Slice path, Slice constraint);
// The same for a required member that is absent: "Value null at ... Member must not be null".
Error missing_member(Slice path);
// "<n> validation errors detected: ...; ..." of several of these; the first alone when one is no such sentence.
Error joined_violations(std::span<const Error> violations);
std::string enum_constraint(std::span<const Slice> values);
std::string min_length(int64_t bound);
std::string max_length(int64_t bound);
std::string min_value(int64_t bound);
std::string max_value(int64_t bound);

// How long a text must be, of the member at `path`.
Failure check_length(Slice text, Slice path, int64_t least, int64_t most);

// How long a name must be: operations that define tables ask for 3 characters, the others for 1.
enum class TableNameUse { kExisting, kDefinition };
// Checks a name, or an ARN of a table of this account and region, and answers the name; it borrows from `name_or_arn`. `path`: of the
// member that it is, for the texts.
Outcome<Slice> table_name(Slice name_or_arn, TableNameUse use, Slice path = "tableName");
// Other names: 3 to 255 of the same characters.
Failure check_index_name(Slice name, Slice path = "indexName");
Failure check_start_table_name(Slice name);  // ExclusiveStartTableName

std::string table_arn(Slice table);

// A member "Limit" of 1 to `most`, which it is when absent.
Outcome<size_t> limit_of(const std::optional<int64_t>& limit, int64_t most);

}  // namespace varve::api::dynamo
