// Sockets of the reactor: listening addresses, accepted connections, names for people. Private to base/io.
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

// "127.0.0.1:51234" or "[::1]:51234"; empty when unknown.
std::string peer_name(int fd);

}  // namespace varve::io
