// Where a parsed request goes, by method, path and content type alone (spec section 1.1): to the operations,
// or to one of the answers that need no database.
#pragma once

#include <string>

#include "api/server/http_parser.h"
#include "api/server/http_response.h"

namespace varve::api {

enum class Route : uint8_t {
  kOperation,  // POST / with a body of one of the two JSON types (or none): the Dispatcher's
  kHealth,     // any GET
  kPreflight,  // OPTIONS with Origin
  kUnknown,    // everything else: 404
};

Route route_of(const HttpParser& request);

// The content type of the answer: the request's, when it is one of the two, else the AWS one.
Slice answer_content_type(const HttpParser& request);

// The answers to the routes that need no database.
HttpResponse health_response(Slice region);
HttpResponse preflight_response(const HttpParser& request);
HttpResponse unknown_response(const HttpParser& request);

// The fields that let a browser's script read the answer; empty for a request without Origin.
std::string cors_fields(const HttpParser& request);

}  // namespace varve::api
