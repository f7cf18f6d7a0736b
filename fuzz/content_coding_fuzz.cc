// Content codings: any bytes decode or are refused, never to more than the limit; the limit changes nothing but
// kTooLarge; what decodes, encodes and decodes to itself; and any header value is read.
//
// Input: the first byte chooses the coding (bit 0) and the limit (the rest, in steps of 97 bytes); then the body,
// which is read as the value of Content-Encoding and Accept-Encoding, too.
#include <cstddef>
#include <cstdint>
#include <string>

#include "api/server/content_coding.h"
#include "base/check.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"

namespace {

using varve::Slice;
using varve::api::ContentCoding;
using varve::api::DecodeError;

constexpr size_t kAmple = 1u << 20;

void check_round_trip(ContentCoding coding, const std::string& text) {
  std::string body = text;
  if (varve::api::encode_body(coding, &body) == ContentCoding::kIdentity) {
    CHECK(body == text);
    return;
  }
  std::string again;
  CHECK(body.size() < text.size() && text.size() > varve::api::kMaxPlainAnswerBytes);
  CHECK(varve::api::decode_body(coding, body, text.size(), &again) == DecodeError::kNone);
  CHECK(again == text);
  varve::fuzz::reached(varve::hash64(again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ContentCoding coding = (data[0] & 1) != 0 ? ContentCoding::kGzip : ContentCoding::kDeflate;
  const size_t limit = size_t{97} * (data[0] >> 1);
  const Slice input(reinterpret_cast<const char*>(data) + 1, size - 1);

  // A body's own coding, named with the lowest weight there is, is an offer of it; without weight it is none.
  if (const auto named = varve::api::parse_content_coding(input)) {
    CHECK(varve::api::offered_coding(std::string(input) + ";q=0.001") == *named);
    CHECK(varve::api::offered_coding(std::string(input) + ";q=0") == ContentCoding::kIdentity);
  }
  (void)varve::api::offered_coding(input);

  std::string ample, limited = "left over";
  const DecodeError whole = varve::api::decode_body(coding, input, kAmple, &ample);
  const DecodeError bounded = varve::api::decode_body(coding, input, limit, &limited);
  CHECK(ample.size() <= kAmple && limited.size() <= limit);
  if (whole == DecodeError::kNone) {
    CHECK(bounded == (ample.size() <= limit ? DecodeError::kNone : DecodeError::kTooLarge));
    check_round_trip(coding, ample);
  } else {
    CHECK(ample.empty() && bounded != DecodeError::kNone);
  }
  if (bounded == DecodeError::kNone) CHECK(limited == ample);
  check_round_trip(coding, std::string(input));
  return 0;
}
