#include "base/io/reactor_core.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/io/clock.h"
#include "base/io/socket.h"

namespace varve::io {

namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();
// Out of descriptors or memory: connections wait in the backlog this long before the next attempt.
constexpr uint64_t kAcceptBackoffNs = 100'000'000;
// At the end the kernel needs a moment to let go of the last connections; this only bounds one wait for it.
constexpr uint64_t kClosingWaitNs = 10'000'000;

}  // namespace

Status ReactorCore::open() {
  wake_fd_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_fd_.valid()) return Status::from_errno(errno, "eventfd", "reactor");
  return {};
}

Result<uint16_t> ReactorCore::listen(const std::string& host, uint16_t port, const ListenOptions& options,
                                     AcceptCallback on_accept) {
  VARVE_ASSIGN_OR_RETURN(auto opened, open_listening_sockets(host, port, options));
  auto takers = std::make_shared<Takers>(Takers{std::move(on_accept), options.peers});
  for (FileDescriptor& fd : opened.sockets) {
    auto listener = std::make_unique<Listener>();
    listener->fd = std::move(fd);
    listener->takers = takers;
    VARVE_RETURN_IF_ERROR(start_accepting(listener.get()));
    listeners_.push_back(std::move(listener));
  }
  return opened.port;
}

Result<Connection*> ReactorCore::connect(const std::string& host, uint16_t port, uint64_t timeout_ns,
                                         std::unique_ptr<ConnectionHandler> handler) {
  VARVE_ASSIGN_OR_RETURN(FileDescriptor fd, connect_socket(host, port, timeout_ns));
  return connect_to(std::move(fd), [&](Connection*) { return std::move(handler); });
}

void ReactorCore::adopt(FileDescriptor socket, AcceptCallback on_accept) {
  // Shared, because what is posted has to be copyable.
  auto shared = std::make_shared<FileDescriptor>(std::move(socket));
  post([this, shared, accept = std::move(on_accept)] {
    if (connect_to(std::move(*shared), accept) != nullptr) {
      counters_.accepted.fetch_add(1, std::memory_order_relaxed);
    }
  });
}

void ReactorCore::stop_listening() {
  for (auto& listener : listeners_) {
    if (listener->closed) continue;
    listener->closed = true;
    stop_accepting(listener.get());
  }
}

TimerId ReactorCore::add_timer(uint64_t delay_ns, std::function<void()> callback) {
  const uint64_t now = monotonic_ns();
  const TimerId timer{delay_ns > kForever - now ? kForever : now + delay_ns, next_timer_++};
  timers_.emplace(timer, std::move(callback));
  return timer;
}

void ReactorCore::cancel_timer(TimerId timer) { timers_.erase(timer); }

void ReactorCore::post(std::function<void()> callback) {
  {
    MutexLock lock(&posted_mutex_);
    posted_.push_back(std::move(callback));
  }
  // Pairs with the exchange in woken().
  if (!wake_pending_.exchange(true)) ::eventfd_write(wake_fd_.get(), 1);
}

void ReactorCore::request_stop() {
  stop_requested_.store(true);
  // Not through wake_pending_: a signal handler may have interrupted post() between its exchange and its
  // write.
  ::eventfd_write(wake_fd_.get(), 1);
}

Status ReactorCore::on_signal(const std::vector<int>& signals, std::function<void(int)> callback) {
  CHECK(!signal_fd_.valid());
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return Status::from_errno(error, "pthread_sigmask", "reactor");
  }
  signal_fd_ = FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signal_fd_.valid()) return Status::from_errno(errno, "signalfd", "reactor");
  on_signal_ = std::move(callback);
  return watch(signal_fd_.get(), Watch::kSignal);
}

Connection* ReactorCore::find(uint64_t connection_id) {
  const auto found = connections_.find(connection_id);
  return found == connections_.end() || found->second->closed_ ? nullptr : found->second.get();
}

Status ReactorCore::run() {
  VARVE_RETURN_IF_ERROR(enter_run());
  VARVE_RETURN_IF_ERROR(watch(wake_fd_.get(), Watch::kWake));
  while (!stopping_) VARVE_RETURN_IF_ERROR(turn(kForever));
  return close_everything();
}

Status ReactorCore::close_everything() {
  stop_listening();
  for (auto& [id, connection] : connections_)
    connection->fail(Status(ErrorCode::kClosed, "the reactor stopped"));
  auto kernel_holds = [this] {
    return !connections_.empty() ||
           std::any_of(listeners_.begin(), listeners_.end(), [](auto& l) { return l->armed; });
  };
  while (kernel_holds()) {
    settle_touched();
    if (!kernel_holds()) break;
    VARVE_RETURN_IF_ERROR(wait(touched_.empty() ? kClosingWaitNs : 0));
  }
  return {};
}

Status ReactorCore::turn(uint64_t longest_wait_ns) {
  settle_touched();
  counters_.polls.fetch_add(1, std::memory_order_relaxed);
  VARVE_RETURN_IF_ERROR(wait(std::min(longest_wait_ns, next_wait_ns())));
  run_timers();
  // Read before the queue is taken, so that what was posted before the request still runs.
  const bool stop = stop_requested_.load();
  has_posted_ |= stop;
  run_posted();
  stopping_ = stop;
  return {};
}

uint64_t ReactorCore::next_wait_ns() const {
  if (!touched_.empty()) return 0;
  if (timers_.empty()) return kForever;
  const uint64_t deadline = timers_.begin()->first.deadline_ns;
  if (deadline == kForever) return kForever;
  const uint64_t now = monotonic_ns();
  return deadline > now ? deadline - now : 0;
}

