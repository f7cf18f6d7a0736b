#include "api/cli/http_client.h"

#include <charconv>

#include "api/server/http_parser.h"

namespace varve::api {
namespace {

constexpr uint64_t kTimeoutNs = 60'000'000'000;
constexpr size_t kMaxHeadBytes = 64u << 10;
constexpr size_t kMaxAnswerBytes = 64u << 20;

bool parse_number(Slice text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// Splits "host:port" and "[v6]:port"; the port may be missing when a default is given.
Result<Endpoint> split_address(Slice text, const std::string& whole, bool port_required) {
  const Status malformed = Status::invalid_argument("'" + whole + "' is not HOST:PORT");
  Endpoint endpoint;
  size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == Slice::npos) return malformed;
    endpoint.host = text.substr(1, bracket - 1);
    colon = bracket + 1 < text.size() ? bracket + 1 : Slice::npos;
    if (colon != Slice::npos && text[colon] != ':') return malformed;
  } else {
    endpoint.host = text.substr(0, colon);
    if (endpoint.host.find(':') != std::string::npos) return malformed;
  }
  if (colon == Slice::npos) {
    if (port_required) return malformed;
    return endpoint;
  }
  uint64_t port = 0;
  if (!parse_number(text.substr(colon + 1), &port) || port > 65535) return malformed;
  endpoint.port = static_cast<uint16_t>(port);
  return endpoint;
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& url) {
  Slice rest = url;
  if (rest.starts_with("https://")) return Status::unsupported("'" + url + "': only http:// is spoken");
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  VARVE_ASSIGN_OR_RETURN(Endpoint endpoint, split_address(rest, url, false));
  if (endpoint.host.empty()) return Status::invalid_argument("'" + url + "' names no host");
  return endpoint;
}

Result<Endpoint> parse_listen_address(const std::string& address) {
  return split_address(address, address, true);
}

Status HttpClient::ensure_connected() {
  if (connection_ != nullptr) return {};
  VARVE_ASSIGN_OR_RETURN(connection_, io::TcpClient::connect(endpoint_.host, endpoint_.port, kTimeoutNs));
  return {};
}

Result<HttpAnswer> HttpClient::call(Slice target, Slice body) {
  VARVE_RETURN_IF_ERROR(ensure_connected());
  std::string request = "POST / HTTP/1.1\r\nHost: " + endpoint_.host + ":" + std::to_string(endpoint_.port) +
                        "\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: ";
  request.append(target).append(
      "\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 "
      "Credential=varve/20260101/us-east-1/dynamodb/"
      "aws4_request, SignedHeaders=host;x-amz-target, Signature=0\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  if (const Status sent = connection_->send(request); !sent.ok()) {
    connection_.reset();
    return sent;
  }
  auto answer = read_answer();
  if (!answer.ok()) connection_.reset();
  return answer;
}

// Our own server always says Content-Length; an answer without one ends with the connection.
Result<HttpAnswer> HttpClient::read_answer() {
  std::string bytes;
  char buffer[64u << 10];
  const auto more = [&]() -> Status {
    VARVE_ASSIGN_OR_RETURN(const size_t count, connection_->receive(buffer));
    if (count == 0)
      return {ErrorCode::kClosed, "the server closed the connection before its answer was complete"};
    bytes.append(buffer, count);
    return {};
  };
  size_t head_end = 0;
  while ((head_end = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (bytes.size() > kMaxHeadBytes) return Status::invalid_argument("the server's answer is not HTTP");
    VARVE_RETURN_IF_ERROR(more());
  }
  HttpAnswer answer;
  Slice head = Slice(bytes).substr(0, head_end);
  uint64_t status = 0;
  if (!head.starts_with("HTTP/1.") || head.size() < 12 || !parse_number(head.substr(9, 3), &status)) {
    return Status::invalid_argument("the server's answer is not HTTP");
  }
  answer.status = static_cast<int>(status);
  uint64_t length = kMaxAnswerBytes + 1;
  bool close = false;
  for (size_t at = head.find("\r\n"); at != Slice::npos; at = head.find("\r\n")) {
    head.remove_prefix(at + 2);
    const Slice line = head.substr(0, head.find("\r\n"));
    const size_t colon = line.find(": ");
    if (colon == Slice::npos) continue;
    if (equals_ignoring_case(line.substr(0, colon), "content-length")) {
      if (!parse_number(line.substr(colon + 2), &length)) length = kMaxAnswerBytes + 1;
    }
    close |= equals_ignoring_case(line, "connection: close");
  }
  if (length > kMaxAnswerBytes)
    return Status::invalid_argument("the server's answer has no length, or is over 64 MiB");
  while (bytes.size() < head_end + 4 + length) VARVE_RETURN_IF_ERROR(more());
  answer.body = bytes.substr(head_end + 4, length);
  if (close) connection_.reset();
  return answer;
}

}  // namespace varve::api
