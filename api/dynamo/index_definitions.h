// Secondary indexes as requests define them: the checks of CreateTable and UpdateTable on them, in DynamoDB's order, and the schemas
// that they come to.
//
// Threads: any (pure functions).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/table_requests.h"

namespace varve::api::dynamo {

inline constexpr size_t kMaxLocalIndexes = 5;
inline constexpr size_t kMaxGlobalIndexes = 20;
inline constexpr size_t kMaxNonKeyAttributes = 100;  // of all indexes of a table together

Failure check_attribute_name(Slice name, const std::string& path);
// The constraints on members; `path` is the definition's: "globalSecondaryIndexes.1.member".
Failure check_index_members(const IndexDefinition& definition, const std::string& path);
// "Attribute Name is duplicated: ..."
Failure check_defined_once(const std::vector<AttributeDefinition>& definitions);
// "Some index key attributes are not defined in AttributeDefinitions. ..."
Failure check_keys_defined(const std::vector<KeySchemaElement>& schema,
                           const std::vector<AttributeDefinition>& definitions);
// The rules on a schema of one or two elements: a table's, and a local index's.
Failure check_simple_schema(const std::vector<KeySchemaElement>& schema);

// CreateTable's two lists, after its table's key was checked.
Failure check_index_lists(const CreateTableRequest& request);
// One global index of a table in a billing mode.
Failure check_global_index(const IndexDefinition& definition,
                           const std::vector<AttributeDefinition>& attribute_definitions);
Failure check_index_throughput(const IndexDefinition& definition, BillingMode mode);
// Of all indexes of a table.
Failure check_projected_count(const std::vector<IndexDescription>& indexes);

// The index of a definition that passed the checks. It has no id yet.
IndexDescription describe_index(const IndexDefinition& definition, index::IndexKind kind,
                                const std::vector<AttributeDefinition>& attribute_definitions);

// Sets what a request asks of a global index's bounds on demand and of its warm throughput.
Failure set_index_capacity(const std::optional<OnDemandThroughput>& bounds,
                           const std::optional<WarmThroughput>& warm, BillingMode mode, bool is_new,
                           IndexDescription* index);

Slice projection_name(index::ProjectionType type);
std::string index_arn(Slice table_arn, Slice index);

}  // namespace varve::api::dynamo
