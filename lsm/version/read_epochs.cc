#include "lsm/version/read_epochs.h"

#include "base/io/thread.h"

namespace varve::lsm {

namespace {

// A thread starts looking where it last found a free slot, so that the line is most likely still its own.
thread_local size_t last_slot = 0;
std::atomic<size_t> next_start{0};

size_t start_slot() {
  if (last_slot == 0) {
    // Spread by a prime, so that neighbours in time are not neighbours in the table.
    last_slot = 1 + next_start.fetch_add(37, std::memory_order_relaxed) % ReadEpochs::kSlots;
  }
  return last_slot - 1;
}

}  // namespace

std::atomic<uint64_t>* ReadEpochs::claim() {
  const size_t start = start_slot();
  while (true) {
    const uint64_t epoch = epoch_.load(std::memory_order_seq_cst);
    for (size_t i = 0; i < kSlots; ++i) {
      const size_t index = (start + i) % kSlots;
      std::atomic<uint64_t>& slot = slots_[index].epoch;
      uint64_t expected = 0;
      if (slot.load(std::memory_order_relaxed) == 0 &&
          slot.compare_exchange_strong(expected, epoch, std::memory_order_seq_cst)) {
        if (i != 0) last_slot = 1 + index;
        return &slot;
      }
    }
    io::spin_pause();
  }
}

bool ReadEpochs::passed(uint64_t retired) const {
  for (const Slot& slot : slots_) {
    const uint64_t epoch = slot.epoch.load(std::memory_order_seq_cst);
    if (epoch != 0 && epoch <= retired) return false;
  }
  return true;
}

}  // namespace varve::lsm
