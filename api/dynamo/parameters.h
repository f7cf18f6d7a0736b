// The checks on a request's parameters that operations share, each at its place in DynamoDB's order: mixing expressions with the
// older parameters, placeholders without an expression, attribute values, then placeholders by name and value.
//
// Threads: any (pure functions).
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/dynamo/context.h"
#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/table.h"
#include "api/expression/condition.h"
#include "api/expression/placeholders.h"
#include "api/expression/projection.h"

namespace varve::api::dynamo {

// An expression parameter of an operation, in declaration order.
struct ExpressionMember {
  Slice name;
  bool present = false;
  bool takes_values = true;  // all but projections
};

// Refuses mixtures of expressions and older parameters, placeholders without an expression to use them, and empty placeholder maps.
// AttributesToGet is no part of notes.legacy_parameters.
Failure check_parameter_forms(
    std::initializer_list<ExpressionMember> expressions, const ExpressionAttributes& attributes,
    const DecodeNotes& notes,
    const std::optional<std::vector<std::string>>& attributes_to_get = std::nullopt);

// The values of an Item or a Key: what the decoder noted, or the same rules on a typed request.
Failure check_item_values(const Item& item, const DecodeNotes& notes);

// Checks the placeholders' keys, then values. Expressions that are bound to them are parsed through the database's cache.
Outcome<expression::Placeholders> bind_placeholders(const Context& context,
                                                    const ExpressionAttributes& attributes,
                                                    const DecodeNotes& notes);

// ConditionExpression or Expected; nullopt when there is no condition.
Outcome<std::optional<expression::Condition>> bind_condition(const WriteRequestBase& request,
                                                             expression::Placeholders* placeholders);
// FilterExpression or QueryFilter or ScanFilter; nullopt when there is no filter.
Outcome<std::optional<expression::Condition>> bind_filter(const ReadPageRequest& request,
                                                          expression::Placeholders* placeholders);

// ProjectionExpression or AttributesToGet; nullopt when there is neither.
Outcome<std::optional<expression::Projection>> bind_projection(
    const std::optional<std::string>& projection_expression,
    const std::optional<std::vector<std::string>>& attributes_to_get, expression::Placeholders* placeholders);

// Key attributes are scalars: no path of a condition, an update, a filter or a projection goes below one of the table's or an index's.
template <typename Expression>
Failure check_key_paths(const Table& table, const Expression& expression) {
  VARVE_RETURN_IF_FAILED(failure_of(expression.check_key_paths(table.description.key_schema, "Key")));
  for (const IndexDescription& index : table.description.indexes) {
    VARVE_RETURN_IF_FAILED(failure_of(expression.check_key_paths(index.schema.keys(), "IndexKey")));
  }
  return std::nullopt;
}

}  // namespace varve::api::dynamo
