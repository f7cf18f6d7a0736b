// SET and REMOVE: the syntax tree of an update, written in PartiQL. SET x = set_add(x, v) is the expression's ADD x v, and
// set_delete its DELETE.
#include "api/expression/lexer.h"
#include "api/partiql/parser.h"

namespace varve::api::partiql {

using expression::equals_ignoring_case;
using expression::UpdateClause;
using expression::UpdateNode;
using expression::UpdateOp;
using expression::UpdateSection;

namespace {

bool same_path(const expression::SyntaxPath& a, const expression::SyntaxPath& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const expression::SyntaxStep& x, const expression::SyntaxStep& y) {
                      return x.is_index == y.is_index && x.index == y.index && x.text == y.text;
                    });
}

}  // namespace

uint32_t Parser::add_update_node(UpdateOp op, uint32_t operand, std::initializer_list<uint32_t> children) {
  UpdateNode node;
  node.op = op;
  node.operand = operand;
  node.first_child = static_cast<uint32_t>(assignments().children.size());
  node.child_count = static_cast<uint32_t>(children.size());
  assignments().children.insert(assignments().children.end(), children);
  assignments().nodes.push_back(node);
  return static_cast<uint32_t>(assignments().nodes.size() - 1);
}

Result<uint32_t> Parser::add_update_path() {
  VARVE_ASSIGN_OR_RETURN(auto path, parse_path());
  assignments().operands.paths.push_back(std::move(path));
  return static_cast<uint32_t>(assignments().operands.paths.size() - 1);
}

Status Parser::parse_assignments() {
  if (!is_keyword("SET") && !is_keyword("REMOVE")) return malformed("Expected data manipulation");
  statement_.assignments.emplace();
  assignments().kind = expression::ExpressionKind::kStatement;
  while (is_keyword("SET") || is_keyword("REMOVE")) {
    const bool removes = is_keyword("REMOVE");
    advance();
    do {
      VARVE_RETURN_IF_ERROR(removes ? parse_removal() : parse_assignment());
    } while (take_symbol(","));
  }
  return {};
}

Status Parser::parse_removal() {
  UpdateClause clause;
  clause.section = UpdateSection::kRemove;
  VARVE_ASSIGN_OR_RETURN(clause.target, add_update_path());
  assignments().clauses.push_back(clause);
  return {};
}

Status Parser::parse_assignment() {
  UpdateClause clause;
  VARVE_ASSIGN_OR_RETURN(clause.target, add_update_path());
  VARVE_RETURN_IF_ERROR(expect_symbol("="));
  if (is_call() && equals_ignoring_case(token().text, "SET_ADD")) {
    return parse_set_function(clause.target, UpdateSection::kAdd);
  }
  if (is_call() && equals_ignoring_case(token().text, "SET_DELETE")) {
    return parse_set_function(clause.target, UpdateSection::kDelete);
  }
  VARVE_ASSIGN_OR_RETURN(clause.node, parse_sum());
  assignments().clauses.push_back(clause);
  return {};
}

Status Parser::parse_set_function(uint32_t target, UpdateSection section) {
  advance();
  advance();
  VARVE_ASSIGN_OR_RETURN(const auto path, parse_path());
  if (!same_path(path, assignments().operands.paths[target])) {
    return Status::invalid_argument("The first operand of a set function must be the attribute that is set");
  }
  VARVE_RETURN_IF_ERROR(expect_symbol(","));
  VARVE_ASSIGN_OR_RETURN(index::AttributeValue value, parse_value());
  // The expression's ADD takes numbers too; set_add does not.
  if (!index::is_set(value.type())) {
    return Status::invalid_argument(
        "Incorrect operand type for operator or function; operator or function: " +
        std::string(section == UpdateSection::kAdd ? "set_add" : "set_delete") +
        ", operand type: " + std::string(index::type_name(value.type())));
  }
  VARVE_RETURN_IF_ERROR(expect_symbol(")"));
  const auto operand = static_cast<uint32_t>(assignments().operands.values.size());
  assignments().operands.values.push_back(value_placeholder(std::move(value)));
  assignments().clauses.push_back({section, target, add_update_node(UpdateOp::kValue, operand, {})});
  return {};
}

Parser::NodeId Parser::parse_sum() {
  VARVE_ASSIGN_OR_RETURN(const uint32_t left, parse_sum_operand());
  const bool plus = is_symbol("+");
  if (!plus && !is_symbol("-")) return left;
  advance();
  if (token().kind == TokenKind::kEnd || is_keyword("WHERE")) {
    return malformed("Missing right-hand side expression of infix operator");
  }
  VARVE_ASSIGN_OR_RETURN(const uint32_t right, parse_sum_operand());
  return add_update_node(plus ? UpdateOp::kPlus : UpdateOp::kMinus, 0, {left, right});
}

Parser::NodeId Parser::parse_sum_operand() {
  if (is_value()) {
    VARVE_ASSIGN_OR_RETURN(index::AttributeValue value, parse_value());
    const auto operand = static_cast<uint32_t>(assignments().operands.values.size());
    assignments().operands.values.push_back(value_placeholder(std::move(value)));
    return add_update_node(UpdateOp::kValue, operand, {});
  }
  if (is_call()) return parse_list_append();
  VARVE_ASSIGN_OR_RETURN(const uint32_t path, add_update_path());
  return add_update_node(UpdateOp::kPath, path, {});
}

Parser::NodeId Parser::parse_list_append() {
  if (!equals_ignoring_case(token().text, "LIST_APPEND")) {
    return Status::invalid_argument("Invalid function name; function: " + token().text);
  }
  VARVE_RETURN_IF_ERROR(enter());
  advance();
  advance();
  VARVE_ASSIGN_OR_RETURN(const uint32_t first, parse_sum_operand());
  VARVE_RETURN_IF_ERROR(expect_symbol(","));
  VARVE_ASSIGN_OR_RETURN(const uint32_t second, parse_sum_operand());
  VARVE_RETURN_IF_ERROR(expect_symbol(")"));
  leave();
  return add_update_node(UpdateOp::kListAppend, 0, {first, second});
}

}  // namespace varve::api::partiql
