#include "api/expression/legacy.h"

#include <algorithm>
#include <array>

#include "index/key_codec.h"

namespace varve::api::expression {

using index::AttributeType;
using index::AttributeValue;
using index::SortOperator;

namespace {

constexpr size_t kMaxInOperands = 100;
constexpr size_t kMaxAttributeNameBytes = 65535;

// What the operators take: operand counts, and which types.
enum class Operands : uint8_t { kAny, kOrdered, kScalar, kText };
struct OperatorRule {
  Slice name;
  size_t least, most;
  Operands operands;
};
// In the order of ComparisonOperator.
constexpr std::array<OperatorRule, 13> kRules = {{
    {"EQ", 1, 1, Operands::kAny},
    {"NE", 1, 1, Operands::kAny},
    {"LT", 1, 1, Operands::kOrdered},
    {"LE", 1, 1, Operands::kOrdered},
    {"GT", 1, 1, Operands::kOrdered},
    {"GE", 1, 1, Operands::kOrdered},
    {"BETWEEN", 2, 2, Operands::kOrdered},
    {"IN", 1, kMaxInOperands, Operands::kOrdered},
    {"NULL", 0, 0, Operands::kAny},
    {"NOT_NULL", 0, 0, Operands::kAny},
    {"CONTAINS", 1, 1, Operands::kScalar},
    {"NOT_CONTAINS", 1, 1, Operands::kScalar},
    {"BEGINS_WITH", 1, 1, Operands::kText},
}};

const OperatorRule& rule_of(ComparisonOperator op) { return kRules[static_cast<size_t>(op)]; }

bool accepts(Operands operands, AttributeType type) {
  switch (operands) {
    case Operands::kAny:
      return true;
    case Operands::kOrdered:
      return index::is_scalar_key_type(type);
    case Operands::kScalar:
      return index::is_scalar_key_type(type) || type == AttributeType::kBool || type == AttributeType::kNull;
    case Operands::kText:
      return type == AttributeType::kString || type == AttributeType::kBinary;
  }
  return false;
}

Status invalid(std::string message) { return Status::invalid_argument(std::move(message)); }
Status invalid_parameter(const std::string& detail) {
  return invalid("One or more parameter values were invalid: " + detail);
}

Status check_name(const std::string& name) {
  if (name.empty()) return invalid_parameter("Empty attribute name");
  if (name.size() <= kMaxAttributeNameBytes) return {};
  return invalid_parameter("Attribute name is too large, must be at most 65535 bytes");
}

Status check_operands(ComparisonOperator op, const std::vector<const LegacyValue*>& operands) {
  const OperatorRule& rule = rule_of(op);
  for (const LegacyValue* operand : operands) {
    if (!operand->problem.empty()) return invalid(operand->problem);
  }
  if (operands.size() < rule.least || operands.size() > rule.most) {
    return invalid_parameter("Invalid number of argument(s) for the " + std::string(rule.name) +
                             " ComparisonOperator");
  }
  if (operands.empty()) return {};
  const AttributeType type = operands.front()->value.type();
  for (const LegacyValue* operand : operands) {
    if (!operand->value.is(type)) {
      return invalid_parameter("AttributeValues inside AttributeValueList must be of same type");
    }
  }
  if (!accepts(rule.operands, type)) {
    return invalid_parameter("ComparisonOperator " + std::string(rule.name) + " is not valid for " +
                             std::string(index::type_name(type)) + " AttributeValue type");
  }
  if (op != ComparisonOperator::kBetween) return {};
  const index::SortCondition at_most{SortOperator::kLessOrEqual, operands[1]->value, {}};
  if (at_most.matches(operands[0]->value)) return {};
  return invalid(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
}

// The forms of an entry of Expected that have no operator, and the members that exclude each other.
Status check_members(const AttributeTest& test) {
  const auto misused = [&](const std::string& what) {
    return invalid_parameter(what + " for Attribute: " + test.attribute);
  };
  if (test.list && test.value) return misused("Value and AttributeValueList cannot be used together");
  if (test.op) {
    if (test.exists) return misused("Exists and ComparisonOperator cannot be used together");
    const OperatorRule& rule = rule_of(*test.op);
    if (rule.least == 0 || test.list || test.value) return {};
    return misused("Value or AttributeValueList must be used with ComparisonOperator: " +
                   std::string(rule.name));
  }
  if (test.list) return misused("AttributeValueList can only be used with a ComparisonOperator");
  if (test.exists.value_or(true)) {
    if (test.value) return {};
    return misused(std::string("Value must be provided when Exists is ") + (test.exists ? "true" : "null"));
  }
  return test.value ? misused("Value cannot be used when Exists is false") : Status();
}

// An entry with every form but the operator's taken out of the way.
struct Test {
  const std::string* attribute = nullptr;
  ComparisonOperator op = ComparisonOperator::kEqual;
  std::vector<const LegacyValue*> operands;
};

Result<Test> normalize(const AttributeTest& test) {
  VARVE_RETURN_IF_ERROR(check_name(test.attribute));
  VARVE_RETURN_IF_ERROR(check_members(test));
  Test out;
  out.attribute = &test.attribute;
  if (test.value) out.operands.push_back(&*test.value);
  if (test.list) {
    for (const LegacyValue& value : *test.list) out.operands.push_back(&value);
  }
  const bool must_be_absent = !test.exists.value_or(true);
  out.op = test.op.value_or(must_be_absent ? ComparisonOperator::kNull : ComparisonOperator::kEqual);
  VARVE_RETURN_IF_ERROR(check_operands(out.op, out.operands));
  return out;
}

// Names and values by number, as a tree refers to them.
class OperandTable {
 public:
  Result<uint32_t> add_path(SyntaxOperands* operands, const std::string& attribute) {
    const uint32_t number = static_cast<uint32_t>(operands->paths.size());
    const std::string key = "#" + std::to_string(number);
    VARVE_RETURN_IF_ERROR(placeholders_.add_name(key, attribute));
    operands->paths.push_back({SyntaxStep{key, 0, false}});
    return number;
  }

  Result<uint32_t> add_value(SyntaxOperands* operands, const AttributeValue& value) {
    const uint32_t number = static_cast<uint32_t>(operands->values.size());
    operands->values.push_back(":" + std::to_string(number));
    VARVE_RETURN_IF_ERROR(placeholders_.add_value(operands->values.back(), value));
    return number;
  }

  Placeholders* placeholders() { return &placeholders_; }

 private:
  Placeholders placeholders_;
};

class ConditionBuilder {
 public:
  Status add(const Test& test) {
    VARVE_ASSIGN_OR_RETURN(const uint32_t path, table_.add_path(&syntax_.operands, *test.attribute));
    std::vector<uint32_t> children = {add_node(ConditionOp::kPath, path)};
    for (const LegacyValue* operand : test.operands) {
      VARVE_ASSIGN_OR_RETURN(const uint32_t value, table_.add_value(&syntax_.operands, operand->value));
      children.push_back(add_node(ConditionOp::kValue, value));
    }
    roots_.push_back(add_test(test, children));
    return {};
  }

  Result<Condition> bind(ConditionOp join) {
    for (size_t width = 1; width < roots_.size(); width *= 2) {
      for (size_t i = 0; i + width < roots_.size(); i += 2 * width) {
        roots_[i] = add_operator(join, {roots_[i], roots_[i + width]});
      }
    }
    syntax_.root = roots_.front();
    return bind_condition(std::make_shared<const ConditionSyntax>(std::move(syntax_)), table_.placeholders());
  }

 private:
  uint32_t add_test(const Test& test, const std::vector<uint32_t>& children) {
    switch (test.op) {
      case ComparisonOperator::kEqual:
        return add_operator(ConditionOp::kEqual, children);
      case ComparisonOperator::kNotEqual:
        return add_operator(ConditionOp::kNotEqual, children);
      case ComparisonOperator::kLess:
        return add_operator(ConditionOp::kLess, children);
      case ComparisonOperator::kLessOrEqual:
        return add_operator(ConditionOp::kLessOrEqual, children);
      case ComparisonOperator::kGreater:
        return add_operator(ConditionOp::kGreater, children);
      case ComparisonOperator::kGreaterOrEqual:
        return add_operator(ConditionOp::kGreaterOrEqual, children);
      case ComparisonOperator::kBetween:
        return add_operator(ConditionOp::kBetween, children);
      case ComparisonOperator::kIn:
        return add_operator(ConditionOp::kIn, children);
      case ComparisonOperator::kNull:
        return add_function(ConditionFunction::kAttributeNotExists, children);
      case ComparisonOperator::kNotNull:
        return add_function(ConditionFunction::kAttributeExists, children);
      case ComparisonOperator::kContains:
        return add_function(ConditionFunction::kContains, children);
      case ComparisonOperator::kBeginsWith:
        return add_function(ConditionFunction::kBeginsWith, children);
      case ComparisonOperator::kNotContains:
        break;
    }
    const uint32_t contains = add_function(ConditionFunction::kContains, children);
    const uint32_t exists =
        add_function(ConditionFunction::kAttributeExists,
                     {add_node(ConditionOp::kPath, syntax_.nodes[children.front()].operand)});
    return add_operator(ConditionOp::kAnd, {exists, add_operator(ConditionOp::kNot, {contains})});
  }

  uint32_t add_node(ConditionOp op, uint32_t operand) {
    ConditionNode node;
    node.op = op;
    node.operand = operand;
    syntax_.nodes.push_back(node);
    return static_cast<uint32_t>(syntax_.nodes.size() - 1);
  }

  uint32_t add_operator(ConditionOp op, const std::vector<uint32_t>& children) {
    const uint32_t number = add_node(op, 0);
    syntax_.nodes[number].first_child = static_cast<uint32_t>(syntax_.children.size());
    syntax_.nodes[number].child_count = static_cast<uint32_t>(children.size());
    syntax_.children.insert(syntax_.children.end(), children.begin(), children.end());
    return number;
  }

  uint32_t add_function(ConditionFunction function, const std::vector<uint32_t>& children) {
    const uint32_t number = add_operator(ConditionOp::kFunction, children);
    syntax_.nodes[number].function = function;
    return number;
  }

  ConditionSyntax syntax_;
  OperandTable table_;
  std::vector<uint32_t> roots_;
};

std::optional<SortOperator> sort_operator(ComparisonOperator op) {
  switch (op) {
    case ComparisonOperator::kEqual:
      return SortOperator::kEqual;
    case ComparisonOperator::kLess:
      return SortOperator::kLess;
    case ComparisonOperator::kLessOrEqual:
      return SortOperator::kLessOrEqual;
    case ComparisonOperator::kGreater:
      return SortOperator::kGreater;
    case ComparisonOperator::kGreaterOrEqual:
      return SortOperator::kGreaterOrEqual;
    case ComparisonOperator::kBetween:
      return SortOperator::kBetween;
    case ComparisonOperator::kBeginsWith:
      return SortOperator::kBeginsWith;
    default:
      return std::nullopt;
  }
}

Status check_change(const AttributeChange& change) {
  VARVE_RETURN_IF_ERROR(check_name(change.attribute));
  if (!change.value) {
    if (change.action == AttributeAction::kDelete) return {};
    return invalid_parameter("Only DELETE action is allowed when no attribute value is specified");
  }
  if (!change.value->problem.empty()) return invalid(change.value->problem);
  const AttributeType type = change.value->value.type();
  if (change.action == AttributeAction::kDelete && !index::is_set(type)) {
    return invalid_parameter("DELETE action with value is not supported for the type " +
                             std::string(index::type_name(type)));
  }
  const bool can_be_added =
      index::is_set(type) || type == AttributeType::kNumber || type == AttributeType::kList;
  if (change.action == AttributeAction::kAdd && !can_be_added) {
    return invalid_parameter("ADD action is not supported for the type " +
                             std::string(index::type_name(type)));
  }
  return {};
}

class UpdateBuilder {
 public:
  Status add(const AttributeChange& change) {
    VARVE_ASSIGN_OR_RETURN(const uint32_t target, table_.add_path(&syntax_.operands, change.attribute));
    UpdateClause clause;
    clause.target = target;
    clause.section = UpdateSection::kRemove;
    if (change.value) {
      VARVE_ASSIGN_OR_RETURN(clause.node, add_value(change.value->value));
      clause.section = section_of(change);
      if (is_append(change)) {
        VARVE_ASSIGN_OR_RETURN(const uint32_t nothing, add_value(AttributeValue::list({})));
        const uint32_t stored =
            add_node(UpdateOp::kIfNotExists, 0, {add_node(UpdateOp::kPath, target, {}), nothing});
        clause.node = add_node(UpdateOp::kListAppend, 0, {stored, clause.node});
      }
    }
    syntax_.clauses.push_back(clause);
    return {};
  }

  Result<Update> bind() {
    syntax_.is_legacy = true;
    return bind_update(std::make_shared<const UpdateSyntax>(std::move(syntax_)), table_.placeholders());
  }

 private:
  static bool is_append(const AttributeChange& change) {
    return change.action == AttributeAction::kAdd && change.value->value.is(AttributeType::kList);
  }

  static UpdateSection section_of(const AttributeChange& change) {
    if (change.action == AttributeAction::kDelete) return UpdateSection::kDelete;
    return change.action == AttributeAction::kAdd && !is_append(change) ? UpdateSection::kAdd
                                                                        : UpdateSection::kSet;
  }

  Result<uint32_t> add_value(const AttributeValue& value) {
    VARVE_ASSIGN_OR_RETURN(const uint32_t number, table_.add_value(&syntax_.operands, value));
    return add_node(UpdateOp::kValue, number, {});
  }

  uint32_t add_node(UpdateOp op, uint32_t operand, const std::vector<uint32_t>& children) {
    UpdateNode node;
    node.op = op;
    node.operand = operand;
    node.first_child = static_cast<uint32_t>(syntax_.children.size());
    node.child_count = static_cast<uint32_t>(children.size());
    syntax_.children.insert(syntax_.children.end(), children.begin(), children.end());
    syntax_.nodes.push_back(node);
    return static_cast<uint32_t>(syntax_.nodes.size() - 1);
  }

  UpdateSyntax syntax_;
  OperandTable table_;
};

}  // namespace

Slice comparison_operator_name(ComparisonOperator op) { return rule_of(op).name; }

Result<std::optional<Condition>> translate_tests(const std::vector<AttributeTest>& tests,
                                                 ConditionalOperator join) {
  std::optional<Condition> condition;
  if (tests.empty()) return condition;
  ConditionBuilder builder;
  for (const AttributeTest& test : tests) {
    VARVE_ASSIGN_OR_RETURN(const Test normal, normalize(test));
    VARVE_RETURN_IF_ERROR(builder.add(normal));
  }
  VARVE_ASSIGN_OR_RETURN(
      condition, builder.bind(join == ConditionalOperator::kAnd ? ConditionOp::kAnd : ConditionOp::kOr));
  return condition;
}

Result<KeyCondition> translate_key_conditions(const std::vector<AttributeTest>& tests) {
  if (tests.empty() || tests.size() > 2) return invalid("Conditions can be of length 1 or 2 only");
  std::vector<KeyCondition::Term> terms;
  for (const AttributeTest& test : tests) {
    VARVE_ASSIGN_OR_RETURN(const Test normal, normalize(test));
    const std::optional<SortOperator> op = sort_operator(normal.op);
    index::SortCondition condition;
    if (op) {
      condition.op = *op;
      condition.low = normal.operands.front()->value;
    }
    if (normal.op == ComparisonOperator::kBetween) condition.high = normal.operands.back()->value;
    terms.push_back({test.attribute, std::move(condition), /*is_indexable=*/op.has_value()});
  }
  return KeyCondition(std::move(terms));
}

Result<std::optional<Update>> translate_changes(const std::vector<AttributeChange>& changes) {
  std::optional<Update> update;
  if (changes.empty()) return update;
  std::vector<const AttributeChange*> by_name;
  for (const AttributeChange& change : changes) {
    VARVE_RETURN_IF_ERROR(check_change(change));
    by_name.push_back(&change);
  }
  // In the order of the update's tree, which then only grows at its end: a request may hold a million changes.
  std::sort(by_name.begin(), by_name.end(),
            [](const AttributeChange* a, const AttributeChange* b) { return a->attribute < b->attribute; });
  UpdateBuilder builder;
  for (const AttributeChange* change : by_name) VARVE_RETURN_IF_ERROR(builder.add(*change));
  VARVE_ASSIGN_OR_RETURN(update, builder.bind());
  return update;
}

}  // namespace varve::api::expression
