#include "base/io/tcp_client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace varve::io {
namespace {

// A socket connected to one address, or -errno.
int connect_one(const addrinfo& address, uint64_t timeout_ns) {
  const int fd = ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return -errno;
  timeval timeout{};
  timeout.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000);
  timeout.tv_usec = static_cast<suseconds_t>(timeout_ns / 1000 % 1'000'000);
  const int on = 1;
  // The send timeout bounds connect() too. A refused option costs patience or latency, nothing else.
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

}  // namespace

Result<std::unique_ptr<TcpClient>> TcpClient::connect(const std::string& host, uint16_t port,
                                                      uint64_t timeout_ns) {
  const std::string peer = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses);
  if (failure != 0) return Status::io_error("resolve " + peer + ": " + ::gai_strerror(failure));
  int socket = -ECONNREFUSED;
  for (const addrinfo* at = addresses; at != nullptr && socket < 0; at = at->ai_next) {
    socket = connect_one(*at, timeout_ns);
  }
  ::freeaddrinfo(addresses);
  if (socket < 0) return Status::from_errno(-socket, "connect", peer);
  return std::unique_ptr<TcpClient>(new TcpClient(socket, peer));
}

TcpClient::~TcpClient() { ::close(socket_); }

Status TcpClient::send(Slice bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return Status(ErrorCode::kClosed, "send " + peer_ + ": the server closed the connection");
    } else if (errno != EINTR) {
      return Status::from_errno(errno, "send", peer_);
    }
  }
  return {};
}

Result<size_t> TcpClient::receive(MutableSlice out) {
  for (;;) {
    const ssize_t count = ::recv(socket_, out.data(), out.size(), 0);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return Status::from_errno(errno, "receive", peer_);
  }
}

Status TcpClient::end_sending() {
  if (::shutdown(socket_, SHUT_WR) == 0) return {};
  return Status::from_errno(errno, "shutdown", peer_);
}

}  // namespace varve::io
