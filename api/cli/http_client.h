// HttpClient: a small blocking client of one DynamoDB endpoint, for `varve load` and tests: POSTs an operation,
// reads the answer, keeps the connection, connects anew when it was lost.
//
// It does not sign: it sends credentials in the form the protocol wants them, for a server that accepts any.
// Threads: one at a time. Errors: kIoError and kClosed from the network; kInvalidArgument for an answer that is not
// HTTP.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/io/tcp_client.h"
#include "base/result.h"

namespace varve::api {

struct Endpoint {
  std::string host;
  uint16_t port = 8000;
};

// "http://host:port", "http://host", "host:port", "http://[::1]:8000/".
Result<Endpoint> parse_endpoint(const std::string& url);
// "host:port", ":port", "[::1]:port".
Result<Endpoint> parse_listen_address(const std::string& address);

struct HttpAnswer {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  // `target`: "DynamoDB_20120810.PutItem".
  Result<HttpAnswer> call(Slice target, Slice body);

 private:
  Status ensure_connected();
  Result<HttpAnswer> read_answer();

  const Endpoint endpoint_;
  std::unique_ptr<io::TcpClient> connection_;
};

}  // namespace varve::api
