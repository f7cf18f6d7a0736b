// Expression text as tokens. Every byte belongs to a token or is white space: what starts no token becomes a
// one-character symbol, which the parser then refuses where it stands, as DynamoDB does.
#pragma once

#include <cstdint>
#include <vector>

#include "base/slice.h"

namespace varve::api::expression {

enum class TokenKind : uint8_t {
  kWord,              // [A-Za-z][A-Za-z0-9_]*
  kNamePlaceholder,   // #[0-9A-Za-z_]+
  kValuePlaceholder,  // :[0-9A-Za-z_]+
  kDigits,
  kSymbol,  // one of ( ) [ ] , . = <> < <= > >= + -, or a single other character
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Slice text;  // "<EOF>" at the end, which stands right behind the last token
  size_t begin = 0;
  size_t end = 0;
};

// The tokens of a text, the last one kEnd. They borrow the text.
std::vector<Token> tokenize(Slice text);

// A placeholder without its first character: [0-9A-Za-z_]+.
bool is_placeholder_name(Slice text);

// Equal but for case; word is upper case.
bool equals_ignoring_case(Slice text, Slice word);

}  // namespace varve::api::expression
