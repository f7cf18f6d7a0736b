// UringRing: the contract of Ring on one io_uring (Axboe, "Efficient IO with io_uring", 2019). Private to base/io.
//
// I1 At most `depth` requests are outstanding and each has at most one entry in the kernel, so neither the submission
//    nor the completion queue (twice as long) can overflow.
// I2 A request leaves its slot only when all of it is done or has failed: short transfers, EINTR and EAGAIN go back
//    to the kernel for the rest.
// I3 The destructor waits for what is outstanding, since the kernel may still write to its buffers.
//
// Threads: one at a time; a thread that submitted must not end before its requests have.
// Ownership: borrows files and buffers until their completion; borrows the driver's counters.
#pragma once

#include <liburing.h>

#include <memory>
#include <vector>

#include "base/io/driver.h"
#include "base/io/posix_file.h"

namespace varve::io {

class UringRing final : public Ring {
 public:
  // depth in [1, 32768]. kUnsupported where the kernel, a sandbox or a limit refuses a ring.
  static Result<std::unique_ptr<UringRing>> create(size_t depth, DriverCounters* counters);
  // Ok where a ring can be made and used: io_uring_enter has a seccomp number of its own.
  static Status probe();
  ~UringRing() override;
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  Status submit(const Request& request) override;
  Status flush() override;
  Status wait(size_t min_completions, std::vector<Completion>* out) override;
  size_t outstanding() const override { return outstanding_; }

 private:
  struct Slot {
    Request request;
    PosixFile* file = nullptr;
    size_t done = 0;
    // RWF_DSYNC was refused: write first, then fdatasync.
    bool two_steps = false;
    bool syncing = false;
  };

  UringRing(size_t depth, DriverCounters* counters);
  void count(const Request& request);
  void queue(size_t index);
  void prepare(io_uring_sqe* entry, const Slot& slot);
  Status reap(bool block, std::vector<Completion>* out);
  // What the kernel answered for a slot: completes it into *out or queues its rest.
  void advance(size_t index, int result, std::vector<Completion>* out);
  void advance_failed(size_t index, int error, std::vector<Completion>* out);
  void complete(size_t index, Status status, std::vector<Completion>* out);

  const size_t depth_;
  DriverCounters* const counters_;
  io_uring ring_{};
  bool open_ = false;
  size_t outstanding_ = 0;
  std::vector<Slot> slots_;
  std::vector<size_t> free_slots_;
  std::vector<Completion> refused_;  // requests that never reached the kernel
};

}  // namespace varve::io
