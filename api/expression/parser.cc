#include "api/expression/parser.h"

#include <algorithm>
#include <limits>

#include "api/expression/reserved_words.h"

namespace varve::api::expression {

namespace {

// 300 operators allow 300 NOTs around 300 parentheses; whatever is deeper has too many operators or
// parentheses without one between them, and is refused for that before the stack could run out.
constexpr size_t kMaxDepth = 2 * kMaxOperators + 40;
constexpr uint64_t kMaxListIndex = std::numeric_limits<int32_t>::max();

}  // namespace

Slice error_prefix(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::kCondition:
      return "Invalid ConditionExpression: ";
    case ExpressionKind::kFilter:
      return "Invalid FilterExpression: ";
    case ExpressionKind::kKeyCondition:
      return "Invalid KeyConditionExpression: ";
    case ExpressionKind::kUpdate:
      return "Invalid UpdateExpression: ";
    case ExpressionKind::kProjection:
      return "Invalid ProjectionExpression: ";
    case ExpressionKind::kStatement:
      break;
  }
  return "";
}

Slice section_name(UpdateSection section) {
  switch (section) {
    case UpdateSection::kSet:
      return "SET";
    case UpdateSection::kRemove:
      return "REMOVE";
    case UpdateSection::kAdd:
      return "ADD";
    case UpdateSection::kDelete:
      return "DELETE";
  }
  return "";
}

Status expression_error(ExpressionKind kind, const std::string& message) {
  return Status::invalid_argument(std::string(error_prefix(kind)) + message);
}

Status check_text(ExpressionKind kind, Slice text) {
  if (text.empty()) return expression_error(kind, "The expression can not be empty;");
  if (text.size() <= kMaxExpressionBytes) return {};
  return expression_error(kind, "Expression size has exceeded the maximum allowed size; expression size: " +
                                    std::to_string(text.size()));
}

bool Parser::take_symbol(Slice symbol) {
  if (!is_symbol(symbol)) return false;
  advance();
  return true;
}

bool Parser::take_keyword(Slice word) {
  if (!is_keyword(word)) return false;
  advance();
  return true;
}

bool Parser::expect_symbol(Slice symbol) { return take_symbol(symbol) || syntax_error(); }

bool Parser::syntax_error() {
  if (syntax_error_) return false;
  // "near" is the text from the token before to the token after.
  const size_t begin = at_ > 0 ? tokens_[at_ - 1].begin : token().begin;
  const size_t end = next_token().end;
  syntax_error_ = "Syntax error; token: \"" + std::string(token().text) + "\", near: \"" +
                  std::string(text_.substr(begin, end - begin)) + "\"";
  return false;
}

bool Parser::parse_step(SyntaxPath* path) {
  SyntaxStep step;
  if (token().kind == TokenKind::kWord) {
    if (is_reserved_word(token().text)) keep_first(&reserved_word_, token().text);
  } else if (token().kind != TokenKind::kNamePlaceholder) {
    return syntax_error();
  }
  step.text = std::string(token().text);
  path->push_back(std::move(step));
  advance();
  return true;
}

bool Parser::parse_index(SyntaxPath* path) {
  if (token().kind != TokenKind::kDigits) return syntax_error();
  SyntaxStep step;
  step.is_index = true;
  uint64_t value = 0;
  for (char digit : token().text) {
    value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(digit - '0'), kMaxListIndex + 1);
  }
  if (value > kMaxListIndex) keep_first(&bad_index_, token().text);
  step.index = static_cast<uint32_t>(value);
  path->push_back(std::move(step));
  advance();
  return expect_symbol("]");
}

std::optional<uint32_t> Parser::parse_path(SyntaxOperands* operands) {
  SyntaxPath path;
  bool good = parse_step(&path);
  while (good) {
    if (take_symbol(".")) {
      good = parse_step(&path);
    } else if (take_symbol("[")) {
      good = parse_index(&path);
    } else {
      break;
    }
  }
  if (!good) return std::nullopt;
  if (path.size() > kMaxPathSteps && deep_path_ == 0) deep_path_ = path.size();
  operands->paths.push_back(std::move(path));
  return static_cast<uint32_t>(operands->paths.size() - 1);
}

std::optional<uint32_t> Parser::parse_value(SyntaxOperands* operands) {
  if (token().kind != TokenKind::kValuePlaceholder) {
    syntax_error();
    return std::nullopt;
  }
  const auto [entry, added] =
      value_numbers_.try_emplace(token().text, static_cast<uint32_t>(operands->values.size()));
  if (added) operands->values.emplace_back(token().text);
  advance();
  return entry->second;
}

bool Parser::enter() {
  too_deep_ = too_deep_ || ++depth_ > kMaxDepth;
  return !too_deep_;
}

size_t Parser::count_operators() const {
  size_t count = 0;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const Slice text = tokens_[i].text;
    if (tokens_[i].kind == TokenKind::kSymbol) {
      const bool comparator =
          text == "<" || text == "<=" || text == ">" || text == ">=" || text == "<>" || text == "=";
      // The = of SET separates a target from its value.
      if (kind_ == ExpressionKind::kUpdate ? text == "+" || text == "-" : comparator) ++count;
    } else if (tokens_[i].kind == TokenKind::kWord && kind_ != ExpressionKind::kUpdate) {
      const bool is_member = i > 0 && tokens_[i - 1].text == ".";
      for (const Slice word : {Slice("AND"), Slice("OR"), Slice("NOT"), Slice("IN")}) {
        if (!is_member && equals_ignoring_case(text, word)) ++count;
      }
    }
  }
  return count;
}

Status Parser::leading_errors() const {
  if (syntax_error_) return error(*syntax_error_);
  const size_t operators = count_operators();
  if (operators > kMaxOperators) {
    return error("The expression contains too many operators; operator count: " + std::to_string(operators));
  }
  if (redundant_parentheses_ || too_deep_) return error("The expression has redundant parentheses;");
  return {};
}

Status Parser::path_errors() const {
  if (reserved_word_) {
    return error("Attribute name is a reserved keyword; reserved keyword: " + *reserved_word_);
  }
  if (deep_path_ != 0) {
    return error("The document path has too many nesting levels; nesting levels: " +
                 std::to_string(deep_path_));
  }
  if (bad_index_) return error("List index is not within the allowable range; index: [" + *bad_index_ + "]");
  return {};
}

}  // namespace varve::api::expression
