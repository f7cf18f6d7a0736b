// The reactor on one io_uring: multishot accept, receives into a ring of provided buffers, gathered sends. A
// turn is one system call, which submits what the last callbacks asked for and waits.
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/io/reactor_core.h"
#include "base/io/uring_ring.h"

namespace varve::io {

namespace {

constexpr unsigned kSubmissionEntries = 1024;
constexpr unsigned kCompletionEntries = 4096;  // more than fit are kept by the kernel (IORING_FEAT_NODROP)
constexpr unsigned kBuffers = 128;             // a power of two
constexpr size_t kBufferBytes = size_t{32} << 10;
constexpr uint16_t kBufferGroup = 1;
constexpr size_t kMaxPieces = 16;
constexpr uint64_t kNsPerSecond = 1'000'000'000;

// What a completion is about: a pointer, the operation in the low bits.
enum class Operation : uint64_t { kReceive, kSend, kAccept, kCancel, kWake, kSignal };
constexpr uint64_t kOperationMask = 7;

uint64_t tag(void* pointer, Operation operation) {
  return reinterpret_cast<uint64_t>(pointer) | static_cast<uint64_t>(operation);
}

class UringConnection final : public SocketConnection {
 public:
  using SocketConnection::SocketConnection;
  bool receiving = false;  // an operation of this kind is with the kernel
  bool sending = false;
  bool shut_down = false;
  // The kernel reads these until the send completes.
  msghdr message{};
  std::array<iovec, kMaxPieces> pieces{};
};

class UringReactor final : public ReactorCore {
 public:
  static Result<std::unique_ptr<Reactor>> create() {
    VARVE_RETURN_IF_ERROR(UringRing::probe());
    std::unique_ptr<UringReactor> reactor(new UringReactor);
    VARVE_RETURN_IF_ERROR(reactor->open());
    VARVE_RETURN_IF_ERROR(reactor->open_ring());
    VARVE_RETURN_IF_ERROR(reactor->open_buffers());
    return std::unique_ptr<Reactor>(std::move(reactor));
  }

  ~UringReactor() override {
    if (ring_open_) io_uring_queue_exit(&ring_);
    if (memory_ != MAP_FAILED) ::munmap(memory_, kMemoryBytes);
  }

  const char* name() const override { return "io_uring"; }

 private:
  static constexpr size_t kBufferRingBytes = 4096;
  static_assert(kBuffers * sizeof(io_uring_buf) <= kBufferRingBytes);
  static constexpr size_t kMemoryBytes = kBufferRingBytes + kBuffers * kBufferBytes;

  UringReactor() = default;

  static Status refused(const char* call, int error) {
    return Status::unsupported(Status::from_errno(error, call, "io_uring").message());
  }

  // The thread of run() will be the only one to enter the ring, so it is made disabled and enabled there.
  Status open_ring() {
    const unsigned best = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    int error = 0;
    for (const unsigned flags : {best, unsigned{IORING_SETUP_R_DISABLED}}) {  // the best needs Linux 6.1
      io_uring_params parameters{};
      parameters.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
      parameters.cq_entries = kCompletionEntries;
      error = -io_uring_queue_init_params(kSubmissionEntries, &ring_, &parameters);
      if (error == 0) {
        ring_open_ = true;
        return {};
      }
      if (error != EINVAL) break;
    }
    return refused("io_uring_setup", error);
  }

  Status open_buffers() {
    memory_ = ::mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) return refused("mmap", errno);
    buffers_ = static_cast<io_uring_buf_ring*>(memory_);
    io_uring_buf_ring_init(buffers_);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uint64_t>(buffers_);
    registration.ring_entries = kBuffers;
    registration.bgid = kBufferGroup;
    if (const int error = -io_uring_register_buf_ring(&ring_, &registration, 0); error != 0) {
      return refused("io_uring_register", error);  // before Linux 5.19
    }
    for (unsigned i = 0; i < kBuffers; ++i) give_buffer(i);
    return {};
  }

