// WHERE: the syntax tree of a condition, written in PartiQL.
#include <array>
#include <optional>

#include "api/expression/lexer.h"
#include "api/partiql/parser.h"

namespace varve::api::partiql {

using expression::ConditionFunction;
using expression::ConditionNode;
using expression::ConditionOp;
using expression::equals_ignoring_case;
using index::AttributeValue;

namespace {

struct NamedFunction {
  Slice name;  // upper case
  ConditionFunction function;
};
constexpr std::array kFunctions = {
    NamedFunction{"BEGINS_WITH", ConditionFunction::kBeginsWith},
    NamedFunction{"CONTAINS", ConditionFunction::kContains},
    NamedFunction{"ATTRIBUTE_TYPE", ConditionFunction::kAttributeType},
    NamedFunction{"SIZE", ConditionFunction::kSize},
};

struct NamedComparison {
  Slice symbol;
  ConditionOp op;
};
constexpr std::array kComparisons = {
    NamedComparison{"=", ConditionOp::kEqual},          NamedComparison{"<>", ConditionOp::kNotEqual},
    NamedComparison{"!=", ConditionOp::kNotEqual},      NamedComparison{"<", ConditionOp::kLess},
    NamedComparison{"<=", ConditionOp::kLessOrEqual},   NamedComparison{">", ConditionOp::kGreater},
    NamedComparison{">=", ConditionOp::kGreaterOrEqual}};

}  // namespace

uint32_t Parser::add_condition_node(ConditionOp op, std::initializer_list<uint32_t> children,
                                    ConditionFunction function) {
  ConditionNode node;
  node.op = op;
  node.function = function;
  node.first_child = static_cast<uint32_t>(where().children.size());
  node.child_count = static_cast<uint32_t>(children.size());
  where().children.insert(where().children.end(), children);
  where().nodes.push_back(node);
  return static_cast<uint32_t>(where().nodes.size() - 1);
}

uint32_t Parser::add_condition_value(AttributeValue value) {
  const uint32_t node = add_condition_node(ConditionOp::kValue, {});
  where().nodes[node].operand = static_cast<uint32_t>(where().operands.values.size());
  where().operands.values.push_back(value_placeholder(std::move(value)));
  return node;
}

Parser::NodeId Parser::parse_or() {
  VARVE_ASSIGN_OR_RETURN(uint32_t left, parse_and());
  while (take_keyword("OR")) {
    VARVE_ASSIGN_OR_RETURN(const uint32_t right, parse_and());
    left = add_condition_node(ConditionOp::kOr, {left, right});
  }
  return left;
}

Parser::NodeId Parser::parse_and() {
  VARVE_ASSIGN_OR_RETURN(uint32_t left, parse_not());
  while (take_keyword("AND")) {
    VARVE_ASSIGN_OR_RETURN(const uint32_t right, parse_not());
    left = add_condition_node(ConditionOp::kAnd, {left, right});
  }
  return left;
}

Parser::NodeId Parser::parse_not() {
  if (!take_keyword("NOT")) return parse_predicate();
  VARVE_RETURN_IF_ERROR(enter());
  VARVE_ASSIGN_OR_RETURN(const uint32_t inner, parse_not());
  leave();
  return add_condition_node(ConditionOp::kNot, {inner});
}

Parser::NodeId Parser::parse_predicate() {
  if (is_symbol("(")) {
    VARVE_RETURN_IF_ERROR(enter());
    advance();
    VARVE_ASSIGN_OR_RETURN(const uint32_t inner, parse_or());
    VARVE_RETURN_IF_ERROR(expect_symbol(")"));
    leave();
    return inner;
  }
  VARVE_ASSIGN_OR_RETURN(const uint32_t left, parse_operand());
  const ConditionNode& node = where().nodes[left];
  if (node.op == ConditionOp::kFunction && node.function != ConditionFunction::kSize) return left;
  return parse_comparison(left);
}

Parser::NodeId Parser::parse_comparison(uint32_t left) {
  for (const NamedComparison& comparison : kComparisons) {
    if (!take_symbol(comparison.symbol)) continue;
    VARVE_ASSIGN_OR_RETURN(const uint32_t right, parse_right_operand());
    return add_condition_node(comparison.op, {left, right});
  }
  if (take_keyword("IS")) return parse_is(left);
  const bool negated = take_keyword("NOT");
  NodeId node = malformed("Unexpected token after expression");
  if (take_keyword("BETWEEN")) {
    node = parse_between(left);
  } else if (take_keyword("IN")) {
    node = parse_in(left);
  } else if (token().kind == TokenKind::kSymbol) {
    return unexpected();
  }
  if (!node.ok() || !negated) return node;
  return add_condition_node(ConditionOp::kNot, {*node});
}

Parser::NodeId Parser::parse_right_operand() {
  if (token().kind == TokenKind::kEnd || is_symbol(";")) {
    return malformed("Missing right-hand side expression of infix operator");
  }
  return parse_operand();
}

Parser::NodeId Parser::parse_between(uint32_t left) {
  VARVE_ASSIGN_OR_RETURN(const uint32_t low, parse_right_operand());
  VARVE_RETURN_IF_ERROR(expect_keyword("AND"));
  VARVE_ASSIGN_OR_RETURN(const uint32_t high, parse_right_operand());
  return add_condition_node(ConditionOp::kBetween, {left, low, high});
}

// IN [a, b], IN (a, b), or IN ? with a list.
Parser::NodeId Parser::parse_in(uint32_t left) {
  std::vector<uint32_t> operands = {left};
  if (token().kind == TokenKind::kParameter) {
    VARVE_ASSIGN_OR_RETURN(AttributeValue value, take_parameter());
    if (!value.is(index::AttributeType::kList)) return malformed("Unexpected term");
    for (AttributeValue& element : value.as_list()) {
      operands.push_back(add_condition_value(std::move(element)));
    }
  } else {
    const Slice closing = is_symbol("[") ? "]" : ")";
    if (!take_symbol("[")) VARVE_RETURN_IF_ERROR(expect_symbol("("));
    do {
      VARVE_ASSIGN_OR_RETURN(const uint32_t operand, parse_operand());
      operands.push_back(operand);
    } while (take_symbol(","));
    VARVE_RETURN_IF_ERROR(expect_symbol(closing));
  }
  const uint32_t node = add_condition_node(ConditionOp::kIn, {});
  where().nodes[node].child_count = static_cast<uint32_t>(operands.size());
  where().children.insert(where().children.end(), operands.begin(), operands.end());
  return node;
}

// IS MISSING is attribute_not_exists; IS NULL asks for the type.
Parser::NodeId Parser::parse_is(uint32_t left) {
  const bool negated = take_keyword("NOT");
  if (take_keyword("MISSING")) {
    return add_condition_node(
        ConditionOp::kFunction, {left},
        negated ? ConditionFunction::kAttributeExists : ConditionFunction::kAttributeNotExists);
  }
  if (!take_keyword("NULL")) return malformed("Expected type name");
  const uint32_t type = add_condition_value(AttributeValue::string("NULL"));
  const uint32_t node =
      add_condition_node(ConditionOp::kFunction, {left, type}, ConditionFunction::kAttributeType);
  return negated ? add_condition_node(ConditionOp::kNot, {node}) : node;
}

Parser::NodeId Parser::parse_operand() {
  if (is_value()) {
    VARVE_ASSIGN_OR_RETURN(AttributeValue value, parse_value());
    return add_condition_value(std::move(value));
  }
  if (is_call()) return parse_condition_function();
  VARVE_ASSIGN_OR_RETURN(auto path, parse_path());
  const uint32_t node = add_condition_node(ConditionOp::kPath, {});
  where().nodes[node].operand = static_cast<uint32_t>(where().operands.paths.size());
  where().operands.paths.push_back(std::move(path));
  return node;
}

Parser::NodeId Parser::parse_condition_function() {
  const auto* const named = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const NamedFunction& f) {
    return equals_ignoring_case(token().text, f.name);
  });
  if (named == kFunctions.end()) {
    return Status::invalid_argument("Invalid function name; function: " + token().text);
  }
  VARVE_RETURN_IF_ERROR(enter());
  advance();
  advance();
  std::vector<uint32_t> arguments;
  do {
    VARVE_ASSIGN_OR_RETURN(const uint32_t argument, parse_operand());
    // Only size is a value, and not one of a value that it could be asked of.
    if (where().nodes[argument].op == ConditionOp::kFunction) return malformed("Unexpected term");
    arguments.push_back(argument);
  } while (take_symbol(","));
  VARVE_RETURN_IF_ERROR(expect_symbol(")"));
  leave();
  const uint32_t node = add_condition_node(ConditionOp::kFunction, {}, named->function);
  where().nodes[node].child_count = static_cast<uint32_t>(arguments.size());
  where().children.insert(where().children.end(), arguments.begin(), arguments.end());
  return node;
}

}  // namespace varve::api::partiql
