// A reactor without sockets: a test plays the client and the clock's ticks by hand, so every interleaving is
// one that the test chose.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/io/mutex.h"
#include "base/io/reactor.h"

namespace varve::api {

class FakeConnection final : public io::Connection {
 public:
  explicit FakeConnection(uint64_t id) : id_(id) {}
  uint64_t id() const override { return id_; }
  std::string peer() const override { return "test"; }
  void send(std::string bytes) override {
    if (!closing && !closed) sent += bytes;
  }
  size_t pending_bytes() const override { return stuck_bytes; }
  void pause_reading() override { paused = true; }
  void resume_reading() override { paused = false; }
  void close_after_flush() override { closing = true; }
  void close() override { closed = true; }

  std::string sent;
  size_t stuck_bytes = 0;  // what pending_bytes() answers
  bool paused = false, closing = false, closed = false;

 private:
  const uint64_t id_;
};

class FakeReactor final : public io::Reactor {
 public:
  const char* name() const override { return "fake"; }
  Result<uint16_t> listen(const std::string&, uint16_t port, const io::ListenOptions&,
                          io::AcceptCallback accept) override {
    accept_ = std::move(accept);
    return port;
  }
  void adopt(io::FileDescriptor, io::AcceptCallback) override {}  // there are no sockets
  void stop_listening() override { listening = false; }
  io::TimerId add_timer(uint64_t delay_ns, std::function<void()> callback) override {
    const io::TimerId id{delay_ns, ++timer_number_};
    timers_.emplace(id, std::move(callback));
    return id;
  }
  void cancel_timer(io::TimerId timer) override { timers_.erase(timer); }
  void post(std::function<void()> callback) override {
    const io::MutexLock lock(&mutex_);
    posted_.push_back(std::move(callback));
  }
  Status on_signal(const std::vector<int>&, std::function<void(int)>) override { return {}; }
  Result<io::Connection*> connect(const std::string&, uint16_t, uint64_t,
                                  std::unique_ptr<io::ConnectionHandler>) override {
    return Status::unsupported("a fake reactor connects to nobody");
  }
  io::Connection* find(uint64_t id) override {
    const auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : &found->second.connection;
  }
  size_t connection_count() const override { return peers_.size(); }
  Status run() override { return {}; }
  void request_stop() override { stop_requested = true; }

  // The test's side.
  FakeConnection* connect() {
    const uint64_t id = ++connection_number_;
    auto& peer =
        peers_.emplace(std::piecewise_construct, std::forward_as_tuple(id), std::forward_as_tuple(id))
            .first->second;
    peer.handler = accept_(&peer.connection);
    if (peer.handler) return &peer.connection;
    peers_.erase(id);
    return nullptr;
  }
  void receive(FakeConnection* connection, Slice bytes) {
    peers_.at(connection->id()).handler->on_data(connection, bytes);
  }
  void end(FakeConnection* connection) { peers_.at(connection->id()).handler->on_end(connection); }
  void drained(FakeConnection* connection) { peers_.at(connection->id()).handler->on_drained(connection); }
  void disconnect(FakeConnection* connection) {
    auto node = peers_.extract(connection->id());
    node.mapped().handler->on_close(connection, {});
  }
  size_t run_posted() {
    std::deque<std::function<void()>> batch;
    {
      const io::MutexLock lock(&mutex_);
      batch.swap(posted_);
    }
    for (auto& callback : batch) callback();
    return batch.size();
  }
  void fire_timers() {
    auto timers = std::exchange(timers_, {});
    for (auto& [id, callback] : timers) callback();
  }

  bool listening = true, stop_requested = false;

 private:
  struct Peer {
    explicit Peer(uint64_t id) : connection(id) {}
    FakeConnection connection;
    std::unique_ptr<io::ConnectionHandler> handler;
  };
  io::AcceptCallback accept_;
  std::map<uint64_t, Peer> peers_;
  std::map<io::TimerId, std::function<void()>> timers_;
  uint64_t connection_number_ = 0, timer_number_ = 0;
  io::Mutex mutex_;
  std::deque<std::function<void()>> posted_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::api
