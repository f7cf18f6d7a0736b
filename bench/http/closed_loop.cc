#include "bench/http/closed_loop.h"

#include <memory>
#include <utility>

#include "base/io/clock.h"
#include "base/io/reactor.h"
#include "bench/http/answer_reader.h"

namespace varve::bench {
namespace {

constexpr uint64_t kConnectTimeoutNs = 10'000'000'000;
constexpr double kNsPerSecond = 1e9;

// What all connections share.
struct Loop {
  const LoadOptions& options;
  Requests* const requests;
  io::Reactor* const reactor;
  Measurement measurement;
  Status failure;
  bool measuring = false;
  bool over = false;

  void fail(Status status) {
    if (failure.ok()) failure = std::move(status);
    stop();
  }
  void stop() {
    over = true;
    reactor->request_stop();
  }
  void connect();
};

class ClientConnection final : public io::ConnectionHandler {
 public:
  explicit ClientConnection(Loop* loop) : loop_(loop) {}

  void start(io::Connection* connection) {
    std::string request;
    loop_->requests->append_http(loop_->options.operation, &request);
    sent_ns_ = io::monotonic_ns();
    connection->send(std::move(request));
  }

  void on_data(io::Connection* connection, Slice bytes) override {
    if (loop_->over || !reader_.feed(bytes)) return;
    if (loop_->measuring) {
      loop_->measurement.latency_ns.record(io::monotonic_ns() - sent_ns_);
      ++loop_->measurement.operations;
    }
    if (reader_.status() != 200) {
      return loop_->fail(Status::io_error(std::string(name_of(loop_->options.operation)) + " answered " +
                                          std::to_string(reader_.status()) + ": " + reader_.body()));
    }
    if (reader_.closes()) {
      answered_and_closed_ = true;
      connection->close();
      return;
    }
    reader_.next();
    start(connection);
  }

  void on_close(io::Connection*, const Status& status) override {
    if (loop_->over) return;
    if (answered_and_closed_) return loop_->connect();
    loop_->fail(Status::io_error("the server ended a connection: " + status.to_string()));
  }

 private:
  Loop* const loop_;
  AnswerReader reader_;
  uint64_t sent_ns_ = 0;
  bool answered_and_closed_ = false;
};

void Loop::connect() {
  auto handler = std::make_unique<ClientConnection>(this);
  ClientConnection* const client = handler.get();
  auto connection =
      reactor->connect(options.endpoint.host, options.endpoint.port, kConnectTimeoutNs, std::move(handler));
  if (!connection.ok()) return fail(connection.status());
  client->start(*connection);
}

}  // namespace

Result<Measurement> run_closed_loop(const LoadOptions& options, Requests* requests) {
  VARVE_ASSIGN_OR_RETURN(const auto reactor, io::Reactor::create(io::ReactorKind::kAutomatic));
  Loop loop{options, requests, reactor.get(), {}, {}};
  for (int i = 0; i < options.connections; ++i) loop.connect();
  uint64_t began_ns = 0;
  reactor->add_timer(static_cast<uint64_t>(options.warmup_seconds * kNsPerSecond), [&] {
    began_ns = io::monotonic_ns();
    loop.measuring = true;
    reactor->add_timer(static_cast<uint64_t>(options.seconds * kNsPerSecond), [&] {
      loop.measurement.seconds = static_cast<double>(io::monotonic_ns() - began_ns) / kNsPerSecond;
      loop.stop();
    });
  });
  VARVE_RETURN_IF_ERROR(reactor->run());
  if (!loop.failure.ok()) return loop.failure;
  return std::move(loop.measurement);
}

}  // namespace varve::bench
