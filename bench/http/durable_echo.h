// DurableEcho: a server that answers every request with an empty reply after one durable write, and does nothing else: what one
// connection could reach at most with this client, this kernel and this disk. The sum of an empty reply and a durable write leaves out
// that both processors fall asleep while the disk works, and that the answer has to wake them.
//
// Threads: one of its own. The destructor ends it.
#pragma once

#include <memory>
#include <string>

#include "api/cli/http_client.h"
#include "base/io/driver.h"
#include "base/io/reactor.h"
#include "base/io/thread.h"
#include "base/result.h"

namespace varve::bench {

class DurableEcho {
 public:
  static Result<std::unique_ptr<DurableEcho>> start(const std::string& directory);
  ~DurableEcho();

  const api::Endpoint& endpoint() const { return endpoint_; }

 private:
  DurableEcho() = default;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<io::Reactor> reactor_;
  api::Endpoint endpoint_;
  io::Thread thread_;
};

}  // namespace varve::bench
