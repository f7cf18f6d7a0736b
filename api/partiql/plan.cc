#include "api/partiql/plan.h"

#include <algorithm>
#include <map>

namespace varve::api::partiql {

using expression::Condition;
using expression::ConditionFunction;
using expression::ConditionNode;
using expression::ConditionOp;
using expression::ConditionSyntax;
using expression::KeyCondition;
using index::AttributeValue;
using index::SortOperator;

namespace {

constexpr Slice kKeyPlaceholder = "#key";

Status invalid(std::string message) { return Status::invalid_argument(std::move(message)); }

std::optional<SortOperator> sort_operator(ConditionOp op) {
  switch (op) {
    case ConditionOp::kEqual:
      return SortOperator::kEqual;
    case ConditionOp::kLess:
      return SortOperator::kLess;
    case ConditionOp::kLessOrEqual:
      return SortOperator::kLessOrEqual;
    case ConditionOp::kGreater:
      return SortOperator::kGreater;
    case ConditionOp::kGreaterOrEqual:
      return SortOperator::kGreaterOrEqual;
    case ConditionOp::kBetween:
      return SortOperator::kBetween;
    default:
      return std::nullopt;
  }
}

uint32_t add_node(ConditionSyntax* syntax, ConditionOp op, std::initializer_list<uint32_t> children) {
  ConditionNode node;
  node.op = op;
  node.first_child = static_cast<uint32_t>(syntax->children.size());
  node.child_count = static_cast<uint32_t>(children.size());
  syntax->children.insert(syntax->children.end(), children);
  syntax->nodes.push_back(node);
  return static_cast<uint32_t>(syntax->nodes.size() - 1);
}

// attribute_exists(key) or attribute_not_exists(key), which say whether there is an item.
uint32_t add_item_test(ConditionSyntax* syntax, ConditionFunction function) {
  const uint32_t path = add_node(syntax, ConditionOp::kPath, {});
  syntax->nodes[path].operand = static_cast<uint32_t>(syntax->operands.paths.size());
  expression::SyntaxStep step;
  step.text = kKeyPlaceholder;
  syntax->operands.paths.push_back({std::move(step)});
  const uint32_t node = add_node(syntax, ConditionOp::kFunction, {path});
  syntax->nodes[node].function = function;
  return node;
}

}  // namespace

std::string result_name(const expression::DocumentPath& path) {
  size_t name = path.steps.size() - 1;
  while (path.steps[name].is_index) --name;  // the first step is a name
  std::string text = *path.steps[name].name;
  for (size_t i = name + 1; i < path.steps.size(); ++i) {
    text += "[" + std::to_string(path.steps[i].index) + "]";
  }
  return text;
}

Result<Planner> Planner::bind(const Statement& statement) {
  Planner planner(statement);
  VARVE_RETURN_IF_ERROR(planner.bind_all());
  return planner;
}

Status Planner::bind_all() {
  for (size_t i = 0; i < statement_.names.size(); ++i) {
    VARVE_RETURN_IF_ERROR(placeholders_.add_name("#" + std::to_string(i), statement_.names[i]));
  }
  for (size_t i = 0; i < statement_.values.size(); ++i) {
    VARVE_RETURN_IF_ERROR(placeholders_.add_value(":" + std::to_string(i), statement_.values[i]));
  }
  for (const expression::SyntaxPath& path : statement_.projection) {
    VARVE_ASSIGN_OR_RETURN(auto resolved, expression::resolve_path(path, &placeholders_));
    projection_.push_back(std::move(resolved));
  }
  if (statement_.assignments) {
    VARVE_ASSIGN_OR_RETURN(
        update_,
        expression::bind_update(std::make_shared<const expression::UpdateSyntax>(*statement_.assignments),
                                &placeholders_));
  }
  if (statement_.where) {
    VARVE_ASSIGN_OR_RETURN(
        where_, expression::bind_condition(std::make_shared<const ConditionSyntax>(*statement_.where),
                                           &placeholders_));
  }
  return {};
}

std::optional<Planner::KeyTerm> Planner::key_term(const ConditionNode& node) const {
  const ConditionSyntax& syntax = where_->syntax();
  const bool begins_with =
      node.op == ConditionOp::kFunction && node.function == ConditionFunction::kBeginsWith;
  const bool is_in = node.op == ConditionOp::kIn;
  const auto op = begins_with ? SortOperator::kBeginsWith : sort_operator(node.op);
  if (!op && !is_in) return std::nullopt;
  uint32_t attribute = 0;
  // v = a is a = v.
  if (op == SortOperator::kEqual && syntax.nodes[syntax.child(node, 0)].op == ConditionOp::kValue)
    attribute = 1;
  const ConditionNode& left = syntax.nodes[syntax.child(node, attribute)];
  if (left.op != ConditionOp::kPath || where_->path(left.operand).is_nested()) return std::nullopt;
  std::vector<const AttributeValue*> values;
  for (uint32_t i = 0; i < node.child_count; ++i) {
    if (i == attribute) continue;
    const ConditionNode& operand = syntax.nodes[syntax.child(node, i)];
    if (operand.op != ConditionOp::kValue) return std::nullopt;
    values.push_back(&where_->value(operand.operand));
  }
  if (values.empty()) return std::nullopt;
  KeyTerm term;
  term.name = where_->path(left.operand).root();
  if (is_in) {
    for (const AttributeValue* value : values) term.in.push_back(*value);
    return term;
  }
  term.condition.op = *op;
  term.condition.low = *values.front();
  if (*op == SortOperator::kBetween) term.condition.high = *values.back();
  return term;
}

std::vector<uint32_t> Planner::parts_of(uint32_t node, ConditionOp op) const {
  const ConditionSyntax& syntax = where_->syntax();
  std::vector<uint32_t> parts;
  std::vector<uint32_t> pending = {node};
  while (!pending.empty()) {
    const ConditionNode& next = syntax.nodes[pending.back()];
    if (next.op == op) {
      pending.back() = syntax.child(next, 1);
      pending.push_back(syntax.child(next, 0));
      continue;
    }
    parts.push_back(pending.back());
    pending.pop_back();
  }
  return parts;
}

std::vector<Planner::Conjunct> Planner::conjuncts() const {
  std::vector<Conjunct> out;
  if (!where_) return out;
  for (const uint32_t node : parts_of(where_->syntax().root, ConditionOp::kAnd)) {
    const ConditionNode& part = where_->syntax().nodes[node];
    out.push_back({node, part.op == ConditionOp::kOr ? in_of_alternatives(node) : key_term(part)});
  }
  return out;
}

Planner::Conjunct* Planner::find_equality(Slice name, std::vector<Conjunct>* conjuncts) const {
  for (Conjunct& conjunct : *conjuncts) {
    const auto& term = conjunct.term;
    if (term && term->name == name && term->in.empty() && term->condition.op == SortOperator::kEqual) {
      return &conjunct;
    }
  }
  return nullptr;
}

Result<std::vector<std::vector<AttributeValue>>> Planner::take_partitions(
    const index::KeyParts& keys, std::vector<Conjunct>* conjuncts) const {
  std::vector<std::vector<AttributeValue>> partitions;
  std::vector<Conjunct*> equalities;
  for (const index::KeyAttribute& attribute : keys.partition) {
    if (Conjunct* const equality = find_equality(attribute.name, conjuncts)) equalities.push_back(equality);
  }
  if (equalities.size() == keys.partition.size()) {
    std::vector<AttributeValue>& values = partitions.emplace_back();
    for (Conjunct* const equality : equalities) {
      equality->is_key = true;
      values.push_back(equality->term->condition.low);
    }
    return partitions;
  }
  // IN stands for several values of a partition key that is one attribute.
  if (keys.partition.size() > 1) return partitions;
  for (Conjunct& conjunct : *conjuncts) {
    if (!conjunct.term || conjunct.term->name != keys.partition.front().name || conjunct.term->in.empty())
      continue;
    conjunct.is_key = true;
    for (const AttributeValue& value : conjunct.term->in) {
      const auto seen = std::find(partitions.begin(), partitions.end(), std::vector{value});
      if (seen == partitions.end()) partitions.push_back({value});
    }
    break;
  }
  if (partitions.size() > kMaxPartitionKeys) {
    return invalid("The IN operator is provided with too many operands; number of operands: " +
                   std::to_string(partitions.size()));
  }
  return partitions;
}

std::vector<KeyCondition::Term> Planner::take_sort_terms(const index::KeyParts& keys,
                                                         std::vector<Conjunct>* conjuncts) const {
  std::vector<KeyCondition::Term> terms;
  for (const index::KeyAttribute& attribute : keys.sort) {
    Conjunct* chosen = find_equality(attribute.name, conjuncts);
    for (Conjunct& conjunct : *conjuncts) {
      if (chosen != nullptr) break;
      if (conjunct.term && conjunct.term->name == attribute.name && conjunct.term->in.empty())
        chosen = &conjunct;
    }
    if (chosen == nullptr) break;
    chosen->is_key = true;
    terms.push_back({attribute.name, chosen->term->condition});
    if (terms.back().condition.op != SortOperator::kEqual) break;
  }
  return terms;
}

Status Planner::plan_ranges(const index::KeyParts& keys, std::vector<Conjunct>* conjuncts, ReadPlan* plan) {
  VARVE_ASSIGN_OR_RETURN(const auto partitions, take_partitions(keys, conjuncts));
  VARVE_ASSIGN_OR_RETURN(const ReadOrder order, read_order(keys, partitions.size()));
  plan->forward = order.forward;
  if (partitions.empty()) {
    plan->ranges.emplace_back();
    return {};
  }
  plan->has_partition = true;
  const std::vector<KeyCondition::Term> sort_terms = take_sort_terms(keys, conjuncts);
  const bool one_sort_key = sort_terms.size() == keys.sort.size() &&
                            (sort_terms.empty() || sort_terms.back().condition.op == SortOperator::kEqual);
  plan->may_continue = !one_sort_key;
  std::map<std::string, index::KeyRange>
      ordered;  // by the bytes of the partition key, which are in its order
  for (const std::vector<AttributeValue>& values : partitions) {
    std::vector<KeyCondition::Term> terms;
    for (size_t i = 0; i < values.size(); ++i) {
      terms.push_back({keys.partition[i].name, {SortOperator::kEqual, values[i], {}}});
    }
    terms.insert(terms.end(), sort_terms.begin(), sort_terms.end());
    VARVE_ASSIGN_OR_RETURN(const auto query, KeyCondition(std::move(terms)).resolve(keys));
    plan->ranges.push_back(query.range());
    if (order.partitions != PartitionOrder::kAsListed) {
      std::string key;
      index::append_key_component(query.partition.front(), &key);
      ordered.emplace(std::move(key), query.range());
    }
    const bool is_primary_key = keys.partition.size() == 1 && keys.sort.size() <= 1;
    if (!is_primary_key || !one_sort_key || partitions.size() > 1) continue;
    plan->key.emplace();
    plan->key->partition = query.partition.front();
    if (query.sort) plan->key->sort = query.sort->low;
  }
  if (order.partitions == PartitionOrder::kAsListed) return {};
  plan->ranges.clear();
  for (auto& [key, range] : ordered) plan->ranges.push_back(std::move(range));
  if (order.partitions == PartitionOrder::kDescending) std::reverse(plan->ranges.begin(), plan->ranges.end());
  return {};
}

// ORDER BY: the order of a partition is that of its sort key, so only its direction is open. Several partitions are read one after the
// other, so the partition key must come first.
Result<Planner::ReadOrder> Planner::read_order(const index::KeyParts& keys, size_t partition_count) const {
  ReadOrder order;
  if (statement_.order.empty()) return order;
  if (!where_) return invalid("Must have WHERE clause in the statement when using ORDER BY clause.");
  if (partition_count == 0) {
    return invalid(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
  }
  for (const OrderKey& key : statement_.order) {
    if (!keys.is_key(key.attribute)) {
      return invalid("Variable reference " + key.attribute +
                     " in ORDER BY clause must be part of the primary key");
    }
    const bool is_sort = std::any_of(keys.sort.begin(), keys.sort.end(),
                                     [&](const auto& attribute) { return attribute.name == key.attribute; });
    if (is_sort) order.forward = !key.descending;
  }
  if (partition_count == 1) return order;
  const OrderKey& first = statement_.order.front();
  if (first.attribute != keys.partition.front().name) {
    return invalid(
        "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE "
        "clause.");
  }
  order.partitions = first.descending ? PartitionOrder::kDescending : PartitionOrder::kAscending;
  return order;
}

Result<std::optional<Condition>> Planner::bind_rest(const std::vector<Conjunct>& conjuncts, ItemMust must,
                                                    Slice partition_key) {
  ConditionSyntax syntax;
  if (statement_.where) syntax = *statement_.where;
  syntax.kind = expression::ExpressionKind::kStatement;
  std::optional<uint32_t> root;
  for (const Conjunct& conjunct : conjuncts) {
    if (conjunct.is_key) continue;
    root = root ? add_node(&syntax, ConditionOp::kAnd, {*root, conjunct.node}) : conjunct.node;
  }
  if (must != ItemMust::kEither) {
    const bool exists = must == ItemMust::kExist;
    VARVE_RETURN_IF_ERROR(placeholders_.add_name(std::string(kKeyPlaceholder), std::string(partition_key)));
    const uint32_t test = add_item_test(
        &syntax, exists ? ConditionFunction::kAttributeExists : ConditionFunction::kAttributeNotExists);
    root = root ? add_node(&syntax, exists ? ConditionOp::kAnd : ConditionOp::kOr, {test, *root}) : test;
  }
  if (!root) return std::optional<Condition>();
  syntax.root = *root;
  auto bound =
      expression::bind_condition(std::make_shared<const ConditionSyntax>(std::move(syntax)), &placeholders_);
  if (!bound.ok()) return bound.status();
  return std::optional<Condition>(*std::move(bound));
}

Result<ReadPlan> Planner::plan_read(const index::KeyParts& keys) {
  ReadPlan plan;
  std::vector<Conjunct> parts = conjuncts();
  VARVE_RETURN_IF_ERROR(plan_ranges(keys, &parts, &plan));
  VARVE_RETURN_IF_ERROR(check_alternatives(keys));
  VARVE_ASSIGN_OR_RETURN(plan.filter, bind_rest(parts, ItemMust::kEither, {}));
  plan.projection = projection_;
  return plan;
}

Result<WritePlan> Planner::plan_write(const index::KeySchema& schema) {
  WritePlan plan;
  std::vector<Conjunct> parts = conjuncts();
  const auto take = [&](const index::KeyAttribute& attribute) -> Status {
    Conjunct* const equality = find_equality(attribute.name, &parts);
    if (equality == nullptr) {
      return invalid("Where clause does not contain a mandatory equality on all key attributes");
    }
    equality->is_key = true;
    plan.key.set(attribute.name, equality->term->condition.low);
    return {};
  };
  VARVE_RETURN_IF_ERROR(take(schema.partition));
  if (schema.sort) VARVE_RETURN_IF_ERROR(take(*schema.sort));
  const bool has_rest = std::any_of(parts.begin(), parts.end(), [](const Conjunct& c) { return !c.is_key; });
  if (statement_.kind == StatementKind::kUpdate || statement_.kind == StatementKind::kExists) {
    VARVE_ASSIGN_OR_RETURN(plan.condition, bind_rest(parts, ItemMust::kExist, schema.partition.name));
  } else if (has_rest) {
    // Deleting what is not there succeeds whatever else was asked.
    VARVE_ASSIGN_OR_RETURN(plan.condition, bind_rest(parts, ItemMust::kNotExist, schema.partition.name));
  }
  plan.update = update_;
  return plan;
}

Result<std::optional<Condition>> Planner::plan_insert(const index::KeySchema& schema) {
  return bind_rest({}, ItemMust::kNotExist, schema.partition.name);
}

}  // namespace varve::api::partiql
