// Reactor: the event loop under the network server and its load generator. One thread runs it; sockets, timers, signals and functions posted
// by other threads all call back there. Two kinds exist behind this interface:
//
//   io_uring   receive, send and accept through one ring; needs Linux 5.19 (buffer rings) and a sandbox that
//   allows it epoll      everywhere else
//
//   auto reactor = Reactor::create(ReactorKind::kAutomatic);
//   auto port = (*reactor)->listen("localhost", 8000, {}, [](Connection*) { return std::make_unique<Echo>(); });
//   (*reactor)->on_signal({SIGINT, SIGTERM}, [&](int) { ...; (*reactor)->request_stop(); });
//   Status status = (*reactor)->run();   // until request_stop()
//
// What a protocol does with the bytes is no business of this file: a ConnectionHandler gets them as they come.
//
// I1 Every callback runs on the thread of run(), and never from inside a call of the user or another callback.
// I2 on_close is called exactly once per connection, and last: the handler, then the Connection, are destroyed
//    after it. Nothing but on_close follows close().
// I3 Bytes are sent in the order of the send() calls. What one callback sends goes to the kernel together.
// I4 A connection's id is never reused in a reactor, so work finished elsewhere finds its connection by find(id), or
//    finds that it has gone.
//
// Threads: post(), adopt() and request_stop() from any; everything else on the thread of run(), or before run().
// Ownership: the reactor owns connections and, through them, handlers. Callers borrow Connection* until on_close.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/file_descriptor.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::io {

class Connection;

// The protocol's side of one connection. Owned by it.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // Some bytes, valid during the call only. Never empty. Not called while reading is paused.
  virtual void on_data(Connection* connection, Slice bytes) = 0;
  // The peer will send no more (half-close); it may still read. Sending goes on working. The default closes after
  // what is queued.
  virtual void on_end(Connection* connection);
  // All bytes queued have been handed to the kernel. Follows whenever pending_bytes() was not zero.
  virtual void on_drained(Connection*) {}
  // The last call: ok after close() or an orderly end, kClosed when the reactor stopped, else the socket's error.
  virtual void on_close(Connection*, const Status&) {}
};

class Connection {
 public:
  virtual ~Connection() = default;

  virtual uint64_t id() const = 0;
  // "127.0.0.1:51234", "[::1]:51234"; empty when the peer has already gone.
  virtual std::string peer() const = 0;

  // Queues bytes; never blocks, never fails (a broken connection ends in on_close). Empty strings are ignored, as is
  // everything after close() or close_after_flush().
  virtual void send(std::string bytes) = 0;
  // Queued and not yet taken by the kernel. Watch it: the reactor sets no bound.
  virtual size_t pending_bytes() const = 0;

  // Backpressure: no on_data from now until resume_reading(). Reading is on at first.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // Sends what is queued, then ends. Input that still comes is discarded for up to kLingerNs, so that a peer in the
  // middle of sending reads our last bytes instead of a reset.
  virtual void close_after_flush() = 0;
  // Ends now; what is queued is dropped.
  virtual void close() = 0;
};

inline constexpr uint64_t kLingerNs = 2'000'000'000;

enum class ReactorKind { kAutomatic, kUring, kEpoll };

// A one-shot timer. Ids are never reused.
struct TimerId {
  uint64_t deadline_ns = 0;
  uint64_t number = 0;
  auto operator<=>(const TimerId&) const = default;
};

class Reactor;

// Makes the handler of a connection; null refuses it (it is closed at once, without on_close).
using AcceptCallback = std::function<std::unique_ptr<ConnectionHandler>(Connection*)>;

struct ListenOptions {
  struct Peer {
    Reactor* reactor = nullptr;
    AcceptCallback on_accept;
  };
  int backlog = 1024;
  // Reactors that take accepted connections in turn with the one that listens: the first goes to that one, the next to peers[0],
  // and so on. Equal shares, where SO_REUSEPORT would draw lots for each connection. Borrowed until run() has returned.
  std::vector<Peer> peers;
};

// Relaxed atomics, for statistics and tests.
struct ReactorCounters {
  std::atomic<uint64_t> accepted{0}, closed{0}, received_bytes{0}, sent_bytes{0}, polls{0},
      accept_backoffs{0};
};

class Reactor {
 public:
  // kAutomatic takes io_uring where it works, else epoll (VARVE_IO=posix in the environment forbids io_uring). kUring
  // fails with kUnsupported where the kernel or a sandbox refuses it.
  static Result<std::unique_ptr<Reactor>> create(ReactorKind kind);
  virtual ~Reactor() = default;

  // "io_uring" or "epoll".
  virtual const char* name() const = 0;

  // host: "localhost", an IPv4 or an IPv6 literal (with or without brackets), or "" for every address. port 0 takes a
  // free one. Answers the port; an error names host and port. "localhost" listens on 127.0.0.1 and, where there is
  // IPv6, on ::1 too.
  virtual Result<uint16_t> listen(const std::string& host, uint16_t port, const ListenOptions& options,
                                  AcceptCallback on_accept) = 0;
  // A connection to a server, whose handler is then called as an accepted one's is. Blocks until it stands, for at most
  // timeout_ns; an error names host and port. On the thread of run(), or before run().
  virtual Result<Connection*> connect(const std::string& host, uint16_t port, uint64_t timeout_ns,
                                      std::unique_ptr<ConnectionHandler> handler) = 0;
  // Makes a connection of a socket that another reactor has accepted, on this one's thread. From any thread; when run() has
  // returned the socket is closed.
  virtual void adopt(FileDescriptor socket, AcceptCallback on_accept) = 0;
  // Closes the listening sockets: for a graceful stop. Connections live on.
  virtual void stop_listening() = 0;

  virtual TimerId add_timer(uint64_t delay_ns, std::function<void()> callback) = 0;
  // No effect on a timer that has fired.
  virtual void cancel_timer(TimerId timer) = 0;

  // Runs `callback` on the loop, in the order of posting. From any thread; when run() has returned it never runs.
  virtual void post(std::function<void()> callback) = 0;

  // Blocks these signals in the calling thread and delivers them to `callback`. Call it before other threads start,
  // so that they inherit the mask (io::Thread blocks them anyway). Once per reactor.
  virtual Status on_signal(const std::vector<int>& signals, std::function<void(int)> callback) = 0;

  // The connection with this id, or null when it has closed.
  virtual Connection* find(uint64_t connection_id) = 0;
  virtual size_t connection_count() const = 0;

  // Runs until request_stop(); then closes listeners and connections (on_close with kClosed) and returns ok. Once per
  // reactor. An error means that the loop itself failed.
  virtual Status run() = 0;
  // From any thread and from signal handlers. Functions posted before it by the same thread still run.
  virtual void request_stop() = 0;

  const ReactorCounters& counters() const { return counters_; }

 protected:
  mutable ReactorCounters counters_;
};

}  // namespace varve::io
