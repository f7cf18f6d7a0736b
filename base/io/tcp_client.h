// TcpClient: one blocking TCP connection for command-line tools and tests. Servers use the Reactor.
//
// Threads: one at a time. Ownership: closes the socket when destroyed. Errors: kIoError naming host and port;
// kClosed when the peer has ended the connection in the middle of a send.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/slice.h"

namespace varve::io {

class TcpClient {
 public:
  // host: a name, an IPv4 or an IPv6 literal (without brackets); every address it has is tried. timeout_ns bounds
  // the connect and each send and receive.
  static Result<std::unique_ptr<TcpClient>> connect(const std::string& host, uint16_t port,
                                                    uint64_t timeout_ns);
  ~TcpClient();
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  // Sends all or fails.
  Status send(Slice bytes);
  // Some bytes, at least one; 0 when the peer has ended.
  Result<size_t> receive(MutableSlice out);
  // No more will be sent; receiving goes on.
  Status end_sending();

 private:
  TcpClient(int socket, std::string peer) : socket_(socket), peer_(std::move(peer)) {}

  const int socket_;
  const std::string peer_;  // "host:port" for messages
};

}  // namespace varve::io
