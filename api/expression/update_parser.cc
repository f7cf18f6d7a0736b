// The parsers of update and projection expressions.
#include <array>

#include "api/expression/parser.h"
#include "api/expression/syntax.h"

namespace varve::api::expression {

namespace {

constexpr std::array<UpdateSection, 4> kSections = {UpdateSection::kSet, UpdateSection::kRemove,
                                                    UpdateSection::kAdd, UpdateSection::kDelete};

class UpdateParser : public Parser {
 public:
  explicit UpdateParser(Slice text) : Parser(ExpressionKind::kUpdate, text) {}

  Result<std::shared_ptr<const UpdateSyntax>> parse() {
    do {
      if (!parse_section()) break;
    } while (!at_end());
    VARVE_RETURN_IF_ERROR(leading_errors());
    VARVE_RETURN_IF_ERROR(path_errors());
    if (unknown_function_) return error("Invalid function name; function: " + *unknown_function_);
    if (repeated_section_) {
      return error("The \"" + *repeated_section_ +
                   "\" section can only be used once in an update expression;");
    }
    return std::make_shared<const UpdateSyntax>(std::move(syntax_));
  }

 private:
  struct Part {
    uint32_t node = 0;
    bool is_sum = false;  // holds + or - outside of any function
    bool parenthesized = false;
  };

  std::optional<UpdateSection> section_here() const {
    for (const UpdateSection section : kSections) {
      if (is_keyword(section_name(section))) return section;
    }
    return std::nullopt;
  }

  bool parse_section() {
    const std::optional<UpdateSection> section = section_here();
    if (!section) return syntax_error();
    bool& seen = seen_[static_cast<size_t>(*section)];
    if (seen) keep_first(&repeated_section_, section_name(*section));
    seen = true;
    advance();
    do {
      if (!parse_clause(*section)) return false;
    } while (take_symbol(","));
    return at_end() || section_here() || syntax_error();
  }

  bool parse_clause(UpdateSection section) {
    if (section_here()) return syntax_error();
    const std::optional<uint32_t> target = parse_path(&syntax_.operands);
    if (!target) return false;
    UpdateClause clause;
    clause.section = section;
    clause.target = *target;
    if (section == UpdateSection::kSet) {
      if (!expect_symbol("=")) return false;
      const std::optional<Part> value = parse_sum();
      if (!value) return false;
      clause.node = value->node;
    } else if (section != UpdateSection::kRemove) {
      const std::optional<Part> value = leaf(UpdateOp::kValue, parse_value(&syntax_.operands));
      if (!value) return false;
      clause.node = value->node;
    }
    syntax_.clauses.push_back(clause);
    return true;
  }

  // operand [ (+|-) operand ]
  std::optional<Part> parse_sum() {
    const std::optional<Part> left = parse_operand(true);
    if (!left || left->is_sum) return left;
    const bool plus = is_symbol("+");
    if (!plus && !is_symbol("-")) return left;
    advance();
    const std::optional<Part> right = parse_operand(false);
    if (!right) return std::nullopt;
    return Part{add_node(plus ? UpdateOp::kPlus : UpdateOp::kMinus, {left->node, right->node}), true, false};
  }

  // A sum may stand in parentheses only where a whole value may.
  std::optional<Part> parse_operand(bool sum_allowed) {
    if (is_symbol("(")) {
      if (!enter()) return std::nullopt;
      advance();
      std::optional<Part> inner = sum_allowed ? parse_sum() : parse_operand(false);
      if (!inner || !expect_symbol(")")) return std::nullopt;
      leave();
      redundant_parentheses_ = redundant_parentheses_ || inner->parenthesized;
      inner->parenthesized = true;
      return inner;
    }
    if (token().kind == TokenKind::kValuePlaceholder) {
      return leaf(UpdateOp::kValue, parse_value(&syntax_.operands));
    }
    if (section_here()) {
      syntax_error();
      return std::nullopt;
    }
    if (token().kind == TokenKind::kWord && next_token().kind == TokenKind::kSymbol &&
        next_token().text == "(") {
      return parse_function();
    }
    return leaf(UpdateOp::kPath, parse_path(&syntax_.operands));
  }

  std::optional<Part> parse_function() {
    if (!enter()) return std::nullopt;
    const Slice name = token().text;
    if (name != "if_not_exists" && name != "list_append") keep_first(&unknown_function_, name);
    advance();
    advance();
    std::vector<uint32_t> arguments;
    do {
      const std::optional<Part> argument = parse_operand(false);
      if (!argument) return std::nullopt;
      arguments.push_back(argument->node);
    } while (take_symbol(","));
    if (!expect_symbol(")")) return std::nullopt;
    leave();
    return Part{add_node(name == "list_append" ? UpdateOp::kListAppend : UpdateOp::kIfNotExists, arguments),
                false, false};
  }

  std::optional<Part> leaf(UpdateOp op, std::optional<uint32_t> operand) {
    if (!operand) return std::nullopt;
    UpdateNode node;
    node.op = op;
    node.operand = *operand;
    syntax_.nodes.push_back(node);
    return Part{static_cast<uint32_t>(syntax_.nodes.size() - 1), false, false};
  }

  uint32_t add_node(UpdateOp op, const std::vector<uint32_t>& children) {
    UpdateNode node;
    node.op = op;
    node.first_child = static_cast<uint32_t>(syntax_.children.size());
    node.child_count = static_cast<uint32_t>(children.size());
    syntax_.children.insert(syntax_.children.end(), children.begin(), children.end());
    syntax_.nodes.push_back(node);
    return static_cast<uint32_t>(syntax_.nodes.size() - 1);
  }

  UpdateSyntax syntax_;
  std::array<bool, kSections.size()> seen_ = {};
  std::optional<std::string> repeated_section_;
};

class ProjectionParser : public Parser {
 public:
  explicit ProjectionParser(Slice text) : Parser(ExpressionKind::kProjection, text) {}

  Result<std::shared_ptr<const ProjectionSyntax>> parse() {
    bool good = true;
    do {
      good = parse_path(&syntax_.operands).has_value();
    } while (good && take_symbol(","));
    if (good && !at_end()) syntax_error();
    VARVE_RETURN_IF_ERROR(leading_errors());
    VARVE_RETURN_IF_ERROR(path_errors());
    return std::make_shared<const ProjectionSyntax>(std::move(syntax_));
  }

 private:
  ProjectionSyntax syntax_;
};

}  // namespace

Result<std::shared_ptr<const UpdateSyntax>> parse_update_syntax(Slice text) {
  VARVE_RETURN_IF_ERROR(check_text(ExpressionKind::kUpdate, text));
  return UpdateParser(text).parse();
}

Result<std::shared_ptr<const ProjectionSyntax>> parse_projection_syntax(Slice text) {
  VARVE_RETURN_IF_ERROR(check_text(ExpressionKind::kProjection, text));
  return ProjectionParser(text).parse();
}

}  // namespace varve::api::expression
