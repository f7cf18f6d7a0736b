// SocketConnection: the state of one accepted socket, common to both reactors. The user's side (Connection) only
// changes state and asks the core to settle it; the loop's side (below) moves bytes and calls the handler. Private to
// base/io.
//
// I1 Strings that the kernel may be reading (sending_) never move: send() appends to queued_, and the two swap roles
//    only when everything in sending_ has gone.
// I2 Only ReactorCore::settle_touched destroys a connection, so pointers stay good through a batch of events.
//
// Threads: the loop's.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/io/file_descriptor.h"
#include "base/io/reactor.h"

namespace varve::io {

class ReactorCore;

class SocketConnection : public Connection {
 public:
  SocketConnection(ReactorCore* core, FileDescriptor fd, uint64_t id)
      : core_(core), fd_(std::move(fd)), id_(id) {}

  uint64_t id() const override { return id_; }
  std::string peer() const override;
  void send(std::string bytes) override;
  size_t pending_bytes() const override { return pending_bytes_; }
  void pause_reading() override;
  void resume_reading() override;
  void close_after_flush() override;
  void close() override;

  // The loop's side.
  int fd() const { return fd_.get(); }
  // What errors call it: the peer's address, or its id when the peer has gone.
  std::string label() const;
  bool closed() const { return closed_; }
  // Whether the loop should receive: also while what comes is discarded on the way to the end.
  bool wants_input() const { return !closed_ && !peer_ended_ && (ending_ || (!paused_ && held_.empty())); }
  bool wants_output() const { return !closed_ && pending_bytes_ > 0; }
  // Views of what to send next; the count filled, at most `limit`.
  size_t gather(iovec* pieces, size_t limit);
  // The kernel took `count` bytes. True when nothing is left.
  bool take(size_t count);
  // Ends the connection with an error, unless it had ended already.
  void fail(Status status);

 private:
  friend class ReactorCore;

  ReactorCore* const core_;
  FileDescriptor fd_;
  const uint64_t id_;
  std::unique_ptr<ConnectionHandler> handler_;

  std::vector<std::string> sending_;
  std::vector<std::string> queued_;
  size_t sending_index_ = 0;   // first string of sending_ not wholly taken
  size_t sending_offset_ = 0;  // bytes of it that were
  size_t pending_bytes_ = 0;

  std::string held_;  // received while reading was paused
  bool paused_ = false;
  bool peer_ended_ = false;
  bool end_reported_ = false;
  bool ending_ = false;   // close_after_flush
  bool shut_ = false;     // our half is closed; lingering
  bool closed_ = false;   // on_close is due
  bool touched_ = false;  // in the core's list
  TimerId linger_timer_;
  Status close_status_;
};

}  // namespace varve::io
