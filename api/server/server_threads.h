// ServerThreads: one Server on a reactor of its own for each thread, all behind one address. Connections are dealt to them in
// turn and stay where they are, so that nothing of a connection is shared between threads.
//
//   VARVE_ASSIGN_OR_RETURN(auto servers, ServerThreads::create(4, options, handler));
//   servers->reactor()->on_signal({SIGINT, SIGTERM}, [&](int) { servers->stop(); });   // before other threads start
//   VARVE_ASSIGN_OR_RETURN(uint16_t port, servers->listen("localhost", 8000));
//   servers->run();                                                                    // until stop()
//
// The limits of ServerOptions on connections and bodies are of all threads together: each has its share.
//
// Threads: create, listen and run from one, which becomes the first reactor's; stop on that one too. The handler is called from all.
// Ownership: what `options` borrows outlives it. The destructor waits for the last answer, as Server's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/server/server.h"
#include "base/io/reactor.h"
#include "base/result.h"

namespace varve::api {

inline constexpr size_t kMaxServerThreads = 64;

class ServerThreads {
 public:
  // count: 1 to kMaxServerThreads.
  static Result<std::unique_ptr<ServerThreads>> create(size_t count, const ServerOptions& options,
                                                       const Server::Handler& handler);

  // The one of the calling thread, for signals and timers.
  io::Reactor* reactor() { return lanes_.front().reactor.get(); }
  // See Server::listen.
  Result<uint16_t> listen(const std::string& host, uint16_t port);
  // Serves until every server has stopped, in order or at stop_timeout_ns. An error means that a loop failed; the others are
  // stopped then too.
  Status run();
  // See Server::stop.
  void stop();
  // Of all; exact once run() has returned.
  ServerCounters counters() const;

 private:
  struct Lane {
    std::unique_ptr<io::Reactor> reactor;
    std::unique_ptr<Server> server;  // goes first
  };
  Status run_lane(Lane* lane);
  std::vector<Lane> lanes_;
};

}  // namespace varve::api
