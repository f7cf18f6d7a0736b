#include "api/dynamo/operations.h"
#include "api/dynamo/page_reader.h"
#include "api/dynamo/parameters.h"
#include "api/expression/key_condition.h"

namespace varve::api::dynamo {
namespace {

size_t key_attribute_count(const index::KeySchema& schema) { return schema.sort ? 2 : 1; }

Error not_restartable(const Item& start_key) {
  std::string shown;
  for (const auto& attribute : start_key) {
    if (!shown.empty()) shown += ", ";
    shown += attribute.name + "=" + attribute.value.to_message_string();
  }
  return validation_error("The provided exclusive start key is invalid: ExclusiveStartKey: {" + shown + "}");
}

// Holds ExclusiveStartKey against the conditions and answers its tree key.
Outcome<std::string> resume_after(const index::KeySchema& schema, const Item& start_key,
                                  const expression::KeyQuery& wanted) {
  const auto key = index::key_of_parameter(schema, start_key);
  if (!key.ok()) return validation_error("The provided starting key is invalid: " + key.status().message());
  if (!schema.sort) return not_restartable(start_key);
  if (wanted.sort && !wanted.sort->matches(*key->sort)) {
    return validation_error("The provided starting key does not match the range key predicate");
  }
  if (!(key->partition == wanted.partition)) {
    return validation_error(
        wanted.sort ? "The query can return at most one row and cannot be restarted"
                    : "The provided starting key is outside query boundaries based on provided conditions");
  }
  return index::encode_tree_key(*key);
}

Outcome<expression::KeyCondition> bind_key_condition(const QueryRequest& request,
                                                     expression::Placeholders* placeholders) {
  if (request.key_condition_expression) {
    VARVE_ASSIGN_OR_FAIL_STATUS(
        auto parsed, expression::parse_key_condition(*request.key_condition_expression, placeholders));
    return parsed;
  }
  if (!request.legacy.key_conditions) {
    return validation_error(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  }
  VARVE_ASSIGN_OR_FAIL_STATUS(auto translated,
                              expression::translate_key_conditions(*request.legacy.key_conditions));
  return translated;
}

}  // namespace

Outcome<QueryResult> query(const Context& context, const QueryRequest& request, const ItemVisitor& visit) {
  VARVE_RETURN_IF_FAILED(check_parameter_forms(
      {{"ProjectionExpression", request.projection_expression.has_value(), /*takes_values=*/false},
       {"FilterExpression", request.filter_expression.has_value()},
       {"KeyConditionExpression", request.key_condition_expression.has_value()}},
      request.attributes, request.notes, request.attributes_to_get));
  VARVE_RETURN_IF_FAILED(check_start_key_values(request));
  VARVE_RETURN_IF_FAILED(check_select(request));
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  VARVE_ASSIGN_OR_FAIL(const auto key_condition, bind_key_condition(request, &placeholders));
  PageExpressions expressions;
  VARVE_ASSIGN_OR_FAIL(expressions.filter, bind_filter(request, &placeholders));
  VARVE_ASSIGN_OR_FAIL(expressions.projection, bind_projection(request.projection_expression,
                                                               request.attributes_to_get, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));

  VARVE_ASSIGN_OR_FAIL(const TableRef table, context.table_for_items(request.table));
  const index::KeySchema& schema = table->description.key_schema;
  VARVE_RETURN_IF_FAILED(check_index(request));
  if (request.exclusive_start_key && request.exclusive_start_key->size() != key_attribute_count(schema)) {
    return validation_error("The provided starting key is invalid");
  }
  VARVE_ASSIGN_OR_FAIL_STATUS(const expression::KeyQuery wanted, key_condition.resolve(schema));
  PageRange range;
  range.keys = index::collection_range(wanted.partition, wanted.sort ? &*wanted.sort : nullptr);
  range.forward = request.scan_index_forward;
  range.resumable = schema.sort.has_value();
  if (request.exclusive_start_key) {
    VARVE_ASSIGN_OR_FAIL(range.after, resume_after(schema, *request.exclusive_start_key, wanted));
  }
  if (expressions.filter) {
    VARVE_RETURN_IF_FAILED(failure_of(expressions.filter->check_no_key_attributes(
        schema, request.legacy.tests ? "QueryFilter" : "Filter Expression")));
  }
  VARVE_RETURN_IF_FAILED(check_key_paths(expressions, schema));
  return read_page(context, *table, request, range, expressions, visit);
}

}  // namespace varve::api::dynamo
