#include "api/expression/key_condition.h"

#include <algorithm>

#include "api/expression/condition.h"
#include "api/expression/syntax_cache.h"

namespace varve::api::expression {

using index::AttributeType;
using index::AttributeValue;
using index::SortCondition;
using index::SortOperator;

namespace {

Status invalid(std::string message) { return Status::invalid_argument(std::move(message)); }

// a < :v is :v > a.
SortOperator mirrored(SortOperator op) {
  switch (op) {
    case SortOperator::kLess:
      return SortOperator::kGreater;
    case SortOperator::kLessOrEqual:
      return SortOperator::kGreaterOrEqual;
    case SortOperator::kGreater:
      return SortOperator::kLess;
    case SortOperator::kGreaterOrEqual:
      return SortOperator::kLessOrEqual;
    default:
      return op;
  }
}

// Takes a bound condition apart into terms, refusing what no key schema could accept.
class TermCollector {
 public:
  explicit TermCollector(const Condition& condition) : condition_(condition) {}

  Status collect(uint32_t index) {
    const ConditionNode& node = condition_.syntax().nodes[index];
    switch (node.op) {
      case ConditionOp::kAnd:
        VARVE_RETURN_IF_ERROR(collect(condition_.syntax().child(node, 0)));
        return collect(condition_.syntax().child(node, 1));
      case ConditionOp::kOr:
        return invalid_operator("OR");
      case ConditionOp::kNot:
        return invalid_operator("NOT");
      case ConditionOp::kIn:
        return invalid_operator("IN");
      case ConditionOp::kNotEqual:
        return invalid_operator("<>");
      case ConditionOp::kFunction:
        return collect_function(node);
      case ConditionOp::kBetween:
        return collect_term(node, SortOperator::kBetween, "BETWEEN");
      case ConditionOp::kEqual:
        return collect_term(node, SortOperator::kEqual, "");
      case ConditionOp::kLess:
        return collect_term(node, SortOperator::kLess, "");
      case ConditionOp::kLessOrEqual:
        return collect_term(node, SortOperator::kLessOrEqual, "");
      case ConditionOp::kGreater:
        return collect_term(node, SortOperator::kGreater, "");
      case ConditionOp::kGreaterOrEqual:
        return collect_term(node, SortOperator::kGreaterOrEqual, "");
      case ConditionOp::kPath:
      case ConditionOp::kValue:
        break;
    }
    return {};
  }

  std::vector<KeyCondition::Term> take() { return std::move(terms_); }

 private:
  static Status invalid_operator(Slice name) {
    return invalid("Invalid operator used in KeyConditionExpression: " + std::string(name));
  }

  Status collect_function(const ConditionNode& node) {
    switch (node.function) {
      case ConditionFunction::kAttributeExists:
        return invalid_operator("attribute_exists");
      case ConditionFunction::kAttributeNotExists:
        return invalid_operator("attribute_not_exists");
      case ConditionFunction::kAttributeType:
        return invalid_operator("attribute_type");
      case ConditionFunction::kContains:
        return invalid_operator("contains");
      case ConditionFunction::kSize:
        return nested();
      case ConditionFunction::kBeginsWith:
        break;
    }
    return collect_term(node, SortOperator::kBeginsWith, "begins_with");
  }

  static Status nested() { return invalid("KeyConditionExpressions cannot contain nested operations"); }

  const ConditionNode& child(const ConditionNode& node, uint32_t i) const {
    return condition_.syntax().nodes[condition_.syntax().child(node, i)];
  }

