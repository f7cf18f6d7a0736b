// ReactorCore: what both reactors share: the table of connections and their way to the end, timers, posted functions,
// signals, listening sockets, and the loop itself. A derived reactor only waits for the kernel and moves bytes.
// Private to base/io.
//
// The loop, again and again: settle what the last callbacks touched (send, arm, close), wait, deliver. Connections
// are settled after a batch of events and not inside the calls of the user, which is what makes callbacks unnested,
// closing from any callback safe, and many small sends one system call.
//
// Threads: as Reactor.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/io/file_descriptor.h"
#include "base/io/mutex.h"
#include "base/io/reactor.h"
#include "base/io/socket_connection.h"
#include "base/thread_annotations.h"

namespace varve::io {

class ReactorCore : public Reactor {
 public:
  Result<uint16_t> listen(const std::string& host, uint16_t port, const ListenOptions& options,
                          AcceptCallback on_accept) override;
  Result<Connection*> connect(const std::string& host, uint16_t port, uint64_t timeout_ns,
                              std::unique_ptr<ConnectionHandler> handler) override;
  void adopt(FileDescriptor socket, AcceptCallback on_accept) override;
  void stop_listening() override;
  TimerId add_timer(uint64_t delay_ns, std::function<void()> callback) override;
  void cancel_timer(TimerId timer) override;
  void post(std::function<void()> callback) override;
  Status on_signal(const std::vector<int>& signals, std::function<void(int)> callback) override;
  Connection* find(uint64_t connection_id) override;
  size_t connection_count() const override { return connections_.size(); }
  Status run() override;
  void request_stop() override;

  // For SocketConnection: settle this one before the loop waits again.
  void touch(SocketConnection* connection);

 protected:
  // Who takes the connections of a listening call in turn.
  struct Takers {
    AcceptCallback on_accept;  // here
    std::vector<ListenOptions::Peer> peers;
    size_t next = 0;  // 0: here; i: peers[i - 1]
  };
  struct Listener {
    FileDescriptor fd;
    std::shared_ptr<Takers> takers;  // the several sockets of a host share them
    bool closed = false;
    bool armed = false;  // the kernel is watching it for us
  };
  enum class Watch { kWake, kSignal };

  ReactorCore() = default;
  // Makes the wake descriptor. The first call of a derived create.
  Status open();

  // What a derived reactor does.
  virtual std::unique_ptr<SocketConnection> make_connection(FileDescriptor fd, uint64_t id) = 0;
  virtual Status watch(int fd, Watch what) = 0;
  virtual Status start_accepting(Listener* listener) = 0;
  // Forgets the listener and, when it is closed, closes its socket as soon as the kernel lets go of it.
  virtual void stop_accepting(Listener* listener) = 0;
  // Sends as much as goes now, or starts to. Calls sent() or fail().
  virtual void send_output(SocketConnection* connection) = 0;
  // Brings what is armed for receiving in line with wants_input().
  virtual void update_input(SocketConnection* connection) = 0;
  // Withdraws a closed connection from the kernel; false while the kernel still holds its memory (touched again when
  // it lets go).
  virtual bool release(SocketConnection* connection) = 0;
  virtual Status enter_run() { return {}; }
  // Waits up to timeout_ns (UINT64_MAX: for ever) and delivers what came, by the calls below.
  virtual Status wait(uint64_t timeout_ns) = 0;

  // What it tells the core. These call the user.
  void accepted(Listener* listener, FileDescriptor fd);
  void accept_failed(Listener* listener, int error);
  void received(SocketConnection* connection, Slice bytes);
  void received_end(SocketConnection* connection);
  void sent(SocketConnection* connection, size_t count);
  void woken();
  void signalled();

 private:
  Status turn(uint64_t longest_wait_ns);
  uint64_t next_wait_ns() const;
  void run_timers();
  void run_posted();
  SocketConnection* connect_to(FileDescriptor fd, const AcceptCallback& make_handler);
  void settle_touched();
  void settle(SocketConnection* connection);
  void begin_linger(SocketConnection* connection);
  void finish(SocketConnection* connection);
  Status close_everything();

  FileDescriptor wake_fd_;
  FileDescriptor signal_fd_;
  std::function<void(int)> on_signal_;

  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<uint64_t, std::unique_ptr<SocketConnection>> connections_;
  uint64_t next_connection_id_ = 1;
  std::vector<SocketConnection*> touched_;
  std::vector<SocketConnection*> settling_;

  std::map<TimerId, std::function<void()>> timers_;
  uint64_t next_timer_ = 1;

  Mutex posted_mutex_;
  std::vector<std::function<void()>> posted_ VARVE_GUARDED_BY(posted_mutex_);
  std::vector<std::function<void()>> running_posted_;
  bool has_posted_ = false;
  // True from a write to wake_fd_ until the loop has read it: a burst of posts costs one write.
  std::atomic<bool> wake_pending_{false};
  std::atomic<bool> stop_requested_{false};
  bool stopping_ = false;
};

Result<std::unique_ptr<Reactor>> make_epoll_reactor();
Result<std::unique_ptr<Reactor>> make_uring_reactor();

}  // namespace varve::io
