#include "base/io/reactor.h"

#include <cstdlib>

#include "base/io/reactor_core.h"

namespace varve::io {

void ConnectionHandler::on_end(Connection* connection) { connection->close_after_flush(); }

Result<std::unique_ptr<Reactor>> Reactor::create(ReactorKind kind) {
  if (kind == ReactorKind::kEpoll) return make_epoll_reactor();
  if (kind == ReactorKind::kUring) return make_uring_reactor();
  const char* wanted = std::getenv("VARVE_IO");
  if (wanted == nullptr || Slice(wanted) != "posix") {
    if (auto reactor = make_uring_reactor(); reactor.ok()) return reactor;
  }
  return make_epoll_reactor();
}

}  // namespace varve::io
