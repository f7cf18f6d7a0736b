#include "api/server/routes.h"

namespace varve::api {
namespace {

Slice media_type(const HttpParser& request) {
  Slice value = request.field("content-type").value_or(Slice());
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

bool is_json(Slice type) {
  return equals_ignoring_case(type, kAmzJson10) || equals_ignoring_case(type, kPlainJson);
}

// "/" with or without a query, in origin or absolute form.
bool is_root(Slice target) {
  if (const size_t scheme = target.find("://"); scheme != Slice::npos && target.front() != '/') {
    const size_t path = target.find_first_of("/?", scheme + 3);
    target = path == Slice::npos ? Slice("/") : target.substr(path);
  }
  return target == "/" || target.starts_with("/?") || target.starts_with("?");
}

}  // namespace

Route route_of(const HttpParser& request) {
  if (request.method() == "GET") return Route::kHealth;
  if (request.method() == "OPTIONS" && request.field("origin")) return Route::kPreflight;
  if (request.method() != "POST" || !is_root(request.target())) return Route::kUnknown;
  if (!request.body().empty() && !is_json(media_type(request))) return Route::kUnknown;
  return Route::kOperation;
}

Slice answer_content_type(const HttpParser& request) {
  return equals_ignoring_case(media_type(request), kPlainJson) ? kPlainJson : kAmzJson10;
}

HttpResponse health_response(Slice region) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body.append("healthy: dynamodb.").append(region).append(".amazonaws.com ");
  return response;
}

HttpResponse preflight_response(const HttpParser& request) {
  HttpResponse response;
  // The parser refuses control characters in values, so an echo cannot add a line.
  if (const auto names = request.field("access-control-request-headers")) {
    response.extra_fields.append("Access-Control-Allow-Headers: ").append(*names).append("\r\n");
  }
  if (const auto method = request.field("access-control-request-method")) {
    response.extra_fields.append("Access-Control-Allow-Methods: ").append(*method).append("\r\n");
  }
  response.extra_fields.append("Access-Control-Max-Age: 172800\r\n");
  return response;
}

HttpResponse unknown_response(const HttpParser& request) {
  HttpResponse response;
  response.status = 404;
  response.body = "<UnknownOperationException/>\n";
  response.omit_body = request.method() == "HEAD";
  return response;
}

std::string cors_fields(const HttpParser& request) {
  if (!request.field("origin")) return {};
  std::string fields = "Access-Control-Allow-Origin: *\r\n";
  if (request.method() != "OPTIONS") {
    fields += "Access-Control-Expose-Headers: x-amzn-RequestId,x-amz-crc32,Date\r\n";
  }
  return fields;
}

}  // namespace varve::api
