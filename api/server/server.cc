#include "api/server/server.h"

#include <optional>
#include <utility>

#include "api/server/http_connection.h"
#include "base/check.h"
#include "base/io/clock.h"
#include "base/io/entropy.h"

namespace varve::api {
namespace {

// The handler call that the current thread is inside of: an answer that comes before it returns needs no trip
// through the loop.
struct InlineCall {
  const Server* server;
  uint64_t connection_id;
  std::optional<OperationAnswer> answer;
};
thread_local InlineCall* inline_call = nullptr;

}  // namespace

Server::Server(io::Reactor* reactor, ServerOptions options, Handler handler)
    : reactor_(reactor),
      options_(std::move(options)),
      handler_(std::move(handler)),
      writer_(io::random_id()) {
  schedule_sweep();
}

Server::~Server() {
  const io::MutexLock lock(&mutex_);
  while (in_flight_ > 0) all_answered_.wait(&mutex_);
}

Result<uint16_t> Server::listen(const std::string& host, uint16_t port, const std::vector<Server*>& others) {
  io::ListenOptions options;
  for (Server* other : others) {
    options.peers.push_back(
        {other->reactor_, [other](io::Connection* connection) { return other->accept(connection); }});
  }
  return reactor_->listen(host, port, options,
                          [this](io::Connection* connection) { return accept(connection); });
}

std::unique_ptr<io::ConnectionHandler> Server::accept(io::Connection* connection) {
  if (stopping_ || connections_.size() >= options_.max_connections) {
    ++counters_.refused;
    return nullptr;
  }
  ++counters_.accepted;
  auto handler = std::make_unique<HttpConnection>(this, connection);
  connections_.emplace(connection->id(), handler.get());
  return handler;
}

void Server::removed(uint64_t connection_id) {
  connections_.erase(connection_id);
  if (stopping_ && connections_.empty()) finish_stop();
}

bool Server::account_body(size_t before, size_t now) {
  buffered_body_bytes_ += now - before;  // wraps back when it shrinks
  return now <= before || buffered_body_bytes_ <= options_.max_buffered_body_bytes;
}

bool Server::dispatch(uint64_t connection_id, Slice target, Slice body, ContentCoding offered,
                      OperationAnswer* answer) {
  if (options_.lone_client != nullptr) options_.lone_client->note(this, connection_id);
  {
    const io::MutexLock lock(&mutex_);
    ++in_flight_;
  }
  InlineCall call{this, connection_id, {}};
  inline_call = &call;
  handler_(target, body, [this, connection_id, offered](dynamo::Response response) {
    answered(connection_id, offered, std::move(response));
  });
  inline_call = nullptr;
  if (!call.answer) return false;
  *answer = *std::move(call.answer);
  return true;
}

void Server::answered(uint64_t connection_id, ContentCoding offered, dynamo::Response response) {
  OperationAnswer answer{std::move(response)};
  answer.coding = encode_body(offered, &answer.response.body);
  InlineCall* const call = inline_call;
  if (call != nullptr && call->server == this && call->connection_id == connection_id) {
    CHECK(!call->answer);
    call->answer = std::move(answer);
  } else {
    reactor_->post(
        [this, connection_id, a = std::move(answer)]() mutable { deliver(connection_id, std::move(a)); });
  }
  // Last: once the count is zero the server may be gone.
  const io::MutexLock lock(&mutex_);
  if (--in_flight_ == 0) all_answered_.notify_all();
}

void Server::deliver(uint64_t connection_id, OperationAnswer answer) {
  const auto found = connections_.find(connection_id);
  if (found == connections_.end()) {
    ++counters_.orphaned_answers;
    return;
  }
  found->second->deliver(std::move(answer));
}

void Server::schedule_sweep() {
  reactor_->add_timer(options_.sweep_interval_ns, [this] { sweep(); });
}

void Server::sweep() {
  const uint64_t now_ns = io::monotonic_ns();
  for (const auto& [id, connection] : connections_) connection->enforce_timeouts(now_ns);
  schedule_sweep();
}

void Server::stop() {
  if (stopping_) return;
  stopping_ = true;
  reactor_->stop_listening();
  for (const auto& [id, connection] : connections_) connection->stop();
  if (connections_.empty()) return finish_stop();
  reactor_->add_timer(options_.stop_timeout_ns, [this] { finish_stop(); });
}

void Server::finish_stop() { reactor_->request_stop(); }

}  // namespace varve::api
