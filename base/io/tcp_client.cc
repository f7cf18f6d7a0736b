#include "base/io/tcp_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/io/socket.h"

namespace varve::io {
Result<std::unique_ptr<TcpClient>> TcpClient::connect(const std::string& host, uint16_t port,
                                                      uint64_t timeout_ns) {
  VARVE_ASSIGN_OR_RETURN(FileDescriptor socket, connect_socket(host, port, timeout_ns));
  return std::unique_ptr<TcpClient>(new TcpClient(socket.release(), host + ":" + std::to_string(port)));
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
