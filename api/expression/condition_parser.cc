// The recursive-descent parser of conditions, filters and key conditions.
//
// A parenthesis may hold a condition or an operand, and which one shows only after it. So one set of
// functions parses both, and what was found is checked where it is used.
#include <array>

#include "api/expression/parser.h"
#include "api/expression/syntax.h"

namespace varve::api::expression {

namespace {

struct FunctionName {
  Slice name;
  ConditionFunction function;
};
constexpr std::array<FunctionName, 6> kFunctions = {{
    {"attribute_exists", ConditionFunction::kAttributeExists},
    {"attribute_not_exists", ConditionFunction::kAttributeNotExists},
    {"attribute_type", ConditionFunction::kAttributeType},
    {"begins_with", ConditionFunction::kBeginsWith},
    {"contains", ConditionFunction::kContains},
    {"size", ConditionFunction::kSize},
}};

struct ComparatorSymbol {
  Slice symbol;
  ConditionOp op;
};
constexpr std::array<ComparatorSymbol, 6> kComparators = {{
    {"=", ConditionOp::kEqual},
    {"<>", ConditionOp::kNotEqual},
    {"<", ConditionOp::kLess},
    {"<=", ConditionOp::kLessOrEqual},
    {">", ConditionOp::kGreater},
    {">=", ConditionOp::kGreaterOrEqual},
}};

class ConditionParser : public Parser {
 public:
  ConditionParser(ExpressionKind kind, Slice text) : Parser(kind, text) { syntax_.kind = kind; }

  Result<std::shared_ptr<const ConditionSyntax>> parse() {
    const std::optional<Part> root = parse_or();
    if (root && as_condition(*root) && !at_end()) syntax_error();
    VARVE_RETURN_IF_ERROR(leading_errors());
    if (unknown_function_) return error("Invalid function name; function: " + *unknown_function_);
    if (misused_function_) {
      return error("The function is not allowed to be used this way in an expression; function: " +
                   *misused_function_);
    }
    VARVE_RETURN_IF_ERROR(path_errors());
    syntax_.root = root->node;
    return std::make_shared<const ConditionSyntax>(std::move(syntax_));
  }

 private:
  enum class Shape : uint8_t { kOperand, kFunction, kCondition };
  struct Part {
    uint32_t node = 0;
    Shape shape = Shape::kOperand;
    bool parenthesized = false;  // it is "( ... )" and nothing more
  };

  std::optional<Part> parse_or() {
    std::optional<Part> left = parse_and();
    while (left && is_keyword("OR")) left = parse_right_side(*left, ConditionOp::kOr);
    return left;
  }

  std::optional<Part> parse_and() {
    std::optional<Part> left = parse_not();
    while (left && is_keyword("AND")) left = parse_right_side(*left, ConditionOp::kAnd);
    return left;
  }

  // At AND or OR.
  std::optional<Part> parse_right_side(const Part& left, ConditionOp op) {
    if (!as_condition(left)) return std::nullopt;
    advance();
    const std::optional<Part> right = op == ConditionOp::kOr ? parse_and() : parse_not();
    if (!right || !as_condition(*right)) return std::nullopt;
    return Part{add_node(op, {left.node, right->node}), Shape::kCondition, false};
  }

  std::optional<Part> parse_not() {
    if (!is_keyword("NOT")) return parse_comparison();
    if (!enter()) return std::nullopt;
    advance();
    const std::optional<Part> inner = parse_not();
    if (!inner || !as_condition(*inner)) return std::nullopt;
    leave();
    return Part{add_node(ConditionOp::kNot, {inner->node}), Shape::kCondition, false};
  }

  std::optional<Part> parse_comparison() {
    const std::optional<Part> left = parse_primary();
    if (!left) return std::nullopt;
    for (const ComparatorSymbol& comparator : kComparators) {
      if (is_symbol(comparator.symbol)) return parse_comparator(*left, comparator.op);
    }
    if (is_keyword("BETWEEN")) return parse_between(*left);
    if (is_keyword("IN")) return parse_in(*left);
    return left;
  }

  std::optional<Part> parse_comparator(const Part& left, ConditionOp op) {
    if (!as_operand(left)) return std::nullopt;
    advance();
    const std::optional<Part> right = parse_operand();
    if (!right) return std::nullopt;
    return Part{add_node(op, {left.node, right->node}), Shape::kCondition, false};
  }

  std::optional<Part> parse_between(const Part& left) {
    if (!as_operand(left)) return std::nullopt;
    advance();
    const std::optional<Part> low = parse_operand();
    if (!low) return std::nullopt;
    if (!take_keyword("AND")) return fail();
    const std::optional<Part> high = parse_operand();
    if (!high) return std::nullopt;
    return Part{add_node(ConditionOp::kBetween, {left.node, low->node, high->node}), Shape::kCondition,
                false};
  }

