#include "api/partiql/lexer.h"

#include <algorithm>
#include <array>

namespace varve::api::partiql {
namespace {

constexpr Slice kOneCharacterSymbols = "()[]{}<>=,.:;+-*/%|!@^&~";
constexpr std::array<Slice, 6> kTwoCharacterSymbols = {"<<", ">>", "<=", ">=", "<>", "!="};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_word_character(char c) { return is_word_start(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Status unreadable() { return malformed(""); }

class Lexer {
 public:
  explicit Lexer(Slice text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (true) {
      VARVE_RETURN_IF_ERROR(skip_space());
      if (at_ == text_.size()) break;
      VARVE_RETURN_IF_ERROR(take_token());
    }
    tokens_.push_back({TokenKind::kEnd, "", text_.size()});
    return std::move(tokens_);
  }

  Slice first_word() {
    if (!skip_space().ok() || !is_word_start(peek())) return {};
    return text_.substr(at_, run_end(at_, is_word_character) - at_);
  }

 private:
  char peek(size_t offset = 0) const { return at_ + offset < text_.size() ? text_[at_ + offset] : '\0'; }

  template <typename Accepts>
  size_t run_end(size_t at, Accepts accepts) const {
    while (at < text_.size() && accepts(text_[at])) ++at;
    return at;
  }

  Status skip_space() {
    while (at_ < text_.size()) {
      if (is_space(peek())) {
        ++at_;
      } else if (peek() == '-' && peek(1) == '-') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (peek() == '/' && peek(1) == '*') {
        const size_t end = text_.find("*/", at_ + 2);
        if (end == Slice::npos) return unreadable();
        at_ = end + 2;
      } else {
        break;
      }
    }
    return {};
  }

  void add(TokenKind kind, size_t end) {
    tokens_.push_back({kind, std::string(text_.substr(at_, end - at_)), at_});
    at_ = end;
  }

  Status take_token() {
    const char c = peek();
    if (is_word_start(c)) {
      add(TokenKind::kWord, run_end(at_, is_word_character));
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      return take_number();
    } else if (c == '\'') {
      return take_quoted(TokenKind::kString, '\'');
    } else if (c == '"') {
      return take_quoted(TokenKind::kQuotedName, '"');
    } else if (c == '?') {
      add(TokenKind::kParameter, at_ + 1);
    } else {
      return take_symbol();
    }
    return {};
  }

  Status take_number() {
    size_t end = run_end(at_, is_digit);
    if (end < text_.size() && text_[end] == '.') end = run_end(end + 1, is_digit);
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      size_t exponent = end + 1;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      end = run_end(exponent, is_digit);
      if (end == exponent) return unreadable();
    }
    if (end < text_.size() && is_word_start(text_[end])) return unreadable();
    add(TokenKind::kNumber, end);
    return {};
  }

  Status take_quoted(TokenKind kind, char quote) {
    Token token{kind, "", at_};
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] != quote) {
        token.text += text_[i];
      } else if (i + 1 < text_.size() && text_[i + 1] == quote) {
        token.text += text_[i++];
      } else {
        at_ = i + 1;
        tokens_.push_back(std::move(token));
        return {};
      }
    }
    return unreadable();
  }

  Status take_symbol() {
    const Slice two = text_.substr(at_, 2);
    if (std::find(kTwoCharacterSymbols.begin(), kTwoCharacterSymbols.end(), two) !=
        kTwoCharacterSymbols.end()) {
      add(TokenKind::kSymbol, at_ + 2);
      return {};
    }
    if (kOneCharacterSymbols.find(peek()) == Slice::npos) return unreadable();
    add(TokenKind::kSymbol, at_ + 1);
    return {};
  }

  const Slice text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Status malformed(Slice detail) {
  return Status::invalid_argument("Statement wasn't well formed, can't be processed: " + std::string(detail));
}

Result<std::vector<Token>> tokenize(Slice statement) { return Lexer(statement).run(); }

Slice first_word(Slice statement) { return Lexer(statement).first_word(); }

}  // namespace varve::api::partiql
