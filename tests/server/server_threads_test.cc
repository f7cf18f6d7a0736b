// Several servers behind one address.
#include "api/server/server_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/io/mutex.h"
#include "base/io/tcp_client.h"
#include "base/io/thread.h"
#include "tests/server/signed_request.h"

namespace varve::api {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kTimeoutNs = 20'000'000'000;

class ServerThreadsTest : public ::testing::Test {
 protected:
  void start(size_t count, const ServerOptions& options = {}) {
    auto servers = ServerThreads::create(count, options, [this](Slice, Slice body, Server::Done done) {
      const io::MutexLock lock(&mutex_);
      seen_.insert(std::this_thread::get_id());
      if (body.starts_with("hold")) {
        held_.push_back(std::move(done));
      } else {
        done({200, std::string(body), {}});
      }
    });
    ASSERT_TRUE(servers.ok()) << servers.status().to_string();
    servers_ = std::move(servers).value();
    const auto port = servers_->listen("127.0.0.1", 0);
    ASSERT_TRUE(port.ok()) << port.status().to_string();
    port_ = *port;
    thread_ = io::Thread("servers", [this] { EXPECT_TRUE(servers_->run().ok()); });
  }
  void TearDown() override { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    servers_->reactor()->post([this] { servers_->stop(); });
    thread_.join();
  }

  std::unique_ptr<io::TcpClient> connect() {
    auto client = io::TcpClient::connect("127.0.0.1", port_, kTimeoutNs);
    EXPECT_TRUE(client.ok()) << client.status().to_string();
    return std::move(client).value();
  }
  // One receive: small answers come in one piece.
  static std::string receive(io::TcpClient* client) {
    std::string buffer(4096, 0);
    const auto count = client->receive({buffer.data(), buffer.size()});
    EXPECT_TRUE(count.ok()) << count.status().to_string();
    buffer.resize(count.ok() ? *count : 0);
    return buffer;
  }
  size_t held() {
    const io::MutexLock lock(&mutex_);
    return held_.size();
  }
  void answer_held() {
    std::vector<Server::Done> held;
    {
      const io::MutexLock lock(&mutex_);
      held.swap(held_);
    }
    for (const Server::Done& done : held) done({200, "held", {}});
  }

  io::Mutex mutex_;
  std::set<std::thread::id> seen_ VARVE_GUARDED_BY(mutex_);
  std::vector<Server::Done> held_ VARVE_GUARDED_BY(mutex_);
  std::unique_ptr<ServerThreads> servers_;  // goes before what its handler uses
  io::Thread thread_;
  uint16_t port_ = 0;
};

TEST_F(ServerThreadsTest, ConnectionsAreServedByEveryThread) {
  start(3);
  std::vector<std::unique_ptr<io::TcpClient>> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(connect());
  for (int round = 0; round < 20; ++round) {
    for (size_t i = 0; i < clients.size(); ++i) {
      ASSERT_TRUE(clients[i]->send(operation("from " + std::to_string(i))).ok());
    }
    for (size_t i = 0; i < clients.size(); ++i) {
      EXPECT_THAT(receive(clients[i].get()), HasSubstr("from " + std::to_string(i)));
    }
  }
  stop();
  const io::MutexLock lock(&mutex_);
  EXPECT_EQ(seen_.size(), 3u);
  EXPECT_EQ(servers_->counters().accepted, 9u);
  EXPECT_EQ(servers_->counters().requests, 180u);
}

TEST_F(ServerThreadsTest, AStopAnswersWhatIsUnderWayOnEveryThread) {
  start(3);
  std::vector<std::unique_ptr<io::TcpClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(connect());
    ASSERT_TRUE(clients.back()->send(operation("hold")).ok());
  }
  while (held() < 6) io::spin_pause();
  servers_->reactor()->post([this] { servers_->stop(); });
  answer_held();
  for (auto& client : clients) {
    const std::string answer = receive(client.get());
    EXPECT_THAT(answer, HasSubstr("held"));
  }
  clients.clear();  // nothing to linger for
  thread_.join();
}

TEST_F(ServerThreadsTest, TheLimitOfConnectionsIsOfAllThreadsTogether) {
  ServerOptions options;
  options.max_connections = 6;
  start(3, options);
  std::vector<std::unique_ptr<io::TcpClient>> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(connect());
  size_t served = 0;
  for (auto& client : clients) {
    if (!client->send(operation("x")).ok()) continue;
    std::string buffer(4096, 0);
    const auto count = client->receive({buffer.data(), buffer.size()});
    served += count.ok() && *count > 0 ? 1 : 0;
  }
  stop();
  EXPECT_EQ(served, 6u);
  EXPECT_EQ(servers_->counters().refused, 3u);
}

}  // namespace
}  // namespace varve::api
