// The parser's insides: one class over the tokens, its methods by what they parse in statement_parser.cc, condition_parser.cc,
// update_parser.cc and value_parser.cc. Everyone else includes api/partiql/statement.h.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <unordered_map>

#include "api/partiql/lexer.h"
#include "api/partiql/statement.h"

namespace varve::api::partiql {

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::span<const index::AttributeValue> parameters)
      : tokens_(std::move(tokens)), parameters_(parameters) {}

  Result<Statement> parse();

 private:
  using NodeId = Result<uint32_t>;
  enum class PathUse { kRead, kSimple };

  // Tokens.
  const Token& token() const { return tokens_[at_]; }
  const Token& next_token() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  void advance() {
    if (token().kind != TokenKind::kEnd) ++at_;
  }
  bool is_symbol(Slice symbol) const { return token().kind == TokenKind::kSymbol && token().text == symbol; }
  bool is_keyword(Slice word) const;
  bool is_any_keyword(std::initializer_list<Slice> words) const;
  bool is_call() const;  // a word and "("
  bool take_symbol(Slice symbol);
  bool take_keyword(Slice word);
  Status expect_symbol(Slice symbol);
  Status expect_keyword(Slice word);
  // What is wrong with this token where an expression should begin.
  Status unexpected() const;
  Status unsupported_clause() const;
  Status enter();
  void leave() { --depth_; }

  // statement_parser.cc
  Status parse_select();
  Status parse_exists();
  Status parse_insert();
  Status parse_update();
  Status parse_delete();
  Status parse_from_first();
  Status parse_table(PathUse use);
  Status parse_where();
  Status parse_order();
  Status parse_returning();
  Status refuse_alias() const;
  Status check_end();
  Result<std::string> parse_name();
  Result<expression::SyntaxPath> parse_path();
  Status parse_index(expression::SyntaxPath* path);
  std::string name_placeholder(std::string name);
  std::string value_placeholder(index::AttributeValue value);

  // condition_parser.cc
  NodeId parse_or();
  NodeId parse_and();
  NodeId parse_not();
  NodeId parse_predicate();
  NodeId parse_comparison(uint32_t left);
  NodeId parse_between(uint32_t left);
  NodeId parse_in(uint32_t left);
  NodeId parse_is(uint32_t left);
  NodeId parse_condition_function();
  NodeId parse_operand();
  NodeId parse_right_operand();
  uint32_t add_condition_node(expression::ConditionOp op, std::initializer_list<uint32_t> children,
                              expression::ConditionFunction function = expression::ConditionFunction::kSize);
  uint32_t add_condition_value(index::AttributeValue value);
  expression::ConditionSyntax& where() { return *statement_.where; }

  // update_parser.cc
  Status parse_assignments();
  Status parse_assignment();
  Status parse_removal();
  Status parse_set_function(uint32_t target, expression::UpdateSection section);
  NodeId parse_sum();
  NodeId parse_sum_operand();
  NodeId parse_list_append();
  Result<uint32_t> add_update_path();
  uint32_t add_update_node(expression::UpdateOp op, uint32_t operand,
                           std::initializer_list<uint32_t> children);
  expression::UpdateSyntax& assignments() { return *statement_.assignments; }

  // value_parser.cc: literals and parameters. `place` is where in the value this is, as messages show it: "root.a[1]".
  bool is_value() const;
  Result<index::AttributeValue> parse_value(const std::string& place = "root");
  Result<index::AttributeValue> parse_number(const std::string& place, bool negative);
  Result<index::AttributeValue> parse_list(const std::string& place);
  Result<index::AttributeValue> parse_map(const std::string& place);
  Result<index::AttributeValue> parse_set(const std::string& place);
  Result<index::AttributeValue> take_parameter();

  std::vector<Token> tokens_;
  std::span<const index::AttributeValue> parameters_;
  size_t at_ = 0;
  size_t depth_ = 0;
  size_t parameters_used_ = 0;
  std::unordered_map<std::string, std::string> placeholders_of_names_;
  Statement statement_;
};

}  // namespace varve::api::partiql
