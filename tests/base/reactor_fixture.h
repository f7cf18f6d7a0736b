// What the tests of both reactors share: a blocking client, a handler made of plain functions, and a reactor on a thread of
// its own.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/io/clock.h"
#include "base/io/file_descriptor.h"
#include "base/io/reactor.h"
#include "base/io/thread.h"

namespace varve::io {

inline constexpr uint64_t kMs = 1'000'000;

// A blocking client; every call gives up after ten seconds.
class Client {
 public:
  Client() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  }
  explicit Client(uint16_t port) : Client() { connect(port); }
  void connect(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  bool send(Slice bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }
  // Exactly `size` bytes, or fewer at the end of the stream.
  std::string receive(size_t size) {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t count = ::recv(fd_.get(), bytes.data() + done, size - done, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      done += static_cast<size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }
  void shut_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  // Leaves with a reset.
  void vanish() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    fd_.reset();
  }

 private:
  FileDescriptor fd_;
  bool connected_ = false;
};

// A handler of plain functions, and what was seen.
struct Script {
  std::function<void(Connection*, Slice)> data = [](Connection* c, Slice bytes) {
    c->send(std::string(bytes));
  };
  std::function<void(Connection*)> end = [](Connection* c) { c->close_after_flush(); };
  std::function<void(Connection*)> drained = [](Connection*) {};
  std::function<void(Connection*, const Status&)> closed = [](Connection*, const Status&) {};
};

class ScriptHandler final : public ConnectionHandler {
 public:
  explicit ScriptHandler(Script script) : script_(std::move(script)) {}
  ~ScriptHandler() override { EXPECT_TRUE(ended_); }
  void on_data(Connection* c, Slice bytes) override {
    enter();
    EXPECT_FALSE(bytes.empty());
    script_.data(c, bytes);
    leave();
  }
  void on_end(Connection* c) override {
    enter();
    script_.end(c);
    leave();
  }
  void on_drained(Connection* c) override {
    enter();
    script_.drained(c);
    leave();
  }
  void on_close(Connection* c, const Status& status) override {
    enter();
    EXPECT_FALSE(ended_);
    ended_ = true;
    script_.closed(c, status);
    leave();
  }

 private:
  // I1: never nested.
  void enter() { EXPECT_FALSE(std::exchange(inside_, true)); }
  void leave() { inside_ = false; }
  static inline thread_local bool inside_ = false;
  Script script_;
  bool ended_ = false;
};

class ReactorTest : public ::testing::TestWithParam<ReactorKind> {
 protected:
  void SetUp() override {
    auto reactor = Reactor::create(GetParam());
    if (GetParam() == ReactorKind::kUring && reactor.code() == ErrorCode::kUnsupported) {
      GTEST_SKIP() << reactor.status().to_string();
    }
    ASSERT_TRUE(reactor.ok()) << reactor.status().to_string();
    reactor_ = std::move(reactor).value();
  }
  void TearDown() override { stop(); }

  uint16_t listen(Script script) {
    auto port = reactor_->listen("127.0.0.1", 0, {},
                                 [script](Connection*) { return std::make_unique<ScriptHandler>(script); });
    EXPECT_TRUE(port.ok()) << port.status().to_string();
    return port.ok() ? *port : 0;
  }
  void start() {
    loop_ = Thread("reactor", [this] {
      const Status status = reactor_->run();
      EXPECT_TRUE(status.ok()) << status.to_string();
    });
  }
  void stop() {
    if (!loop_.joinable()) return;
    reactor_->request_stop();
    loop_.join();
    EXPECT_EQ(reactor_->connection_count(), 0u);
  }
  // Waits until `condition` holds, which other threads make true.
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 5000; ++i) {
      if (condition()) return true;
      sleep_ns(2 * kMs);
    }
    return false;
  }

  std::unique_ptr<Reactor> reactor_;
  Thread loop_;
};

}  // namespace varve::io
