#include "partition/applied_prefix.h"

#include "base/check.h"
#include "base/io/thread.h"

namespace varve::partition {

AppliedPrefix::AppliedPrefix(SequenceNumber start)
    : slots_(std::make_unique<std::atomic<uint64_t>[]>(kSlots)), applied_(start.value) {}

void AppliedPrefix::mark(SequenceNumber sequence) {
  CHECK(sequence.value > applied_.load(std::memory_order_relaxed));
  while (sequence.value >= applied_.load(std::memory_order_seq_cst) + kSlots) io::spin_pause();

  // Sequentially consistent on both sides: of two neighbours marking at once, either this one sees the other's advance or the other
  // sees this slot, so one of them carries the prefix over both.
  slots_[sequence.value % kSlots].store(sequence.value, std::memory_order_seq_cst);
  uint64_t applied = applied_.load(std::memory_order_seq_cst);
  while (slots_[(applied + 1) % kSlots].load(std::memory_order_seq_cst) == applied + 1) {
    if (applied_.compare_exchange_weak(applied, applied + 1, std::memory_order_seq_cst)) ++applied;
  }
}

}  // namespace varve::partition
