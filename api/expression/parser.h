// What the three parsers share: a cursor over tokens, document paths, placeholders, and the collection of errors.
//
// A parser runs to the end of the text even after an error that is not one of syntax, because DynamoDB
// reports by rank and not by position: syntax first, then the operator count, then what each kind of
// expression ranks.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/expression/lexer.h"
#include "api/expression/syntax.h"
#include "base/result.h"

namespace varve::api::expression {

// "The expression can not be empty;" and "Expression size has exceeded ...".
Status check_text(ExpressionKind kind, Slice text);
Status expression_error(ExpressionKind kind, const std::string& message);

class Parser {
 public:
  Parser(ExpressionKind kind, Slice text) : kind_(kind), text_(text), tokens_(tokenize(text)) {}

 protected:
  const Token& token() const { return tokens_[at_]; }
  const Token& next_token() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  void advance() {
    if (token().kind != TokenKind::kEnd) ++at_;
  }
  bool is_symbol(Slice symbol) const { return token().kind == TokenKind::kSymbol && token().text == symbol; }
  bool is_keyword(Slice word) const {
    return token().kind == TokenKind::kWord && equals_ignoring_case(token().text, word);
  }
  bool take_symbol(Slice symbol);
  bool take_keyword(Slice word);
  // Takes it or records a syntax error.
  bool expect_symbol(Slice symbol);
  // Records a syntax error at the current token; the first one stays. Always false.
  bool syntax_error();
  bool at_end() const { return token().kind == TokenKind::kEnd; }

  // Takes a path and answers its number.
  std::optional<uint32_t> parse_path(SyntaxOperands* operands);
  // Takes a value placeholder and answers its number: one number for all occurrences of one placeholder.
  std::optional<uint32_t> parse_value(SyntaxOperands* operands);

  // Parentheses, NOT and function calls open a level; false, and no more parsing, when there are too many.
  bool enter();
  void leave() { --depth_; }

  // Counts the tokens that are operators, for the limit. BETWEEN and its AND are one.
  size_t count_operators() const;
  // The errors ranked before the kind's own: syntax, then the operator count and redundant parentheses.
  Status leading_errors() const;
  // The errors ranked after functions: reserved words, then the shapes of paths.
  Status path_errors() const;
  Status error(const std::string& message) const { return expression_error(kind_, message); }

  static void keep_first(std::optional<std::string>* slot, Slice text) {
    if (!*slot) *slot = std::string(text);
  }

  std::optional<std::string> unknown_function_;
  bool redundant_parentheses_ = false;

 private:
  bool parse_step(SyntaxPath* path);
  bool parse_index(SyntaxPath* path);

  ExpressionKind kind_;
  Slice text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t depth_ = 0;
  bool too_deep_ = false;
  std::optional<std::string> syntax_error_;
  std::optional<std::string> reserved_word_;
  std::optional<std::string> bad_index_;
  size_t deep_path_ = 0;
  std::unordered_map<Slice, uint32_t> value_numbers_;
};

}  // namespace varve::api::expression
