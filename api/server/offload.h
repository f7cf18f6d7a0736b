// Offload: keeps the reactor's thread free of requests that may take long: a page of Query or Scan, a statement, a
// batch and a transaction may read megabytes from disk. Those run on a few threads of their own; reads and writes of
// single items, which cost microseconds, run where they arrive. (Operations on tables, which wait for the log, have a
// thread in the Dispatcher.)
//
// Threads: call from any; the handler it wraps is called from the caller's and from the pool's. The destructor
// finishes what is queued. The queue needs no bound of its own: a connection has one request under way.
#pragma once

#include "api/dynamo/task_threads.h"
#include "api/server/server.h"

namespace varve::api {

// Whether the operation of this X-Amz-Target belongs on the pool.
bool may_take_long(Slice target);

class Offload {
 public:
  Offload(size_t threads, Server::Handler handler);
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  void handle(Slice target, Slice body, Server::Done done);

 private:
  const Server::Handler handler_;
  dynamo::TaskThreads threads_;  // last: its tasks use the handler
};

}  // namespace varve::api
