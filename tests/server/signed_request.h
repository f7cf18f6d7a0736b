// An operation as a client sends it: signed in form, which is all that the server looks at.
#pragma once

#include <string>

#include "base/slice.h"

namespace varve::api {

inline constexpr Slice kSignatureFields =
    "X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 "
    "Credential=key/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0\r\n";

// The same without the signature.
inline std::string unsigned_operation(Slice body, Slice fields = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: T.Op\r\n" +
         std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

inline std::string operation(Slice body, Slice fields = "") {
  return unsigned_operation(body, std::string(kSignatureFields).append(fields));
}

}  // namespace varve::api
