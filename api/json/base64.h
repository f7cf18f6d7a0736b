// Base64 (RFC 4648, standard alphabet, padded), as DynamoDB's blobs travel in JSON. Decoding is strict: a length that is a
// multiple of 4, padding only at the end, unused bits of the last character zero, so that every blob has one spelling.
//
// Threads: any (pure functions).
#pragma once

#include <string>

#include "base/slice.h"

namespace varve::api::json {

void append_base64(Slice bytes, std::string* out);

enum class Base64Error { kNone, kLength, kCharacter };
// Appends the bytes to *out; *out is unspecified after an error.
[[nodiscard]] Base64Error decode_base64(Slice text, std::string* out);

}  // namespace varve::api::json