void ReactorCore::run_timers() {
  if (timers_.empty()) return;
  const uint64_t now = monotonic_ns();
  while (!timers_.empty() && timers_.begin()->first.deadline_ns <= now) {
    auto timer = timers_.extract(timers_.begin());
    timer.mapped()();
  }
}

void ReactorCore::woken() {
  uint64_t ignored = 0;
  // An empty eventfd only means that an earlier turn has read it.
  static_cast<void>(::eventfd_read(wake_fd_.get(), &ignored));
  // Before the queue is taken: a post from now on writes again. Pairs with the exchange in post().
  wake_pending_.exchange(false);
  has_posted_ = true;
}

void ReactorCore::run_posted() {
  if (!has_posted_) return;
  has_posted_ = false;
  {
    MutexLock lock(&posted_mutex_);
    running_posted_.swap(posted_);
  }
  for (auto& callback : running_posted_) callback();
  running_posted_.clear();
}

void ReactorCore::signalled() {
  signalfd_siginfo info;
  while (::read(signal_fd_.get(), &info, sizeof(info)) == sizeof(info))
    on_signal_(static_cast<int>(info.ssi_signo));
}

void ReactorCore::touch(SocketConnection* connection) {
  if (connection->touched_) return;
  connection->touched_ = true;
  touched_.push_back(connection);
}

void ReactorCore::settle_touched() {
  // One pass: what is touched meanwhile waits for the next turn, so that a connection which sends from
  // on_drained for ever cannot keep the loop from the others.
  settling_.swap(touched_);
  for (SocketConnection* connection : settling_) settle(connection);
  settling_.clear();
}

void ReactorCore::settle(SocketConnection* connection) {
  connection->touched_ = false;
  if (connection->closed_) {
    if (release(connection)) finish(connection);
    return;
  }
  if (!connection->paused_ && !connection->held_.empty()) {
    const std::string held = std::exchange(connection->held_, {});
    connection->handler_->on_data(connection, held);
  }
  if (connection->peer_ended_) received_end(connection);
  if (connection->wants_output()) send_output(connection);
  if (connection->closed_) return;  // close() has touched it again
  if (connection->ending_ && connection->pending_bytes_ == 0 && !connection->shut_) begin_linger(connection);
  update_input(connection);
}

void ReactorCore::begin_linger(SocketConnection* connection) {
  connection->shut_ = true;
  if (connection->peer_ended_ || ::shutdown(connection->fd(), SHUT_WR) != 0) return connection->close();
  connection->linger_timer_ = add_timer(kLingerNs, [connection] { connection->close(); });
}

void ReactorCore::finish(SocketConnection* connection) {
  cancel_timer(connection->linger_timer_);
  counters_.closed.fetch_add(1, std::memory_order_relaxed);
  const auto node = connections_.extract(connection->id_);
  connection->handler_->on_close(connection, connection->close_status_);
}

void ReactorCore::accepted(Listener* listener, FileDescriptor fd) {
  if (listener->closed) return;
  configure_accepted_socket(fd.get());
  Takers* const takers = listener->takers.get();
  const size_t taker = std::exchange(takers->next, (takers->next + 1) % (takers->peers.size() + 1));
  if (taker > 0) {
    const ListenOptions::Peer& peer = takers->peers[taker - 1];
    return peer.reactor->adopt(std::move(fd), peer.on_accept);
  }
  if (connect_to(std::move(fd), takers->on_accept) != nullptr) {
    counters_.accepted.fetch_add(1, std::memory_order_relaxed);
  }
}

// Null when make_handler refuses it.
SocketConnection* ReactorCore::connect_to(FileDescriptor fd, const AcceptCallback& make_handler) {
  const uint64_t id = next_connection_id_++;
  auto owned = make_connection(std::move(fd), id);
  SocketConnection* connection = owned.get();
  // Marked, so that what the callback does to it waits until it is in the table.
  connection->touched_ = true;
  connection->handler_ = make_handler(connection);
  if (connection->handler_ == nullptr) return nullptr;
  connections_.emplace(id, std::move(owned));
  touched_.push_back(connection);
  return connection;
}

void ReactorCore::accept_failed(Listener* listener, int error) {
  if (listener->closed) return;
  // Everything else is trouble of one connection (ECONNABORTED and kin), which is gone with the call.
  if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) return;
  counters_.accept_backoffs.fetch_add(1, std::memory_order_relaxed);
  stop_accepting(listener);
  add_timer(kAcceptBackoffNs, [this, listener] {
    // A kernel too short of memory to watch it again is tried again after the next pause.
    if (!listener->closed && !start_accepting(listener).ok()) accept_failed(listener, ENOMEM);
  });
}

void ReactorCore::received(SocketConnection* connection, Slice bytes) {
  counters_.received_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  if (connection->closed_ || connection->ending_) return;
  if (connection->paused_ || !connection->held_.empty()) {
    connection->held_.append(bytes);
    return;
  }
  connection->handler_->on_data(connection, bytes);
}

void ReactorCore::received_end(SocketConnection* connection) {
  connection->peer_ended_ = true;
  if (connection->closed_) return;
  if (connection->shut_) return connection->close();
  if (connection->end_reported_ || connection->ending_ || connection->paused_ || !connection->held_.empty())
    return;
  connection->end_reported_ = true;
  connection->handler_->on_end(connection);
}

void ReactorCore::sent(SocketConnection* connection, size_t count) {
  counters_.sent_bytes.fetch_add(count, std::memory_order_relaxed);
  const bool drained = connection->take(count);
  if (drained && !connection->closed_ && !connection->ending_) connection->handler_->on_drained(connection);
}

}  // namespace varve::io
