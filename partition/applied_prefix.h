// AppliedPrefix: the greatest sequence number such that it and every smaller one has been applied to the memtables.
// Commits reserve sequence numbers in order and apply in any order; readers may see only the contiguous prefix.
//
// A ring of slots, one per sequence number in flight (as in the LMAX Disruptor's available buffer). Lock-free; no I/O.
// Threads: any. At most kSlots commits may stand between reserve and apply; each is a thread inside commit, so
// mark() waits only when there are thousands of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/ids.h"

namespace varve::partition {

class AppliedPrefix {
 public:
  static constexpr size_t kSlots = 8192;

  explicit AppliedPrefix(SequenceNumber start);

  // The commit with this sequence number is in the memtables. Once per number.
  void mark(SequenceNumber sequence);

  SequenceNumber get() const { return SequenceNumber(applied_.load(std::memory_order_seq_cst)); }

 private:
  std::unique_ptr<std::atomic<uint64_t>[]> slots_;
  std::atomic<uint64_t> applied_;
};

}  // namespace varve::partition
