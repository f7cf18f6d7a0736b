// What goes back: the head of an HTTP response with the fields every DynamoDB answer carries, request ids,
// and the error bodies that the server writes on its own account (everything behind X-Amz-Target is the
// Dispatcher's).
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "api/server/content_coding.h"
#include "base/random.h"
#include "base/slice.h"

namespace varve::api {

inline constexpr Slice kAmzJson10 = "application/x-amz-json-1.0";
inline constexpr Slice kPlainJson = "application/json";

struct HttpResponse {
  int status = 200;
  Slice content_type;  // empty: no such field
  std::string body;
  ContentCoding coding = ContentCoding::kIdentity;  // of the body
  std::string extra_fields;                         // whole lines, each ending in CRLF
  bool omit_body = false;                           // the answer to HEAD: the length of the body, and no body
};

// The reason phrase of a status code; "Unknown" for one that Varve never sends.
Slice reason_phrase(int status);

// {"__type":"com.amazon.coral.service#<type>","message":"<message>"}. A type that has its own namespace
// ("a.b#Type") keeps it. The message may hold any bytes; those beyond ASCII are taken as Latin-1, HTTP's own reading of field values.
std::string service_error_body(Slice type, Slice message);

// Writes response heads.
class ResponseWriter {
 public:
  // The seed makes request ids; it need not be secret, but two servers should differ.
  explicit ResponseWriter(uint64_t seed) : random_(seed) {}

  // Status line and fields, up to and including the empty line. `keep_alive` and `minor_version` are the
  // request's. The CRC-32 is left out for an encoded body: clients disagree about which bytes it covers.
  std::string head(const HttpResponse& response, bool keep_alive, int minor_version);
  // 52 characters of [0-9A-Z]: 268 bits, unique for all purposes.
  std::string request_id();

 private:
  Slice date();

  Random random_;
  uint64_t date_second_ = 0;
  std::string date_;
};

}  // namespace varve::api
