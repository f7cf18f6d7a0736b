#include "api/expression/lexer.h"

#include <algorithm>

namespace varve::api::expression {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word_character(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_utf8_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

template <typename Accepts>
size_t run_end(Slice text, size_t at, Accepts accepts) {
  while (at < text.size() && accepts(text[at])) ++at;
  return at;
}

size_t symbol_end(Slice text, size_t at) {
  const Slice two = text.substr(at, 2);
  if (two == "<>" || two == "<=" || two == ">=") return at + 2;
  // A character outside ASCII is one token, so that messages stay valid UTF-8.
  return run_end(text, at + 1, is_utf8_continuation);
}

}  // namespace

std::vector<Token> tokenize(Slice text) {
  std::vector<Token> tokens;
  for (size_t at = run_end(text, 0, is_space); at < text.size();) {
    TokenKind kind = TokenKind::kSymbol;
    size_t end = at;
    if (is_letter(text[at])) {
      kind = TokenKind::kWord;
      end = run_end(text, at, is_word_character);
    } else if (is_digit(text[at])) {
      kind = TokenKind::kDigits;
      end = run_end(text, at, is_digit);
    } else if (text[at] == '#' || text[at] == ':') {
      end = run_end(text, at + 1, is_word_character);
      if (end > at + 1) {
        kind = text[at] == '#' ? TokenKind::kNamePlaceholder : TokenKind::kValuePlaceholder;
      }
    } else {
      end = symbol_end(text, at);
    }
    tokens.push_back({kind, text.substr(at, end - at), at, end});
    at = run_end(text, end, is_space);
  }
  const size_t end = tokens.empty() ? 0 : tokens.back().end;
  tokens.push_back({TokenKind::kEnd, "<EOF>", end, end});
  return tokens;
}

bool is_placeholder_name(Slice text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_word_character);
}

bool equals_ignoring_case(Slice text, Slice word) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(), [&](char a, char b) { return upper(a) == b; });
}

}  // namespace varve::api::expression
