#include "api/dynamo/parameters.h"

#include <algorithm>

#include "api/dynamo/value_json.h"

namespace varve::api::dynamo {
namespace {

template <typename Names>
std::string joined(const Names& names, Slice separator) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

Error mixed(const std::vector<Slice>& older, const std::vector<Slice>& expressions) {
  return validation_error(
      "Can not use both expression and non-expression parameters in the same request: Non-expression "
      "parameters: {" +
      joined(older, ", ") + "} Expression parameters: {" + joined(expressions, ", ") + "}");
}

Failure check_names(const ExpressionAttributes& attributes, bool any_expression) {
  if (!attributes.names) return std::nullopt;
  if (!any_expression) {
    return validation_error("ExpressionAttributeNames can only be specified when using expressions");
  }
  if (attributes.names->empty()) return validation_error("ExpressionAttributeNames must not be empty");
  return std::nullopt;
}

Failure check_values(const ExpressionAttributes& attributes,
                     std::initializer_list<ExpressionMember> expressions) {
  if (!attributes.values) return std::nullopt;
  std::vector<Slice> takers;
  for (const ExpressionMember& member : expressions) {
    if (!member.takes_values) continue;
    if (member.present) {
      if (attributes.values->empty()) return validation_error("ExpressionAttributeValues must not be empty");
      return std::nullopt;
    }
    takers.push_back(member.name);
  }
  return validation_error("ExpressionAttributeValues can only be specified when using expressions: " +
                          joined(takers, " and ") + (takers.size() == 1 ? " is null" : " are null"));
}

}  // namespace

Failure check_parameter_forms(std::initializer_list<ExpressionMember> expressions,
                              const ExpressionAttributes& attributes, const DecodeNotes& notes,
                              const std::optional<std::vector<std::string>>& attributes_to_get) {
  std::vector<Slice> present;
  for (const ExpressionMember& member : expressions) {
    if (member.present) present.push_back(member.name);
  }
  std::vector<Slice> older;
  if (attributes_to_get) older.emplace_back("AttributesToGet");
  older.insert(older.end(), notes.legacy_parameters.begin(), notes.legacy_parameters.end());
  if (!older.empty() && !present.empty()) return mixed(older, present);
  VARVE_RETURN_IF_FAILED(check_names(attributes, !present.empty()));
  return check_values(attributes, expressions);
}

Failure check_item_values(const Item& item, const DecodeNotes& notes) {
  if (!notes.item_error.empty()) return validation_error(notes.item_error);
  return check_item(item);
}

Outcome<expression::Placeholders> bind_placeholders(const Context& context,
                                                    const ExpressionAttributes& attributes,
                                                    const DecodeNotes& notes) {
  expression::Placeholders placeholders(context.expressions);
  if (attributes.names) {
    for (const auto& [key, name] : *attributes.names) {
      VARVE_RETURN_IF_FAILED(failure_of(placeholders.add_name(key, name)));
    }
  }
  if (!attributes.values) return placeholders;
  for (const auto& [key, value] : *attributes.values) {
    VARVE_RETURN_IF_FAILED(failure_of(expression::Placeholders::check_value_key(key)));
  }
  if (!notes.expression_value_error.empty()) {
    return expression::Placeholders::invalid_value(notes.expression_value_key,
                                                   Status::invalid_argument(notes.expression_value_error));
  }
  for (const auto& [key, value] : *attributes.values) {
    if (const auto failure = check_value(value)) {
      return expression::Placeholders::invalid_value(key, Status::invalid_argument(failure->message));
    }
    VARVE_RETURN_IF_FAILED(failure_of(placeholders.add_value(key, value)));
  }
  return placeholders;
}

namespace {

Outcome<std::optional<expression::Condition>> bind_tests(const LegacyParameters& legacy) {
  const bool any_tests = legacy.tests && !legacy.tests->empty();
  if (legacy.join && !any_tests) {
    return validation_error("ConditionalOperator cannot be used without Filter or Expected");
  }
  if (!any_tests) return std::optional<expression::Condition>();
  const auto join = legacy.join.value_or(expression::ConditionalOperator::kAnd);
  VARVE_ASSIGN_OR_FAIL_STATUS(auto condition, expression::translate_tests(*legacy.tests, join));
  return condition;
}

}  // namespace

Outcome<std::optional<expression::Condition>> bind_condition(const WriteRequestBase& request,
                                                             expression::Placeholders* placeholders) {
  if (!request.condition_expression) return bind_tests(request.legacy);
  std::optional<expression::Condition> condition;
  VARVE_ASSIGN_OR_FAIL_STATUS(condition,
                              expression::parse_condition(*request.condition_expression, placeholders));
  return condition;
}

Outcome<std::optional<expression::Condition>> bind_filter(const ReadPageRequest& request,
                                                          expression::Placeholders* placeholders) {
  if (!request.filter_expression) return bind_tests(request.legacy);
  std::optional<expression::Condition> filter;
  VARVE_ASSIGN_OR_FAIL_STATUS(filter, expression::parse_filter(*request.filter_expression, placeholders));
  return filter;
}

Outcome<std::optional<expression::Projection>> bind_projection(
    const std::optional<std::string>& projection_expression,
    const std::optional<std::vector<std::string>>& attributes_to_get,
    expression::Placeholders* placeholders) {
  std::optional<expression::Projection> projection;
  if (projection_expression) {
    VARVE_ASSIGN_OR_FAIL_STATUS(projection,
                                expression::parse_projection(*projection_expression, placeholders));
  } else if (attributes_to_get) {
    std::vector<std::string> sorted = *attributes_to_get;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) return invalid_parameter("Duplicate value in attribute name: " + *twice);
    projection = expression::project_attributes(sorted);
  }
  return projection;
}

}  // namespace varve::api::dynamo
