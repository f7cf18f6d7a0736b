// HTTP request parser: any bytes, fed whole and fed in pieces, give the same requests and the same refusal;
// whatever is accepted keeps the limits; any signature is read; and a parsed request, written out again in
// canonical form, parses to itself.
//
// Input: the first byte seeds the splitting, the rest is the stream.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "api/server/authentication.h"
#include "api/server/http_parser.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/random.h"
#include "fuzz/planted_crash.h"

namespace {

using varve::Slice;
using varve::api::HttpParser;

constexpr size_t kMaxBody = 4096;

void check_request(const HttpParser& parser) {
  CHECK(parser.body().size() <= kMaxBody);
  CHECK(parser.field_count() <= varve::api::kMaxFields);
  CHECK(!parser.method().empty() && !parser.target().empty());
  size_t bytes = 0;
  for (size_t i = 0; i < parser.field_count(); ++i) {
    bytes += parser.field_name(i).size() + parser.field_value(i).size() + 3;
    CHECK(parser.field_value(i).find_first_of(Slice("\r\n\0", 3)) == Slice::npos);
  }
  CHECK(bytes <= varve::api::kMaxFieldSectionBytes);
  if (const auto refusal = varve::api::check_authentication(parser)) {
    CHECK(!refusal->type.empty() && !refusal->message.empty());
  }
}

// The same request with one spelling: no chunks, no blanks, no trailers.
std::string canonical(const HttpParser& parser) {
  std::string out = std::string(parser.method()) + " " + std::string(parser.target()) + " HTTP/1." +
                    std::to_string(parser.minor_version()) + "\r\n";
  for (size_t i = 0; i < parser.field_count(); ++i) {
    const Slice name = parser.field_name(i);
    if (varve::api::equals_ignoring_case(name, "transfer-encoding")) continue;
    if (varve::api::equals_ignoring_case(name, "content-length")) continue;
    out += std::string(name) + ":" + std::string(parser.field_value(i)) + "\r\n";
  }
  return out + "content-length:" + std::to_string(parser.body().size()) + "\r\n\r\n" + parser.body();
}

void check_round_trip(const HttpParser& parser) {
  if (parser.field_count() == varve::api::kMaxFields) return;  // no room for the length
  HttpParser again(kMaxBody);
  const std::string text = canonical(parser);
  const size_t consumed = again.feed(text);
  if (again.error() == varve::api::HttpError::kFieldsTooLarge) return;
  CHECK(consumed == text.size() && again.complete());
  CHECK(again.body() == parser.body() && again.target() == parser.target());
  CHECK(again.keep_alive() == parser.keep_alive());
}

std::string transcript(Slice input, varve::Random* random) {
  HttpParser parser(kMaxBody);
  std::string out;
  while (!input.empty() && !parser.failed()) {
    const size_t piece =
        random == nullptr ? input.size() : random->between(1, std::min<size_t>(input.size(), 40));
    Slice part = input.substr(0, piece);
    input.remove_prefix(piece);
    while (!part.empty() && !parser.failed()) {
      part.remove_prefix(parser.feed(part));
      if (!parser.complete()) break;
      check_request(parser);
      varve::fuzz::reached(varve::hash64(canonical(parser)));
      if (random == nullptr) check_round_trip(parser);
      out += canonical(parser);
      parser.next();
    }
  }
  return out + "\n" + std::to_string(static_cast<int>(parser.error())) +
         (parser.expects_continue() ? "e" : "") + (parser.head_complete() ? "h" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Slice input(reinterpret_cast<const char*>(data) + 1, size - 1);
  varve::Random random(data[0]);
  const std::string whole = transcript(input, nullptr);
  CHECK(whole == transcript(input, &random));
  return 0;
}
