// Server: HTTP/1.1 on a reactor in front of one request handler (the Dispatcher). It accepts, bounds what a
// client may cost, hands each operation to the handler, and sends the answers back in order.
//
//   auto reactor = io::Reactor::create(io::ReactorKind::kAutomatic);
//   Server server(reactor->get(), {}, [&](Slice target, Slice body, auto done) { dispatcher.handle(target,
//   body, done); }); server.listen("localhost", 8000);
//   (*reactor)->on_signal({SIGINT, SIGTERM}, [&](int) { server.stop(); });
//   (*reactor)->run();
//
// I1 One request of a connection is under way at a time; reading is paused meanwhile. Answers leave in
// request order. I2 A client that does not read its answers stops being read from; what it can make the
// server hold is bounded. I3 Every Done is accounted for: the destructor waits for the last one, so a handler
// may answer from any thread, at any time
//    before that, whether or not the connection is still there.
// I4 When framing is in doubt (a refused request) the answer says so and the connection ends.
//
// Limits (reliability, "DoS limits"): see ServerOptions; request line, fields and chunk overhead are the
// parser's.
//
// Threads: everything on the reactor's thread, except Done and the destructor. Ownership: the reactor is
// borrowed and must outlive the server; the server must outlive run().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/dynamo/dispatcher.h"
#include "api/server/content_coding.h"
#include "api/server/http_parser.h"
#include "api/server/http_response.h"
#include "api/server/lone_client.h"
#include "base/io/mutex.h"
#include "base/io/reactor.h"
#include "base/result.h"

namespace varve::api {

class HttpConnection;

// What is told about each operation answered: for access logs and metrics.
struct RequestEvent {
  std::string peer;
  std::string target;  // X-Amz-Target as sent
  int status = 0;
  std::string error_type;  // empty on success
  size_t request_bytes = 0, response_bytes = 0;
  uint64_t duration_ns = 0;  // from the last byte of the request to the answer being queued
};

struct ServerOptions {
  std::string region = "us-east-1";
  size_t max_body_bytes = kMaxBodyBytes;
  // Bodies of all connections together; beyond it a request gets 503 and may be retried.
  size_t max_buffered_body_bytes = 256u << 20;
  // More are accepted and closed at once.
  size_t max_connections = 10'000;
  // Answers queued and unread beyond which a connection's next pipelined request waits.
  size_t max_pending_bytes = 256u << 10;

  uint64_t header_timeout_ns = 10'000'000'000;  // first byte of a request to the end of its head
  uint64_t idle_timeout_ns =
      60'000'000'000;  // between requests, and for a client that does not read its answer
  // A body is given this grace and one second for each min_body_bytes_per_s it has delivered.
  uint64_t body_grace_ns = 10'000'000'000;
  uint64_t min_body_bytes_per_s = 500;
  uint64_t sweep_interval_ns = 500'000'000;   // how often timeouts are looked at
  uint64_t stop_timeout_ns = 10'000'000'000;  // what a graceful stop waits for requests in flight

  // Told of every operation that arrives. Borrowed; null: nobody asks.
  LoneClient* lone_client = nullptr;

  // What the handler refuses before it asks who sent the request (DynamoDB looks at the JSON's syntax and at the
  // operation's name first): asked only of requests without a well-formed signature, so that they get that answer.
  std::function<std::optional<dynamo::Response>(Slice target, Slice body)> refuse_unsigned_first;

  // Told of every operation answered, or (report_all = false) only of those answered with 500 and above.
  std::function<void(const RequestEvent&)> on_request;
  bool report_all = true;
};

// An operation's answer on its way to the connection; `coding` is that of the response's body.
struct OperationAnswer {
  dynamo::Response response;
  ContentCoding coding = ContentCoding::kIdentity;
};

struct ServerCounters {
  uint64_t accepted = 0, refused = 0, requests = 0, malformed = 0, timeouts = 0, body_overload = 0,
           orphaned_answers = 0;
};

class Server {
 public:
  using Done = std::function<void(dynamo::Response)>;
  // See Dispatcher::handle: `target` and `body` live until it returns, Done is called exactly once, on any
  // thread.
  using Handler = std::function<void(Slice target, Slice body, Done done)>;

  Server(io::Reactor* reactor, ServerOptions options, Handler handler);
  // Waits for the last Done. Call after run() has returned.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Answers the port; an error names host and port. `others`, on reactors of their own, take connections in turn with this one
  // (and are not asked to listen themselves).
  Result<uint16_t> listen(const std::string& host, uint16_t port, const std::vector<Server*>& others = {});
  // Graceful: no new connections, idle ones end, requests in flight are answered, then the reactor is asked
  // to stop; at the latest after stop_timeout_ns. Idempotent.
  void stop();
  bool stopping() const { return stopping_; }

  const ServerCounters& counters() const { return counters_; }
  size_t connection_count() const { return connections_.size(); }
  size_t buffered_body_bytes() const { return buffered_body_bytes_; }

 private:
  friend class HttpConnection;

  // For HttpConnection. dispatch answers true when the answer is known already. `offered` is what the client takes; the
  // thread that answers does the encoding, so that large pages do not hold up the reactor.
  bool dispatch(uint64_t connection_id, Slice target, Slice body, ContentCoding offered,
                OperationAnswer* answer);
  void removed(uint64_t connection_id);
  // False when the bodies of all connections together are over the limit.
  bool account_body(size_t before, size_t now);

  std::unique_ptr<io::ConnectionHandler> accept(io::Connection* connection);
  void answered(uint64_t connection_id, ContentCoding offered, dynamo::Response response);
  void deliver(uint64_t connection_id, OperationAnswer answer);
  void schedule_sweep();
  void sweep();
  void finish_stop();

  io::Reactor* const reactor_;
  const ServerOptions options_;
  const Handler handler_;
  ResponseWriter writer_;
  ServerCounters counters_;
  bool stopping_ = false;
  size_t buffered_body_bytes_ = 0;
  std::unordered_map<uint64_t, HttpConnection*> connections_;  // by connection id

  io::Mutex mutex_;
  io::CondVar all_answered_;
  size_t in_flight_ VARVE_GUARDED_BY(mutex_) = 0;
};

}  // namespace varve::api
