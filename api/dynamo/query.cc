#include "api/dynamo/operations.h"
#include "api/dynamo/page_reader.h"
#include "api/dynamo/parameters.h"
#include "api/expression/key_condition.h"

namespace varve::api::dynamo {
namespace {

Error not_restartable(const Item& start_key) {
  std::string shown;
  for (const auto& attribute : start_key) {
    if (!shown.empty()) shown += ", ";
    shown += attribute.name + "=" + attribute.value.to_message_string();
  }
  return validation_error("The provided exclusive start key is invalid: ExclusiveStartKey: {" + shown + "}");
}

// Whether a start key lies in the item collection that is asked for.
bool in_collection(const index::KeyParts& keys, const Item& start_key, const expression::KeyQuery& wanted) {
  for (size_t i = 0; i < keys.partition.size(); ++i) {
    if (!(*start_key.find(keys.partition[i].name) == wanted.partition[i])) return false;
  }
  return true;
}

// Whether its sort attributes meet the conditions.
bool meets_sort_conditions(const index::KeyParts& keys, const Item& start_key,
                           const expression::KeyQuery& wanted) {
  for (size_t i = 0; i < wanted.sort_values.size(); ++i) {
    if (!(*start_key.find(keys.sort[i].name) == wanted.sort_values[i])) return false;
  }
  if (!wanted.sort) return true;
  return wanted.sort->matches(*start_key.find(keys.sort[wanted.sort_values.size()].name));
}

// Holds ExclusiveStartKey against the conditions and answers its tree key.
Outcome<std::string> resume_after(const PageSource& source, const Item& start_key,
                                  const expression::KeyQuery& wanted) {
  auto tree_key = source.tree_key(start_key);
  if (!tree_key.ok()) {
    return validation_error("The provided starting key is invalid: " + tree_key.status().message());
  }
  const index::KeyParts keys = source.keys();
  if (source.index() == nullptr && keys.sort.empty()) return not_restartable(start_key);
  if (!meets_sort_conditions(keys, start_key, wanted)) {
    return validation_error("The provided starting key does not match the range key predicate");
  }
  if (!in_collection(keys, start_key, wanted)) {
    return validation_error(
        wanted.sort ? "The query can return at most one row and cannot be restarted"
                    : "The provided starting key is outside query boundaries based on provided conditions");
  }
  return *std::move(tree_key);
}

Outcome<expression::KeyCondition> bind_key_condition(const QueryRequest& request,
                                                     expression::Placeholders* placeholders) {
  if (request.key_condition_expression) {
    VARVE_ASSIGN_OR_FAIL_STATUS(
        auto parsed, expression::parse_key_condition(
                         *request.key_condition_expression, placeholders,
                         request.index_name ? expression::kMaxIndexKeyTerms : expression::kMaxTableKeyTerms));
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
  VARVE_ASSIGN_OR_FAIL(const PageSource source, page_source(*table, request));
  if (request.exclusive_start_key) {
    if (request.exclusive_start_key->size() != source.key_size()) {
      return validation_error("The provided starting key is invalid");
    }
    VARVE_RETURN_IF_FAILED(source.check_index_part(*request.exclusive_start_key));
  }
  VARVE_ASSIGN_OR_FAIL_STATUS(const expression::KeyQuery wanted, key_condition.resolve(source.keys()));
  PageRange range;
  range.keys = wanted.range();
  range.forward = request.scan_index_forward;
  range.resumable = source.index() != nullptr || !source.keys().sort.empty();
  if (request.exclusive_start_key) {
    VARVE_ASSIGN_OR_FAIL(range.after, resume_after(source, *request.exclusive_start_key, wanted));
  }
  if (expressions.filter) {
    VARVE_RETURN_IF_FAILED(failure_of(expressions.filter->check_no_key_attributes(
        source.keys(), request.legacy.tests ? "QueryFilter" : "Filter Expression")));
  }
  VARVE_RETURN_IF_FAILED(check_key_paths(source, expressions));
  VARVE_ASSIGN_OR_FAIL(expressions.fetch, must_fetch(source, request, expressions));
  if (expressions.filter) VARVE_RETURN_IF_FAILED(source.check_filter(*expressions.filter));
  return read_page(context, source, request, range, expressions, visit);
}

}  // namespace varve::api::dynamo
