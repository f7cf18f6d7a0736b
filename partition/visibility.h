// Visibility: turns "applied" and "durable" into "visible", and visible into acknowledgements.
//
//   sync mode      visible = min(contiguous applied prefix, durable prefix)
//   interval mode  visible = contiguous applied prefix
//
// Whoever moves either prefix calls advance(), which publishes the new visible sequence to the trees and then tells the
// waiters at or below it: blocked threads, and callbacks of asynchronous commits.
//
// Invariants
//   I1 visible only rises, and is published before any waiter of it is told.
//   I2 Every waiter is told exactly once: visible, or the failure of the log when its sequence was not durable by then.
//
// Threads: any. Callbacks run on the thread that advanced, with no lock held. Ownership: borrows the log and the trees.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/ids.h"
#include "base/io/mutex.h"
#include "base/result.h"
#include "lsm/tree_set.h"
#include "partition/applied_prefix.h"

namespace varve::partition {

class Visibility {
 public:
  using Callback = std::function<void(Status)>;

  // sync_mode: visible also waits for the log. `start` is applied, durable and visible already.
  Visibility(lsm::TreeSet* trees, bool sync_mode, SequenceNumber start);

  // A commit is in the memtables.
  void mark_applied(SequenceNumber sequence) {
    applied_.mark(sequence);
    advance();
  }
  // Everything up to `durable` survives a crash. Called by the log.
  void mark_durable(SequenceNumber durable);
  // The log failed: waiters that are not durable get `status`, now and from here on.
  void mark_failed(const Status& status);

  SequenceNumber applied() const { return applied_.get(); }
  SequenceNumber visible() const { return SequenceNumber(visible_.load(std::memory_order_acquire)); }

  // Blocks until visible() >= sequence; the status of the failure when that can no longer happen.
  Status wait(SequenceNumber sequence);
  // The same as a callback: called at once, on this thread, when it can be; else when visible gets there.
  void when_visible(SequenceNumber sequence, Callback done);

  // ok until mark_failed.
  Status failure() const;

 private:
  struct Waiter {
    SequenceNumber sequence;
    Callback done;
  };

  void advance();
  void tell_waiters();
  // The failure, when the sequence cannot become visible any more.
  bool doomed(SequenceNumber sequence) const VARVE_REQUIRES(mutex_);

  lsm::TreeSet* const trees_;
  const bool sync_mode_;
  AppliedPrefix applied_;
  std::atomic<uint64_t> durable_;
  std::atomic<uint64_t> visible_;
  // Waiters of any kind; lets advance() skip the mutex. Sequentially consistent with visible_: a waiter counts itself and then
  // reads visible_, advance() writes visible_ and then reads the count, so one of them sees the other.
  std::atomic<uint64_t> waiting_{0};

  mutable io::Mutex mutex_;
  io::CondVar changed_;
  std::vector<Waiter> waiters_ VARVE_GUARDED_BY(mutex_);
  Status failure_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::partition