  // attribute_first names the operator that takes the key attribute only as its first operand.
  Status collect_term(const ConditionNode& node, SortOperator op, Slice attribute_first) {
    const DocumentPath* attribute = nullptr;
    bool is_mirrored = false;
    std::vector<const AttributeValue*> values;
    if (!attribute_first.empty() && child(node, 0).op == ConditionOp::kValue) {
      return invalid("Invalid condition in KeyConditionExpression: " + std::string(attribute_first) +
                     " operator must have the key attribute as its first operand");
    }
    for (uint32_t i = 0; i < node.child_count; ++i) {
      const ConditionNode& operand = child(node, i);
      if (operand.op == ConditionOp::kFunction) return nested();
      if (operand.op == ConditionOp::kValue) {
        values.push_back(&condition_.value(operand.operand));
        continue;
      }
      if (attribute != nullptr) {
        return invalid(
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
      }
      attribute = &condition_.path(operand.operand);
      is_mirrored = i > 0;
      if (attribute->is_nested()) {
        return invalid("KeyConditionExpressions cannot have conditions on nested attributes");
      }
    }
    if (attribute == nullptr) {
      return invalid("Invalid condition in KeyConditionExpression: No key attribute specified");
    }
    const auto same = [&](const KeyCondition::Term& term) { return term.name == attribute->root(); };
    if (std::any_of(terms_.begin(), terms_.end(), same)) {
      return invalid("KeyConditionExpressions must only contain one condition per key");
    }
    SortCondition condition;
    condition.op = is_mirrored ? mirrored(op) : op;
    condition.low = *values.front();
    if (op == SortOperator::kBetween) condition.high = *values.back();
    terms_.push_back({attribute->root(), std::move(condition), /*is_indexable=*/true});
    return {};
  }

  const Condition& condition_;
  std::vector<KeyCondition::Term> terms_;
};

Status check_type(const KeyCondition::Term& term, AttributeType type) {
  const bool fits = term.condition.low.is(type) &&
                    (term.condition.op != SortOperator::kBetween || term.condition.high.is(type));
  if (fits) return {};
  return invalid(
      "One or more parameter values were invalid: Condition parameter type does not match schema type");
}

Status wrong_length() { return invalid("Conditions can be of length 1 or 2 only"); }

Status missed(const std::string& name) {
  return invalid("Query condition missed key schema element: " + name);
}

}  // namespace

Result<KeyCondition> parse_key_condition(Slice text, Placeholders* placeholders, size_t max_terms) {
  VARVE_ASSIGN_OR_RETURN(auto syntax,
                         condition_syntax(placeholders->syntax_cache(), ExpressionKind::kKeyCondition, text));
  VARVE_ASSIGN_OR_RETURN(const Condition condition, bind_condition(std::move(syntax), placeholders));
  TermCollector collector(condition);
  VARVE_RETURN_IF_ERROR(collector.collect(condition.syntax().root));
  std::vector<KeyCondition::Term> terms = collector.take();
  if (terms.size() > max_terms) return wrong_length();
  return KeyCondition(std::move(terms));
}

index::KeyRange KeyQuery::range() const {
  std::string prefix;
  index::begin_tree_key(&prefix);
  for (const AttributeValue& value : partition) index::append_key_component(value, &prefix);
  index::finish_partition_prefix(&prefix);
  for (const AttributeValue& value : sort_values) index::append_key_component(value, &prefix);
  return index::range_below(prefix, sort ? &*sort : nullptr);
}

Result<KeyQuery> KeyCondition::resolve(const index::KeyParts& keys) const {
  const auto term_of = [this](const std::string& name) -> const Term* {
    const auto found =
        std::find_if(terms_.begin(), terms_.end(), [&](const Term& term) { return term.name == name; });
    return found == terms_.end() ? nullptr : &*found;
  };
  if (keys.size() <= kMaxTableKeyTerms && terms_.size() > kMaxTableKeyTerms) return wrong_length();
  if (terms_.size() > keys.size()) return invalid("Query key condition not supported");
  std::vector<std::pair<const Term*, const index::KeyAttribute*>> wanted;
  for (const index::KeyAttribute& attribute : keys.partition) {
    wanted.emplace_back(term_of(attribute.name), &attribute);
    if (wanted.back().first == nullptr) return missed(attribute.name);
  }
  // All other terms are on sort attributes, with none left out before them.
  for (const index::KeyAttribute& attribute : keys.sort) {
    if (wanted.size() == terms_.size()) break;
    wanted.emplace_back(term_of(attribute.name), &attribute);
    if (wanted.back().first == nullptr) return missed(attribute.name);
  }
  for (const Term& term : terms_) {
    if (!term.is_indexable) {
      return invalid("Attempted conditional constraint is not an indexable operation");
    }
  }
  for (const auto& [term, attribute] : wanted) VARVE_RETURN_IF_ERROR(check_type(*term, attribute->type));
  KeyQuery query;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool may_be_open = i + 1 == wanted.size() && i >= keys.partition.size();
    if (!may_be_open && wanted[i].first->condition.op != SortOperator::kEqual) {
      return invalid("Query key condition not supported");
    }
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto& [term, attribute] = wanted[i];
    const SortCondition& condition = term->condition;
    if (i < keys.partition.size()) {
      VARVE_RETURN_IF_ERROR(index::check_partition_key_value(*attribute, condition.low));
      query.partition.push_back(condition.low);
      continue;
    }
    VARVE_RETURN_IF_ERROR(index::check_sort_key_value(*attribute, condition.low));
    if (condition.op == SortOperator::kBetween) {
      VARVE_RETURN_IF_ERROR(index::check_sort_key_value(*attribute, condition.high));
    }
    if (i + 1 == wanted.size()) {
      query.sort = condition;
    } else {
      query.sort_values.push_back(condition.low);
    }
  }
  return query;
}

}  // namespace varve::api::expression
