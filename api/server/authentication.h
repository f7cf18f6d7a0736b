// The shape of a request's AWS Signature Version 4, in an Authorization field or in the query: what DynamoDB
// answers when there is none, or when a part is missing or malformed. Any well-formed signature is accepted:
// key id, scope, clock and the signature itself are taken on trust.
//
// The checks, in DynamoDB's order: presence, parts, date, algorithm, credential. A `Date` field may stand in for
// X-Amz-Date, in whatever form; X-Amz-Date must be basic ISO 8601.
//
// Threads: any; there is no state.
#pragma once

#include <optional>
#include <string>

#include "api/server/http_parser.h"

namespace varve::api {

struct AuthenticationRefusal {
  Slice type;           // "MissingAuthenticationTokenException" and the like; answered with status 400
  std::string message;  // may quote the request: any bytes
};

// Nothing when the request is signed in form.
std::optional<AuthenticationRefusal> check_authentication(const HttpParser& request);

}  // namespace varve::api
