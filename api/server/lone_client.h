// LoneClient: whether one connection has the servers to itself, which is so once kAloneRequests operations in a row came from
// it. What a handler may do then, and what it costs a second client, is docs/decisions/0032.
//
// Threads: any. The counts of two threads may mix, which makes the answer wrong for one request: an opinion, not a lock.
#pragma once

#include <atomic>
#include <cstdint>

namespace varve::api {

class LoneClient {
 public:
  // A second client ends it with its first request.
  static constexpr uint32_t kAloneRequests = 16;

  // An operation arrived; connections have numbers of their server, which is only a name here.
  void note(const void* server, uint64_t connection) {
    if (connection_.load(std::memory_order_relaxed) == connection &&
        server_.load(std::memory_order_relaxed) == server) {
      const uint32_t count = in_a_row_.load(std::memory_order_relaxed);
      if (count < kAloneRequests) in_a_row_.store(count + 1, std::memory_order_relaxed);
    } else {
      server_.store(server, std::memory_order_relaxed);
      connection_.store(connection, std::memory_order_relaxed);
      in_a_row_.store(0, std::memory_order_relaxed);
    }
  }
  bool alone() const { return in_a_row_.load(std::memory_order_relaxed) >= kAloneRequests; }

 private:
  std::atomic<const void*> server_{nullptr};  // of the last operation
  std::atomic<uint64_t> connection_{0};
  std::atomic<uint32_t> in_a_row_{0};  // from that one
};

}  // namespace varve::api
