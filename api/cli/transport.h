// Transport: where an operation of a command-line tool goes: over HTTP to a running server, or straight to a
// Dispatcher in this process.
#pragma once

#include <functional>

#include "api/cli/http_client.h"

namespace varve::api {

// `target`: "DynamoDB_20120810.PutItem". An error is a failure to get any answer; refusals are answers.
using Transport = std::function<Result<HttpAnswer>(Slice target, Slice body)>;

}  // namespace varve::api
