// Content codings (RFC 9110 section 8.4): what `Content-Encoding` says of a request's body, and what `Accept-Encoding`
// allows for the answer's. DynamoDB knows gzip (RFC 1952) and deflate, which is the zlib format (RFC 1950).
//
// I1 Memory is bounded: a decoded body never holds more than its limit, whatever the encoded one claims, and decoding
//    stops at the first byte beyond it. Work is bounded by the two sizes.
// I2 What decode_body() accepts is whole: every member ends in its checksum and length, and nothing follows the last.
//
// Threads: any; there is no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/slice.h"

namespace varve::api {

// Answers up to this size are sent plain, as DynamoDB does.
inline constexpr size_t kMaxPlainAnswerBytes = 4096;

enum class ContentCoding : uint8_t { kIdentity, kGzip, kDeflate };

// As it is spelt in Content-Encoding.
Slice coding_name(ContentCoding coding);

// The coding that a Content-Encoding value names; nothing for one that is unknown, and for a list of several.
std::optional<ContentCoding> parse_content_coding(Slice content_encoding);

// The coding to answer with: of gzip and deflate the one with the higher weight, gzip when equal; kIdentity when
// neither is named with a weight above zero. `*` offers nothing by name and so leaves the answer plain.
ContentCoding offered_coding(Slice accept_encoding);

enum class DecodeError : uint8_t { kNone, kDamaged, kTooLarge };

// Replaces *decoded. Several gzip members in a row are one body. On an error *decoded is empty.
DecodeError decode_body(ContentCoding coding, Slice encoded, size_t max_decoded_bytes, std::string* decoded);

// Encodes *body when it is larger than kMaxPlainAnswerBytes and gets smaller by it; answers the coding *body now has.
// Fast rather than small: about 4 ms a megabyte.
ContentCoding encode_body(ContentCoding coding, std::string* body);

}  // namespace varve::api
