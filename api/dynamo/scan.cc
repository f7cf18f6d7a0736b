#include "api/dynamo/operations.h"
#include "api/dynamo/page_reader.h"
#include "api/dynamo/parameters.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMaxSegments = 1'000'000;

Failure check_segments(const ScanRequest& request) {
  if (request.segment && !request.total_segments) {
    return validation_error(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter "
        "is present");
  }
  if (!request.segment && request.total_segments) {
    return validation_error(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments "
        "is present");
  }
  if (!request.segment) return std::nullopt;
  if (*request.total_segments < 1 || *request.total_segments > kMaxSegments) {
    return constraint_error(std::to_string(*request.total_segments), "totalSegments",
                            *request.total_segments < 1 ? min_value(1) : max_value(kMaxSegments));
  }
  if (*request.segment < 0)
    return constraint_error(std::to_string(*request.segment), "segment", min_value(0));
  if (*request.segment >= *request.total_segments) {
    return validation_error(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: " +
        std::to_string(*request.segment) +
        " is not less than TotalSegments: " + std::to_string(*request.total_segments));
  }
  return std::nullopt;
}

Outcome<PageRange> range_of(const ScanRequest& request, const PageSource& source) {
  PageRange range;
  if (request.segment) {
    range.keys = index::segment_range(static_cast<uint32_t>(*request.segment),
                                      static_cast<uint32_t>(*request.total_segments));
  }
  if (!request.exclusive_start_key) return range;
  const Item& start_key = *request.exclusive_start_key;
  if (source.index() != nullptr) {
    if (start_key.size() != source.key_size()) {
      return validation_error("The provided starting key is invalid");
    }
    if (auto failure = source.check_index_part(start_key)) return *std::move(failure);
  }
  auto tree_key = source.tree_key(start_key);
  if (!tree_key.ok()) {
    return validation_error("The provided starting key is invalid: " + tree_key.status().message());
  }
  range.after = *std::move(tree_key);
  if (!range.keys.contains(range.after)) {
    return validation_error(
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
        "correct "
        "Segment. TotalSegments: " +
        std::to_string(*request.total_segments) + " Segment: " + std::to_string(*request.segment));
  }
  return range;
}

}  // namespace

Outcome<ScanResult> scan(const Context& context, const ScanRequest& request, const ItemVisitor& visit) {
  VARVE_RETURN_IF_FAILED(check_parameter_forms(
      {{"ProjectionExpression", request.projection_expression.has_value(), /*takes_values=*/false},
       {"FilterExpression", request.filter_expression.has_value()}},
      request.attributes, request.notes, request.attributes_to_get));
  VARVE_RETURN_IF_FAILED(check_start_key_values(request));
  VARVE_RETURN_IF_FAILED(check_segments(request));
  VARVE_RETURN_IF_FAILED(check_select(request));
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  PageExpressions expressions;
  VARVE_ASSIGN_OR_FAIL(expressions.filter, bind_filter(request, &placeholders));
  VARVE_ASSIGN_OR_FAIL(expressions.projection, bind_projection(request.projection_expression,
                                                               request.attributes_to_get, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));

  VARVE_ASSIGN_OR_FAIL(const TableRef table, context.table_for_items(request.table));
  VARVE_ASSIGN_OR_FAIL(const PageSource source, page_source(*table, request));
  VARVE_ASSIGN_OR_FAIL(const PageRange range, range_of(request, source));
  VARVE_RETURN_IF_FAILED(check_key_paths(source, expressions));
  VARVE_ASSIGN_OR_FAIL(expressions.fetch, must_fetch(source, request, expressions));
  return read_page(context, source, request, range, expressions, visit);
}

}  // namespace varve::api::dynamo
