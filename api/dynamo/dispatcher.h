// Dispatcher: the DynamoDB protocol (AWS JSON 1.0) without HTTP. It takes the X-Amz-Target and the body of a request, runs
// the operation on a Database, and gives back the status and the JSON body of the answer.
//
// The caller (api/server, a test, a fuzzer) does what belongs to HTTP: method and path, body length limits, content type,
// x-amzn-RequestId, x-amz-crc32 of `body`. Everything from the target on is decided here, in the order of DynamoDB's own
// checks: unknown operation, malformed JSON, types, constraints, parameters, expressions, table, condition.
//
// Threads: handle may be called from any number of threads at once and never waits for the log. `done` is called exactly
// once per call: from the calling thread before handle returns when the outcome is known at once (reads, refused requests),
// else from the log's thread or, for operations that change tables, from the dispatcher's own. It must not block or throw.
// Ownership: the database is borrowed and must outlive the last `done`. `target` and `body` are borrowed until handle returns;
// `done` owns its Response.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/slice.h"

namespace varve::api {
class Database;
}

namespace varve::api::dynamo {

class TaskThreads;

struct Response {
  int status = 200;  // HTTP status: 200, 400 or 500
  std::string body;  // JSON, content type application/x-amz-json-1.0
  // For logs and metrics: the short exception name ("ValidationException"); empty when the status is 200.
  std::string error_type;
};

class Dispatcher {
 public:
  using Done = std::function<void(Response)>;

  explicit Dispatcher(Database* database);
  // Waits for the table operations that were accepted.
  ~Dispatcher();

  // `target` is the X-Amz-Target header's value ("DynamoDB_20120810.GetItem"); empty when the header is absent. `endpoint` is
  // HOST:PORT under which clients reach this database: DescribeEndpoints tells it.
  void handle(Slice target, Slice body, Done done, Slice endpoint = "localhost:8000");

  // What handle() refuses before DynamoDB looks at who sent the request: malformed JSON and unknown operations. The server
  // asks it about requests that it will refuse for want of a signature.
  static std::optional<Response> refusal_before_authentication(Slice target, Slice body);

  // The error answers that the server gives on its own account, in the protocol's shape.
  static Response error(int status, Slice type, Slice message);

 private:
  Database* const database_;
  std::unique_ptr<TaskThreads> control_;
};

}  // namespace varve::api::dynamo
