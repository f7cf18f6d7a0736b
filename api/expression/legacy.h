// The parameters of the time before expressions: Expected, QueryFilter, ScanFilter, KeyConditions and AttributeUpdates.
//
// They are translated into the syntax trees that the expressions have and bound like them, so one evaluator serves both. Attribute
// names are literal here: `a.b` is the attribute of that name. The tree of several tests is balanced: its depth is the logarithm
// of their number, which only the request's size bounds.
//
// What has no counterpart of its own: NOT_CONTAINS is attribute_exists(a) AND NOT contains(a, v), because it is false of a missing
// attribute; ADD of a list is SET a = list_append(if_not_exists(a, []), v).
//
// Errors: kInvalidArgument whose message is the whole text of DynamoDB's ValidationException. Threads: any (pure functions).
// Reference: DynamoDB developer guide, "Legacy conditional parameters".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/expression/condition.h"
#include "api/expression/key_condition.h"
#include "api/expression/update.h"
#include "base/result.h"
#include "index/attribute_value.h"

namespace varve::api::expression {

enum class ComparisonOperator : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kBetween,
  kIn,
  kNull,     // absent; nothing to do with the type NULL
  kNotNull,  // present
  kContains,
  kNotContains,
  kBeginsWith,
};
Slice comparison_operator_name(ComparisonOperator op);  // "NOT_NULL"

enum class ConditionalOperator : uint8_t { kAnd, kOr };

// An operand, and what is wrong with it; the latter is reported when its turn comes.
struct LegacyValue {
  index::AttributeValue value;
  std::string problem;
};

// An entry of Expected. Those of QueryFilter, ScanFilter and KeyConditions have an operator and perhaps a list, nothing else.
struct AttributeTest {
  std::string attribute;
  std::optional<ComparisonOperator> op;
  std::optional<LegacyValue> value;
  std::optional<std::vector<LegacyValue>> list;
  std::optional<bool> exists;
};

enum class AttributeAction : uint8_t { kPut, kAdd, kDelete };

// An entry of AttributeUpdates.
struct AttributeChange {
  std::string attribute;
  AttributeAction action = AttributeAction::kPut;
  std::optional<LegacyValue> value;
};

// Expected, QueryFilter or ScanFilter; nullopt when there are no tests, which every item passes.
Result<std::optional<Condition>> translate_tests(const std::vector<AttributeTest>& tests,
                                                 ConditionalOperator join);
Result<KeyCondition> translate_key_conditions(const std::vector<AttributeTest>& tests);
// nullopt when there are no changes.
Result<std::optional<Update>> translate_changes(const std::vector<AttributeChange>& changes);

}  // namespace varve::api::expression
