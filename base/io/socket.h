// Sockets of the reactor and of TcpClient: listening addresses, connections both ways, names for people. Private to
// base/io.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/io/file_descriptor.h"
#include "base/io/reactor.h"
#include "base/result.h"

namespace varve::io {

struct ListeningSockets {
  uint16_t port = 0;  // the same for all
  std::vector<FileDescriptor> sockets;
};

// See Reactor::listen. The sockets are non-blocking. An address in use answers kBusy.
Result<ListeningSockets> open_listening_sockets(const std::string& host, uint16_t port,
                                                const ListenOptions& options);

// No delay for small answers, and probes that find peers which have vanished. Best effort.
void configure_accepted_socket(int fd);

// A connected blocking socket. Every address that `host` has is tried; timeout_ns bounds the connect, and each send and
// receive from then on.
Result<FileDescriptor> connect_socket(const std::string& host, uint16_t port, uint64_t timeout_ns);

// "127.0.0.1:51234" or "[::1]:51234"; empty when unknown.
std::string peer_name(int fd);

}  // namespace varve::io
