// Transport: where an operation of a command-line tool goes: over HTTP to a running server, or straight to a
// Dispatcher in this process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/cli/http_client.h"

namespace varve::api {

// `target`: "DynamoDB_20120810.PutItem". An error is a failure to get any answer; refusals are answers.
using Transport = std::function<Result<HttpAnswer>(Slice target, Slice body)>;

// "ValidationException: ..." out of an error answer.
std::string describe_refusal(const HttpAnswer& answer);

class LocalDatabase;
// To the server at `endpoint` or, when `data` is not empty, to a database opened there, which *database then owns and the transport
// borrows.
Result<Transport> open_transport(const std::string& endpoint, const std::string& data,
                                 std::unique_ptr<LocalDatabase>* database);

}  // namespace varve::api
