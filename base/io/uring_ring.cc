#include "base/io/uring_ring.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/io/clock.h"

namespace varve::io {

namespace {

constexpr size_t kMaxDepth = 32768;                    // IORING_MAX_ENTRIES
constexpr size_t kMaxTransferBytes = size_t{1} << 30;  // an entry's length is 32 bits; keeps alignment
// A kernel short of memory answers EAGAIN to a submission. With nothing in flight to wait for, try again a
// little later, but not for ever.
constexpr int kMaxIdleRetries = 100;
constexpr uint64_t kIdleRetryNs = 1'000'000;

}  // namespace

UringRing::UringRing(size_t depth, DriverCounters* counters)
    : depth_(depth), counters_(counters), slots_(depth) {
  free_slots_.reserve(depth);
  for (size_t i = depth; i > 0; --i) free_slots_.push_back(i - 1);
}

Result<std::unique_ptr<UringRing>> UringRing::create(size_t depth, DriverCounters* counters) {
  if (depth == 0 || depth > kMaxDepth) {
    return Status::invalid_argument("ring depth " + std::to_string(depth) + " is not in [1, 32768]");
  }
  std::unique_ptr<UringRing> ring(new UringRing(depth, counters));
  const int error = -io_uring_queue_init(static_cast<unsigned>(depth), &ring->ring_, 0);
  if (error != 0)
    return Status::unsupported(Status::from_errno(error, "io_uring_setup", "io_uring").message());
  ring->open_ = true;
  return ring;
}

Status UringRing::probe() {
  auto refused = [](const char* call, int error) {
    return Status::unsupported(Status::from_errno(error, call, "io_uring").message());
  };
  io_uring ring;
  if (const int error = -io_uring_queue_init(1, &ring, 0); error != 0)
    return refused("io_uring_setup", error);
  io_uring_prep_nop(io_uring_get_sqe(&ring));
  io_uring_cqe* completion = nullptr;
  const int submitted = io_uring_submit(&ring);
  const int error = submitted == 1 ? -io_uring_wait_cqe(&ring, &completion) : -submitted;
  io_uring_queue_exit(&ring);
  if (submitted != 1 || error != 0) return refused("io_uring_enter", error);
  return {};
}

UringRing::~UringRing() {
  if (!open_) return;
  std::vector<Completion> discarded;
  // A ring that cannot even be waited on leaves nothing to wait for.
  while (outstanding_ > 0 && wait(outstanding_, &discarded).ok()) discarded.clear();
  io_uring_queue_exit(&ring_);
}

void UringRing::count(const Request& request) {
  auto add = [](std::atomic<uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); };
  add(counters_->ring_submissions);
  switch (request.operation) {
    case Operation::kRead:
      return add(counters_->reads);
    case Operation::kWrite:
      return add(counters_->writes);
    case Operation::kWriteDurable:
      return add(counters_->durable_writes);
    case Operation::kSync:
      return add(counters_->syncs);
  }
}

Status UringRing::submit(const Request& request) {
  if (outstanding_ >= depth_) {
    return Status::resource_exhausted("ring: " + std::to_string(depth_) + " requests outstanding");
  }
  auto* file = dynamic_cast<PosixFile*>(request.file);
  Status status;
  if (file == nullptr) {
    status = Status::invalid_argument("ring: the file belongs to another driver");
  } else if (request.operation != Operation::kSync) {
    status = file->check_alignment("transfer", request.offset, request.data, request.size);
  }
  if (!status.ok()) {
    ++outstanding_;
    refused_.push_back({request.tag, std::move(status), 0});
    return {};
  }
  const size_t index = free_slots_.back();
  slots_[index] = Slot{request, file};
  queue(index);
  free_slots_.pop_back();
  ++outstanding_;
  count(request);
  return {};
}

void UringRing::queue(size_t index) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  CHECK(entry != nullptr);  // I1
  prepare(entry, slots_[index]);
  io_uring_sqe_set_data64(entry, index);
}

void UringRing::prepare(io_uring_sqe* entry, const Slot& slot) {
  const Request& request = slot.request;
  const auto length = static_cast<unsigned>(std::min(request.size - slot.done, kMaxTransferBytes));
  const uint64_t offset = request.offset + slot.done;
  if (request.operation == Operation::kSync || slot.syncing) {
    io_uring_prep_fsync(entry, slot.file->fd(), IORING_FSYNC_DATASYNC);
  } else if (request.operation == Operation::kRead) {
    io_uring_prep_read(entry, slot.file->fd(), request.data + slot.done, length, offset);
  } else {
    io_uring_prep_write(entry, slot.file->fd(), request.data + slot.done, length, offset);
    if (request.operation == Operation::kWriteDurable && !slot.two_steps) entry->rw_flags = RWF_DSYNC;
  }
}

