#include "api/server/server_threads.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/io/thread.h"

namespace varve::api {

Result<std::unique_ptr<ServerThreads>> ServerThreads::create(size_t count, const ServerOptions& options,
                                                             const Server::Handler& handler) {
  CHECK(count >= 1 && count <= kMaxServerThreads);
  ServerOptions share = options;
  share.max_connections = std::max<size_t>(options.max_connections / count, 1);
  share.max_buffered_body_bytes = std::max(options.max_buffered_body_bytes / count, options.max_body_bytes);
  std::unique_ptr<ServerThreads> threads(new ServerThreads);
  for (size_t i = 0; i < count; ++i) {
    VARVE_ASSIGN_OR_RETURN(auto reactor, io::Reactor::create(io::ReactorKind::kAutomatic));
    auto server = std::make_unique<Server>(reactor.get(), share, handler);
    threads->lanes_.push_back({std::move(reactor), std::move(server)});
  }
  return threads;
}

Result<uint16_t> ServerThreads::listen(const std::string& host, uint16_t port) {
  std::vector<Server*> others;
  for (size_t i = 1; i < lanes_.size(); ++i) others.push_back(lanes_[i].server.get());
  return lanes_.front().server->listen(host, port, others);
}

Status ServerThreads::run() {
  std::vector<Status> failures(lanes_.size());
  std::vector<io::Thread> threads;
  for (size_t i = 1; i < lanes_.size(); ++i) {
    threads.emplace_back("server", [this, &failures, i] { failures[i] = run_lane(&lanes_[i]); });
  }
  failures[0] = run_lane(&lanes_[0]);
  threads.clear();  // joins
  for (Status& failure : failures) VARVE_RETURN_IF_ERROR(std::move(failure));
  return {};
}

// A loop that failed, or ended, takes the others along: half a server would leave clients without an answer.
Status ServerThreads::run_lane(Lane* lane) {
  Status status = lane->reactor->run();
  for (Lane& other : lanes_) {
    if (&other != lane) other.reactor->post([server = other.server.get()] { server->stop(); });
  }
  return status;
}

void ServerThreads::stop() {
  lanes_.front().server->stop();
  for (size_t i = 1; i < lanes_.size(); ++i) {
    lanes_[i].reactor->post([server = lanes_[i].server.get()] { server->stop(); });
  }
}

ServerCounters ServerThreads::counters() const {
  ServerCounters sum;
  for (const Lane& lane : lanes_) {
    const ServerCounters& one = lane.server->counters();
    sum.accepted += one.accepted;
    sum.refused += one.refused;
    sum.requests += one.requests;
    sum.malformed += one.malformed;
    sum.timeouts += one.timeouts;
    sum.body_overload += one.body_overload;
    sum.orphaned_answers += one.orphaned_answers;
  }
  return sum;
}

}  // namespace varve::api