  char* buffer(unsigned number) {
    return static_cast<char*>(memory_) + kBufferRingBytes + size_t{number} * kBufferBytes;
  }
  void give_buffer(unsigned number) {
    io_uring_buf_ring_add(buffers_, buffer(number), kBufferBytes, static_cast<uint16_t>(number),
                          io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }

  io_uring_sqe* next_entry(void* pointer, Operation operation, auto prepare) {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    while (entry == nullptr) {
      CHECK(running_);  // only descriptors of the caller's choosing come before
      // Refused while completions wait in the kernel for room: take those out first, to be delivered in their
      // turn.
      if (io_uring_submit(&ring_) < 0) stash_completions();
      entry = io_uring_get_sqe(&ring_);
    }
    prepare(entry);
    io_uring_sqe_set_data64(entry, tag(pointer, operation));
    return entry;
  }

  void stash_completions() {
    io_uring_cqe* entry = nullptr;
    while (io_uring_peek_cqe(&ring_, &entry) == 0) {
      stashed_.push_back(*entry);
      io_uring_cqe_seen(&ring_, entry);
    }
  }

  std::unique_ptr<SocketConnection> make_connection(FileDescriptor fd, uint64_t id) override {
    return std::make_unique<UringConnection>(this, std::move(fd), id);
  }

  Status watch(int fd, Watch what) override {
    auto poll = [fd](io_uring_sqe* entry) { io_uring_prep_poll_add(entry, fd, POLLIN); };
    (what == Watch::kWake ? wake_fd_number_ : signal_fd_number_) = fd;
    next_entry(nullptr, what == Watch::kWake ? Operation::kWake : Operation::kSignal, poll);
    return {};
  }

  Status start_accepting(Listener* listener) override {
    // Made blocking: on another the ring would answer EAGAIN instead of waiting.
    const int fd = listener->fd.get();
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
      return Status::from_errno(errno, "fcntl", "reactor");
    }
    next_entry(listener, Operation::kAccept, [fd](io_uring_sqe* entry) {
      io_uring_prep_multishot_accept(entry, fd, nullptr, nullptr, SOCK_CLOEXEC);
    });
    listener->armed = true;
    return {};
  }

  void stop_accepting(Listener* listener) override {
    if (listener->armed) {
      next_entry(nullptr, Operation::kCancel, [listener](io_uring_sqe* entry) {
        io_uring_prep_cancel64(entry, tag(listener, Operation::kAccept), 0);
      });
    } else if (listener->closed) {
      listener->fd.reset();
    }
  }

  void send_output(SocketConnection* base) override {
    auto* connection = static_cast<UringConnection*>(base);
    if (connection->sending) return;
    connection->message = {};
    connection->message.msg_iov = connection->pieces.data();
    connection->message.msg_iovlen = connection->gather(connection->pieces.data(), connection->pieces.size());
    next_entry(connection, Operation::kSend, [connection](io_uring_sqe* entry) {
      io_uring_prep_sendmsg(entry, connection->fd(), &connection->message, MSG_NOSIGNAL);
    });
    connection->sending = true;
  }

  void update_input(SocketConnection* base) override {
    auto* connection = static_cast<UringConnection*>(base);
    if (connection->receiving || !connection->wants_input()) return;
    io_uring_sqe* entry = next_entry(connection, Operation::kReceive, [connection](io_uring_sqe* e) {
      io_uring_prep_recv(e, connection->fd(), nullptr, 0, 0);
    });
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = kBufferGroup;
    connection->receiving = true;
  }

  bool release(SocketConnection* base) override {
    auto* connection = static_cast<UringConnection*>(base);
    if (!connection->receiving && !connection->sending) return true;
    // Ends what is in flight; its completion touches the connection again.
    if (!connection->shut_down) ::shutdown(connection->fd(), SHUT_RDWR);
    connection->shut_down = true;
    return false;
  }

  Status enter_run() override {
    // liburing 2.3 declares io_uring_enable_rings but does not export it.
    if (::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) != 0) {
      return Status::from_errno(errno, "enable", "io_uring");
    }
    running_ = true;
    return {};
  }