Status UringRing::flush() {
  for (int idle_retries = 0; io_uring_sq_ready(&ring_) > 0;) {
    const int result = io_uring_submit(&ring_);
    if (result > 0 || result == -EINTR) continue;
    if (result < 0 && result != -EAGAIN && result != -EBUSY)
      return Status::from_errno(-result, "submit", "io_uring");
    if (++idle_retries > kMaxIdleRetries)
      return Status::resource_exhausted("io_uring: submit: no memory in the kernel");
    sleep_ns(kIdleRetryNs);
  }
  return {};
}

Status UringRing::wait(size_t min_completions, std::vector<Completion>* out) {
  const size_t wanted = out->size() + min_completions;
  VARVE_RETURN_IF_ERROR(flush());
  outstanding_ -= refused_.size();
  out->insert(out->end(), std::make_move_iterator(refused_.begin()), std::make_move_iterator(refused_.end()));
  refused_.clear();
  VARVE_RETURN_IF_ERROR(reap(false, out));
  while (out->size() < wanted && outstanding_ > 0) VARVE_RETURN_IF_ERROR(reap(true, out));
  // What reaping queued again (I2) must not wait for the next call.
  return flush();
}

Status UringRing::reap(bool block, std::vector<Completion>* out) {
  if (block) {
    VARVE_RETURN_IF_ERROR(flush());
    io_uring_cqe* first = nullptr;
    const int result = io_uring_wait_cqe(&ring_, &first);
    if (result != 0 && result != -EINTR && result != -EAGAIN) {
      return Status::from_errno(-result, "wait", "io_uring");
    }
  }
  io_uring_cqe* entry = nullptr;
  while (io_uring_peek_cqe(&ring_, &entry) == 0) {
    const auto index = static_cast<size_t>(io_uring_cqe_get_data64(entry));
    const int result = entry->res;
    io_uring_cqe_seen(&ring_, entry);
    advance(index, result, out);
  }
  return {};
}

void UringRing::advance(size_t index, int result, std::vector<Completion>* out) {
  Slot& slot = slots_[index];
  if (result < 0) return advance_failed(index, -result, out);
  const Request& request = slot.request;
  const auto count = static_cast<size_t>(result);
  if (request.operation == Operation::kSync || slot.syncing) return complete(index, {}, out);
  if (request.operation == Operation::kRead) {
    auto progress = slot.file->after_read(request.offset, slot.done, count, request.size);
    if (!progress.ok()) return complete(index, progress.status(), out);
    slot.done = progress->done;
    return progress->finished ? complete(index, {}, out) : queue(index);
  }
  const size_t next = slot.file->after_write(slot.done, count, request.size);
  if (next <= slot.done && request.size > 0) {
    return complete(index, slot.file->write_error(EIO, request.offset + slot.done), out);
  }
  slot.done = next;
  slot.syncing = slot.done == request.size && slot.two_steps;
  if (slot.done < request.size || slot.syncing) return queue(index);
  complete(index, {}, out);
}

void UringRing::advance_failed(size_t index, int error, std::vector<Completion>* out) {
  Slot& slot = slots_[index];
  const Operation operation = slot.request.operation;
  const bool sync = operation == Operation::kSync || slot.syncing;
  // A sync is never retried (D3), whatever the reason it gave.
  if (!sync && (error == EINTR || error == EAGAIN)) return queue(index);
  if (operation == Operation::kWriteDurable && !slot.two_steps && slot.done == 0 && error == EOPNOTSUPP) {
    slot.two_steps = true;
    return queue(index);
  }
  const std::string at = " at " + std::to_string(slot.request.offset + slot.done);
  const std::string what = sync ? "fdatasync" : (operation == Operation::kRead ? "read" : "write") + at;
  complete(index, Status::from_errno(error, what, slot.file->path()), out);
}

void UringRing::complete(size_t index, Status status, std::vector<Completion>* out) {
  const Slot& slot = slots_[index];
  const size_t bytes = status.ok() && slot.request.operation != Operation::kSync ? slot.done : 0;
  counters_->ring_completions.fetch_add(1, std::memory_order_relaxed);
  auto& total = slot.request.operation == Operation::kRead ? counters_->read_bytes : counters_->write_bytes;
  total.fetch_add(bytes, std::memory_order_relaxed);
  out->push_back({slot.request.tag, std::move(status), bytes});
  free_slots_.push_back(index);
  --outstanding_;
}

}  // namespace varve::io
