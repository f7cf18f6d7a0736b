#include "base/io/tcp_client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <vector>

#include "base/io/clock.h"
#include "base/io/file_descriptor.h"
#include "base/io/thread.h"

namespace varve::io {
namespace {

constexpr uint64_t kMs = 1'000'000;

// A listener whose backlog is full, so that the next connect waits for its answer to the retransmitted SYN.
class FullListener {
 public:
  FullListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), generic, length), 0);
    EXPECT_EQ(::listen(socket_.get(), 0), 0);
    EXPECT_EQ(::getsockname(socket_.get(), generic, &length), 0);
    port_ = ntohs(address.sin_port);
    // One fits; a second would already wait.
    waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(waiting_.back().get(), generic, length), 0);
  }
  uint16_t port() const { return port_; }
  void accept_one() { accepted_.emplace_back(::accept(socket_.get(), nullptr, nullptr)); }

 private:
  FileDescriptor socket_;
  uint16_t port_ = 0;
  std::vector<FileDescriptor> waiting_, accepted_;
};

TEST(TcpClient, ASignalDoesNotEndAConnectThatIsUnderWay) {
  // Without SA_RESTART, so that connect() does answer EINTR.
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  FullListener listener;
  std::atomic<bool> done{false};
  std::atomic<pthread_t> connecting{};
  {
    Thread thread("connect", [&] {
      sigset_t wanted;
      ::sigemptyset(&wanted);
      ::sigaddset(&wanted, SIGUSR1);
      ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
      connecting = ::pthread_self();
      const auto client = TcpClient::connect("127.0.0.1", listener.port(), 20'000 * kMs);
      EXPECT_TRUE(client.ok()) << client.status().to_string();
      done = true;
    });
    while (connecting == pthread_t{}) spin_pause();
    for (int i = 0; i < 50 && !done; ++i) {
      ASSERT_EQ(::pthread_kill(connecting, SIGUSR1), 0);
      sleep_ns(2 * kMs);
    }
    EXPECT_FALSE(done);  // it was still waiting: the signals found it so
    listener.accept_one();
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace varve::io
