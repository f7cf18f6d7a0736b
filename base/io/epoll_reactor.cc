// The reactor on epoll, level-triggered: one receive per ready connection and turn, so that a fast peer
// cannot starve the others.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/io/reactor_core.h"

namespace varve::io {

namespace {

constexpr size_t kReceiveBytes = size_t{64} << 10;
constexpr int kMaxEvents = 256;
constexpr int kMaxAcceptsPerTurn = 64;
constexpr size_t kMaxPieces = 64;
constexpr uint64_t kNsPerMs = 1'000'000;

// What an event is about: a pointer, its kind in the low bits.
enum class Source : uint64_t { kConnection = 0, kListener = 1, kWake = 2, kSignal = 3 };
constexpr uint64_t kSourceMask = 7;

uint64_t tag(void* pointer, Source source) {
  return reinterpret_cast<uint64_t>(pointer) | static_cast<uint64_t>(source);
}

class EpollConnection final : public SocketConnection {
 public:
  using SocketConnection::SocketConnection;
  bool watched = false;
  uint32_t interest = 0;     // what epoll watches for
  bool output_full = false;  // the kernel's send buffer
};

class EpollReactor final : public ReactorCore {
 public:
  static Result<std::unique_ptr<Reactor>> create() {
    std::unique_ptr<EpollReactor> reactor(new EpollReactor);
    VARVE_RETURN_IF_ERROR(reactor->open());
    reactor->epoll_ = FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!reactor->epoll_.valid()) return Status::from_errno(errno, "epoll_create1", "reactor");
    return std::unique_ptr<Reactor>(std::move(reactor));
  }

  const char* name() const override { return "epoll"; }

 private:
  EpollReactor() : buffer_(kReceiveBytes, '\0') {}

  int control(int operation, int fd, uint32_t events, uint64_t data) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event);
  }

  std::unique_ptr<SocketConnection> make_connection(FileDescriptor fd, uint64_t id) override {
    return std::make_unique<EpollConnection>(this, std::move(fd), id);
  }

  Status watch(int fd, Watch what) override {
    const Source source = what == Watch::kWake ? Source::kWake : Source::kSignal;
    if (control(EPOLL_CTL_ADD, fd, EPOLLIN, tag(nullptr, source)) == 0) return {};
    return Status::from_errno(errno, "epoll_ctl", "reactor");
  }

  Status start_accepting(Listener* listener) override {
    if (control(EPOLL_CTL_ADD, listener->fd.get(), EPOLLIN, tag(listener, Source::kListener)) == 0) return {};
    return Status::from_errno(errno, "epoll_ctl", "reactor");
  }

  void stop_accepting(Listener* listener) override {
    // Fails when it is not watched, as during a back-off.
    static_cast<void>(control(EPOLL_CTL_DEL, listener->fd.get(), 0, 0));
    if (listener->closed) listener->fd.reset();
  }

  void send_output(SocketConnection* base) override {
    auto* connection = static_cast<EpollConnection*>(base);
    if (connection->output_full) return;
    std::array<iovec, kMaxPieces> pieces;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = connection->gather(pieces.data(), pieces.size());
    const ssize_t count = ::sendmsg(connection->fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent(connection, static_cast<size_t>(count));
      // The rest takes its turn after the others have had theirs.
      if (connection->wants_output()) touch(connection);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      connection->output_full = true;
    } else if (errno == EINTR) {
      touch(connection);
    } else {
      connection->fail(Status::from_errno(errno, "send", connection->label()));
    }
  }

  void update_input(SocketConnection* base) override {
    auto* connection = static_cast<EpollConnection*>(base);
    const uint32_t wanted =
        (connection->wants_input() ? EPOLLIN : 0u) | (connection->output_full ? EPOLLOUT : 0u);
    if (connection->watched && wanted == connection->interest) return;
    const int operation = connection->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (control(operation, connection->fd(), wanted, tag(connection, Source::kConnection)) != 0) {
      return connection->fail(Status::from_errno(errno, "epoll_ctl", connection->label()));
    }
    connection->watched = true;
    connection->interest = wanted;
  }

  bool release(SocketConnection* base) override {
    auto* connection = static_cast<EpollConnection*>(base);
    if (connection->watched) static_cast<void>(control(EPOLL_CTL_DEL, connection->fd(), 0, 0));
    connection->watched = false;
    return true;
  }

  Status wait(uint64_t timeout_ns) override {
    int timeout_ms = -1;
    if (timeout_ns != std::numeric_limits<uint64_t>::max()) {
      // Rounded up: a timer never fires early. A wait cut at a minute only makes the loop turn once more.
      timeout_ms = static_cast<int>(std::min<uint64_t>((timeout_ns + kNsPerMs - 1) / kNsPerMs, 60'000));
    }
    std::array<epoll_event, kMaxEvents> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, timeout_ms);
    if (count < 0) return errno == EINTR ? Status() : Status::from_errno(errno, "epoll_wait", "reactor");
    for (int i = 0; i < count; ++i) deliver(events[static_cast<size_t>(i)]);
    return {};
  }

  void deliver(const epoll_event& event) {
    // The kernel carries 64 bits for us; a pointer is what we gave it.
    auto* pointer =
        reinterpret_cast<void*>(event.data.u64 & ~kSourceMask);  // NOLINT(performance-no-int-to-ptr)
    switch (static_cast<Source>(event.data.u64 & kSourceMask)) {
      case Source::kConnection:
        return connection_ready(static_cast<EpollConnection*>(pointer), event.events);
      case Source::kListener:
        return listener_ready(static_cast<Listener*>(pointer));
      case Source::kWake:
        return woken();
      case Source::kSignal:
        return signalled();
    }
  }

  void connection_ready(EpollConnection* connection, uint32_t events) {
    if (connection->closed()) return;
    if ((events & EPOLLOUT) != 0) {
      connection->output_full = false;
      touch(connection);
    }
    if (connection->wants_input()) {
      if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) receive(connection);
    } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
      // Nobody reads here now, and epoll would report this for ever.
      int error = 0;
      socklen_t length = sizeof(error);
      ::getsockopt(connection->fd(), SOL_SOCKET, SO_ERROR, &error, &length);
      connection->fail(
          Status::from_errno(error != 0 ? error : ECONNRESET, "connection", connection->label()));
    }
  }

  void receive(EpollConnection* connection) {
    const ssize_t count = ::recv(connection->fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count > 0) {
      received(connection, Slice(buffer_.data(), static_cast<size_t>(count)));
    } else if (count == 0) {
      received_end(connection);
      touch(connection);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      connection->fail(Status::from_errno(errno, "receive", connection->label()));
    }
  }

  void listener_ready(Listener* listener) {
    for (int i = 0; i < kMaxAcceptsPerTurn && !listener->closed; ++i) {
      FileDescriptor fd(::accept4(listener->fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd.valid()) {
        accepted(listener, std::move(fd));
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return accept_failed(listener, errno);
    }
  }

  FileDescriptor epoll_;
  std::string buffer_;
};

}  // namespace

Result<std::unique_ptr<Reactor>> make_epoll_reactor() { return EpollReactor::create(); }

}  // namespace varve::io