  std::optional<Part> parse_in(const Part& left) {
    if (!as_operand(left)) return std::nullopt;
    advance();
    if (!expect_symbol("(")) return std::nullopt;
    std::vector<uint32_t> children = {left.node};
    if (!parse_operands(&children)) return std::nullopt;
    return Part{add_node(ConditionOp::kIn, children), Shape::kCondition, false};
  }

  // "operand { , operand } )"
  bool parse_operands(std::vector<uint32_t>* nodes) {
    do {
      const std::optional<Part> operand = parse_operand();
      if (!operand) return false;
      nodes->push_back(operand->node);
    } while (take_symbol(","));
    return expect_symbol(")");
  }

  std::optional<Part> parse_operand() {
    const std::optional<Part> part = parse_primary();
    if (!part || !as_operand(*part)) return std::nullopt;
    return part;
  }

  std::optional<Part> parse_primary() {
    if (is_symbol("(")) return parse_parenthesis();
    if (token().kind == TokenKind::kValuePlaceholder) {
      return leaf(ConditionOp::kValue, parse_value(&syntax_.operands));
    }
    if (token().kind == TokenKind::kWord) {
      if (next_token().kind == TokenKind::kSymbol && next_token().text == "(" && !is_operator_word()) {
        return parse_function();
      }
      if (is_operator_word()) return fail();
    }
    return leaf(ConditionOp::kPath, parse_path(&syntax_.operands));
  }

  std::optional<Part> parse_parenthesis() {
    if (!enter()) return std::nullopt;
    advance();
    std::optional<Part> inner = parse_or();
    if (!inner || !expect_symbol(")")) return std::nullopt;
    leave();
    redundant_parentheses_ = redundant_parentheses_ || inner->parenthesized;
    inner->parenthesized = true;
    return inner;
  }

  std::optional<Part> parse_function() {
    if (!enter()) return std::nullopt;
    const Slice name = token().text;
    const FunctionName* known = nullptr;
    for (const FunctionName& candidate : kFunctions) {
      if (candidate.name == name) known = &candidate;
    }
    if (known == nullptr) keep_first(&unknown_function_, name);
    advance();
    advance();
    std::vector<uint32_t> arguments;
    if (!parse_operands(&arguments)) return std::nullopt;
    leave();
    const uint32_t node = add_node(ConditionOp::kFunction, arguments);
    if (known != nullptr) syntax_.nodes[node].function = known->function;
    function_names_.resize(syntax_.nodes.size());
    function_names_[node] = name;
    return Part{node, Shape::kFunction, false};
  }

  // Where a condition stands. Of the functions, size is none.
  bool as_condition(const Part& part) {
    if (part.shape == Shape::kOperand) return syntax_error();
    if (part.shape == Shape::kFunction && function_names_[part.node] == "size") {
      keep_first(&misused_function_, "size");
    }
    return true;
  }

  // Where an operand stands. Of the functions, only size is one.
  bool as_operand(const Part& part) {
    if (part.shape == Shape::kCondition) return syntax_error();
    if (part.shape == Shape::kFunction && function_names_[part.node] != "size") {
      keep_first(&misused_function_, function_names_[part.node]);
    }
    return true;
  }

  bool is_operator_word() const {
    return is_keyword("AND") || is_keyword("OR") || is_keyword("NOT") || is_keyword("BETWEEN") ||
           is_keyword("IN");
  }

  std::optional<Part> fail() {
    syntax_error();
    return std::nullopt;
  }

  std::optional<Part> leaf(ConditionOp op, std::optional<uint32_t> operand) {
    if (!operand) return std::nullopt;
    ConditionNode node;
    node.op = op;
    node.operand = *operand;
    syntax_.nodes.push_back(node);
    return Part{static_cast<uint32_t>(syntax_.nodes.size() - 1), Shape::kOperand, false};
  }

  uint32_t add_node(ConditionOp op, const std::vector<uint32_t>& children) {
    ConditionNode node;
    node.op = op;
    node.first_child = static_cast<uint32_t>(syntax_.children.size());
    node.child_count = static_cast<uint32_t>(children.size());
    syntax_.children.insert(syntax_.children.end(), children.begin(), children.end());
    syntax_.nodes.push_back(node);
    return static_cast<uint32_t>(syntax_.nodes.size() - 1);
  }

  ConditionSyntax syntax_;
  std::vector<Slice> function_names_;  // by node
  std::optional<std::string> misused_function_;
};

}  // namespace

Result<std::shared_ptr<const ConditionSyntax>> parse_condition_syntax(ExpressionKind kind, Slice text) {
  VARVE_RETURN_IF_ERROR(check_text(kind, text));
  return ConditionParser(kind, text).parse();
}

}  // namespace varve::api::expression
