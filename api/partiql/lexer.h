// PartiQL text as tokens. Comments (-- to the end of the line, /* ... */) are white space; a keyword is a word and only the
// parser knows where it is one.
//
// Errors: kInvalidArgument for what is no token at all: an unterminated string, name or comment, '#', a byte outside ASCII
// outside of quotes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace varve::api::partiql {

enum class TokenKind : uint8_t {
  kWord,        // [A-Za-z_$][A-Za-z0-9_$]*
  kQuotedName,  // "..."; "" is a quote
  kString,      // '...'; '' is a quote
  kNumber,      // digits[.digits][e[+-]digits], or .digits...
  kParameter,   // ?
  kSymbol,      // one of ( ) [ ] { } << >> <= >= <> != < > = , . : ; + - and other operators of one character
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // of quoted tokens, what stands between the quotes, unescaped
  size_t begin = 0;  // in the statement, in bytes
};

// The last one is kEnd.
Result<std::vector<Token>> tokenize(Slice statement);
// The word that a statement begins with, whatever follows; empty when it begins otherwise.
Slice first_word(Slice statement);

// "Statement wasn't well formed, can't be processed: " + detail
Status malformed(Slice detail);

}  // namespace varve::api::partiql