  Status wait(uint64_t timeout_ns) override {
    __kernel_timespec timeout{};
    timeout.tv_sec = static_cast<long long>(timeout_ns / kNsPerSecond);
    timeout.tv_nsec = static_cast<long long>(timeout_ns % kNsPerSecond);
    if (!stashed_.empty()) timeout = {};
    const bool forever = timeout_ns == std::numeric_limits<uint64_t>::max() && stashed_.empty();
    io_uring_cqe* entry = nullptr;
    const int result =
        io_uring_submit_and_wait_timeout(&ring_, &entry, 1, forever ? nullptr : &timeout, nullptr);
    if (result < 0 && result != -ETIME && result != -EINTR && result != -EAGAIN && result != -EBUSY) {
      return Status::from_errno(-result, "wait", "io_uring");
    }
    stash_completions();
    delivering_.swap(stashed_);
    for (const io_uring_cqe& completion : delivering_) deliver(completion);
    delivering_.clear();
    return {};
  }

  void deliver(const io_uring_cqe& completion) {
    // The kernel carries 64 bits for us; a pointer is what we gave it.
    auto* pointer =
        reinterpret_cast<void*>(completion.user_data & ~kOperationMask);  // NOLINT(performance-no-int-to-ptr)
    switch (static_cast<Operation>(completion.user_data & kOperationMask)) {
      case Operation::kReceive:
        return receive_done(static_cast<UringConnection*>(pointer), completion);
      case Operation::kSend:
        return send_done(static_cast<UringConnection*>(pointer), completion.res);
      case Operation::kAccept:
        return accept_done(static_cast<Listener*>(pointer), completion);
      case Operation::kCancel:
        return;
      case Operation::kWake:
        woken();
        return static_cast<void>(watch(wake_fd_number_, Watch::kWake));
      case Operation::kSignal:
        signalled();
        return static_cast<void>(watch(signal_fd_number_, Watch::kSignal));
    }
  }

  static bool passing(int error) {
    return error == EAGAIN || error == EINTR || error == ECANCELED || error == ENOBUFS;
  }

  void receive_done(UringConnection* connection, const io_uring_cqe& completion) {
    connection->receiving = false;
    touch(connection);
    const bool has_buffer = (completion.flags & IORING_CQE_F_BUFFER) != 0;
    const unsigned number = completion.flags >> IORING_CQE_BUFFER_SHIFT;
    if (completion.res > 0 && has_buffer) {
      CHECK(number < kBuffers);
      received(connection, Slice(buffer(number), static_cast<size_t>(completion.res)));
    } else if (completion.res == 0) {
      received_end(connection);
    } else if (!passing(-completion.res)) {
      connection->fail(Status::from_errno(-completion.res, "receive", connection->label()));
    }
    // ENOBUFS passes: buffers come back within the turn that delivers them.
    if (has_buffer) give_buffer(number);
  }

  void send_done(UringConnection* connection, int result) {
    connection->sending = false;
    touch(connection);
    if (result >= 0) {
      sent(connection, static_cast<size_t>(result));
    } else if (!passing(-result)) {
      connection->fail(Status::from_errno(-result, "send", connection->label()));
    }
  }

  void accept_done(Listener* listener, const io_uring_cqe& completion) {
    const bool more = (completion.flags & IORING_CQE_F_MORE) != 0;
    if (!more) listener->armed = false;
    if (completion.res >= 0) accepted(listener, FileDescriptor(completion.res));
    if (more) return;
    if (listener->closed) return listener->fd.reset();
    const uint64_t backoffs = counters_.accept_backoffs.load(std::memory_order_relaxed);
    if (completion.res < 0) accept_failed(listener, -completion.res);
    const bool backed_off = counters_.accept_backoffs.load(std::memory_order_relaxed) != backoffs;
    if (!backed_off) static_cast<void>(start_accepting(listener));
  }

  io_uring ring_{};
  bool ring_open_ = false;
  bool running_ = false;
  std::vector<io_uring_cqe> stashed_;
  std::vector<io_uring_cqe> delivering_;
  void* memory_ = MAP_FAILED;  // the buffer ring, then the buffers
  io_uring_buf_ring* buffers_ = nullptr;
  int wake_fd_number_ = -1;
  int signal_fd_number_ = -1;
};

}  // namespace

Result<std::unique_ptr<Reactor>> make_uring_reactor() { return UringReactor::create(); }

}  // namespace varve::io
