// The server on real sockets, over both reactors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/server/server.h"
#include "base/io/tcp_client.h"
#include "base/io/thread.h"
#include "tests/server/signed_request.h"

namespace varve::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uint64_t kTimeoutNs = 20'000'000'000;

class ServerSocketTest : public ::testing::TestWithParam<io::ReactorKind> {
 protected:
  void SetUp() override {
    auto reactor = io::Reactor::create(GetParam());
    if (!reactor.ok() && reactor.code() == ErrorCode::kUnsupported)
      GTEST_SKIP() << reactor.status().to_string();
    ASSERT_TRUE(reactor.ok()) << reactor.status().to_string();
    reactor_ = std::move(*reactor);
    server_ = std::make_unique<Server>(
        reactor_.get(), ServerOptions{}, [](Slice target, Slice body, Server::Done done) {
          const dynamo::Response response{200, std::string(target) + ":" + std::to_string(body.size()), {}};
          if (body.starts_with("later")) {
            io::Thread("late", [done, response] { done(response); }).join();
          } else if (body.starts_with("big")) {
            done({200, std::string(4u << 20, 'b'), {}});
          } else {
            done(response);
          }
        });
    auto port = server_->listen("127.0.0.1", 0);
    ASSERT_TRUE(port.ok()) << port.status().to_string();
    port_ = *port;
    thread_ = io::Thread("reactor", [this] { EXPECT_TRUE(reactor_->run().ok()); });
  }
  void TearDown() override {
    if (!reactor_) return;
    reactor_->post([this] { server_->stop(); });
    if (thread_.joinable()) thread_.join();
  }

  std::unique_ptr<io::TcpClient> connect() {
    auto client = io::TcpClient::connect("127.0.0.1", port_, kTimeoutNs);
    EXPECT_TRUE(client.ok()) << client.status().to_string();
    return std::move(*client);
  }
  // Until the server ends the connection.
  static std::string read_all(io::TcpClient* client) {
    std::string all, buffer(64u << 10, 0);
    for (;;) {
      const auto count = client->receive({buffer.data(), buffer.size()});
      EXPECT_TRUE(count.ok()) << count.status().to_string();
      if (!count.ok() || *count == 0) return all;
      all.append(buffer, 0, *count);
    }
  }

  std::unique_ptr<io::Reactor> reactor_;
  std::unique_ptr<Server> server_;
  io::Thread thread_;
  uint16_t port_ = 0;
};

TEST_P(ServerSocketTest, PipelinedRequestsAreAnsweredInOrder) {
  const auto client = connect();
  std::string input;
  for (int i = 0; i < 200; ++i) input += operation((i % 3 == 0 ? "later" : "now") + std::string(i, 'x'));
  ASSERT_TRUE(client->send(input + operation("", "Connection: close\r\n")).ok());
  const std::string all = read_all(client.get());
  size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    const size_t next = all.find("T.Op:" + std::to_string(i + (i % 3 == 0 ? 5 : 3)), at);
    ASSERT_NE(next, std::string::npos) << i;
    ASSERT_GE(next, at);
    at = next;
  }
}

TEST_P(ServerSocketTest, ClientThatSendsSeventeenMegabytesSeesItsRefusal) {
  const auto client = connect();
  ASSERT_TRUE(client->send(operation(std::string(17u << 20, 'x'))).ok());
  std::string buffer(4096, 0);
  const auto count = client->receive({buffer.data(), buffer.size()});
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  EXPECT_THAT(buffer, StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
}

TEST_P(ServerSocketTest, SixteenMegabytesAreAccepted) {
  const auto client = connect();
  ASSERT_TRUE(client->send(operation(std::string(kMaxBodyBytes, 'x'), "Connection: close\r\n")).ok());
  EXPECT_THAT(read_all(client.get()), HasSubstr("T.Op:16777216"));
}

TEST_P(ServerSocketTest, LargeAnswersArriveWhole) {
  const auto client = connect();
  std::string input;
  for (int i = 0; i < 5; ++i) input += operation("big");
  ASSERT_TRUE(client->send(input + operation("end", "Connection: close\r\n")).ok());
  const std::string all = read_all(client.get());
  EXPECT_GT(all.size(), 5 * (4u << 20));
  EXPECT_THAT(all.substr(all.size() - 10), HasSubstr("T.Op:3"));
}

TEST_P(ServerSocketTest, ManyConnectionsAtOnce) {
  std::vector<std::unique_ptr<io::TcpClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(connect());
  for (auto& client : clients) ASSERT_TRUE(client->send(operation("later", "Connection: close\r\n")).ok());
  for (auto& client : clients) EXPECT_THAT(read_all(client.get()), HasSubstr("T.Op:5"));
}

TEST_P(ServerSocketTest, ClientsThatVanishMidRequestLeaveNothingBehind) {
  for (int i = 0; i < 50; ++i) {
    const auto client = connect();
    const std::string request = operation("later");
    ASSERT_TRUE(client->send(Slice(request).substr(0, request.size() - (i % 10))).ok());
  }
  const auto client = connect();
  ASSERT_TRUE(client->send(operation("last", "Connection: close\r\n")).ok());
  EXPECT_THAT(read_all(client.get()), HasSubstr("T.Op:4"));
}

std::string kind_name(const ::testing::TestParamInfo<io::ReactorKind>& info) {
  return info.param == io::ReactorKind::kUring ? "uring" : "epoll";
}
INSTANTIATE_TEST_SUITE_P(Reactors, ServerSocketTest,
                         ::testing::Values(io::ReactorKind::kUring, io::ReactorKind::kEpoll), kind_name);

}  // namespace
}  // namespace varve::api
