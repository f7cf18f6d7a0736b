#include "base/io/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace varve::io {

namespace {

// A peer that sends nothing for a minute and then leaves six probes unanswered has gone.
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 10;
constexpr int kKeepAliveProbes = 6;
// With port 0 and two addresses, the port that the first got may be taken on the second.
constexpr int kPortAttempts = 16;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family() const { return storage.ss_family; }
};

Address ipv4(in_addr address, uint16_t port) {
  Address result;
  auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
  in->sin_family = AF_INET;
  in->sin_addr = address;
  in->sin_port = htons(port);
  result.length = sizeof(*in);
  return result;
}

Address ipv6(const in6_addr& address, uint16_t port) {
  Address result;
  auto* in = reinterpret_cast<sockaddr_in6*>(&result.storage);
  in->sin6_family = AF_INET6;
  in->sin6_addr = address;
  in->sin6_port = htons(port);
  result.length = sizeof(*in);
  return result;
}

uint16_t port_of(const Address& address) {
  return ntohs(address.family() == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    // A dual-stack socket shows an IPv4 peer as ::ffff:a.b.c.d.
    if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
      ::inet_ntop(AF_INET, in->sin6_addr.s6_addr + 12, text, sizeof(text));
      return std::string(text) + ":" + std::to_string(port_of(address));
    }
    ::inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(port_of(address));
  }
  ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr, text, sizeof(text));
  return std::string(text) + ":" + std::to_string(port_of(address));
}

// The addresses that a host means, the necessary one first.
Result<std::vector<Address>> resolve(const std::string& host, uint16_t port) {
  if (host == "localhost")
    return std::vector{ipv4({htonl(INADDR_LOOPBACK)}, port), ipv6(in6addr_loopback, port)};
  if (host.empty()) return std::vector{ipv6(in6addr_any, port)};
  std::string literal = host;
  if (literal.size() > 2 && literal.front() == '[' && literal.back() == ']') {
    literal = literal.substr(1, literal.size() - 2);
  }
  in_addr four{};
  if (::inet_pton(AF_INET, literal.c_str(), &four) == 1) return std::vector{ipv4(four, port)};
  in6_addr six{};
  if (::inet_pton(AF_INET6, literal.c_str(), &six) == 1) return std::vector{ipv6(six, port)};
  return Status::invalid_argument("cannot listen on '" + host + ":" + std::to_string(port) +
                                  "': neither localhost nor an IP address");
}

Status listen_error(int error, const Address& address) {
  const std::string message = "cannot listen on " + to_text(address) + ": " + std::strerror(error);
  if (error == EADDRINUSE) return {ErrorCode::kBusy, message};
  if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) return {ErrorCode::kNotFound, message};
  return Status::io_error(message);
}

Result<FileDescriptor> listen_on(const Address& address, const ListenOptions& options) {
  FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return listen_error(errno, address);
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 ||
      ::listen(fd.get(), options.backlog) != 0) {
    return listen_error(errno, address);
  }
  return fd;
}

Result<uint16_t> bound_port(int fd, const Address& wanted) {
  Address bound;
  bound.length = sizeof(bound.storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length) != 0) {
    return listen_error(errno, wanted);
  }
  return port_of(bound);
}

Result<ListeningSockets> open_once(const std::string& host, uint16_t port, const ListenOptions& options) {
  VARVE_ASSIGN_OR_RETURN(auto addresses, resolve(host, port));
  ListeningSockets result;
  auto first = listen_on(addresses[0], options);
  if (first.code() == ErrorCode::kNotFound && host.empty()) {
    // A kernel without IPv6: every address is then every IPv4 address.
    addresses[0] = ipv4({htonl(INADDR_ANY)}, port);
    first = listen_on(addresses[0], options);
  }
  if (!first.ok()) return first.status();
  VARVE_ASSIGN_OR_RETURN(result.port, bound_port(first->get(), addresses[0]));
  result.sockets.push_back(std::move(first).value());
  if (addresses.size() > 1) {
    auto second = listen_on(ipv6(in6addr_loopback, result.port), options);
    // Only a machine without ::1 may do without it.
    if (second.code() == ErrorCode::kBusy) return second.status();
    if (second.ok()) result.sockets.push_back(std::move(second).value());
  }
  return result;
}

// What becomes of a connect that a signal interrupted: it goes on by itself, and a second call would not join it. An errno, or 0.
int finish_connect(int fd, uint64_t timeout_ns) {
  pollfd waiting{fd, POLLOUT, 0};
  const int timeout_ms = static_cast<int>(std::min<uint64_t>(timeout_ns / 1'000'000, INT_MAX));
  int ready = -1;
  do ready = ::poll(&waiting, 1, timeout_ms);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0) return ready == 0 ? ETIMEDOUT : errno;
  int error = 0;
  socklen_t length = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

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
  int error = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINTR) error = finish_connect(fd, timeout_ns);
  if (error == 0) return fd;
  ::close(fd);
  return -error;
}

}  // namespace

Result<FileDescriptor> connect_socket(const std::string& host, uint16_t port, uint64_t timeout_ns) {
  const std::string peer = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses);
  if (failure != 0) return Status::io_error("resolve " + peer + ": " + ::gai_strerror(failure));
  int fd = -ECONNREFUSED;
  for (const addrinfo* at = addresses; at != nullptr && fd < 0; at = at->ai_next) {
    fd = connect_one(*at, timeout_ns);
  }
  ::freeaddrinfo(addresses);
  if (fd < 0) return Status::from_errno(-fd, "connect", peer);
  return FileDescriptor(fd);
}

Result<ListeningSockets> open_listening_sockets(const std::string& host, uint16_t port,
                                                const ListenOptions& options) {
  auto result = open_once(host, port, options);
  for (int i = 1; port == 0 && result.code() == ErrorCode::kBusy && i < kPortAttempts; ++i) {
    result = open_once(host, port, options);
  }
  return result;
}

void configure_accepted_socket(int fd) {
  auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

std::string peer_name(int fd) {
  Address peer;
  peer.length = sizeof(peer.storage);
  if (fd < 0 || ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length) != 0) return {};
  return to_text(peer);
}

}  // namespace varve::io
