// ReadEpochs: how readers use the current state of a tree without a lock, a shared count or an allocation, and how the
// states they may still be using are kept (K. Fraser, "Practical lock-freedom", 2004, epoch-based reclamation).
//
// A reader claims a slot, writes the epoch it found into it, uses whatever pointers it then loads, and clears the
// slot. Whoever replaces a pointer calls retire() after the replacement and may free what was replaced once
// passed(epoch) is true. Slots are claimed per read, not per thread: many fibers of one thread may be inside at once.
//
// Why it is right. All operations named here are sequentially consistent. The reader's claim precedes its load of the
// pointer; the writer's exchange of the pointer precedes its scan of the slots. If the scan misses the claim, the
// claim and so the load come after the exchange, and the reader has the new pointer. If the scan sees a claim with
// an epoch above the retired one, that reader read the epoch after the exchange: again the new pointer. A claim with
// a lower or equal epoch holds the old one back. Clearing a slot is a release that pairs with the scan's load: what
// the reader did is over before the memory goes.
//
// Threads: any. More readers than slots wait, spinning, until one leaves; readers wait for nothing else while inside.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace varve::lsm {

class ReadEpochs {
 public:
  static constexpr size_t kSlots = 256;

  class Guard {
   public:
    explicit Guard(ReadEpochs* epochs) : slot_(epochs->claim()) {}
    ~Guard() { slot_->store(0, std::memory_order_release); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    std::atomic<uint64_t>* slot_;
  };

  // Called after a pointer was replaced with a sequentially consistent exchange.
  uint64_t retire() { return epoch_.fetch_add(1, std::memory_order_seq_cst); }
  // No reader can still use what was replaced before retire() answered this.
  bool passed(uint64_t retired) const;

 private:
  struct alignas(64) Slot {
    std::atomic<uint64_t> epoch{0};  // 0: free
  };
  std::atomic<uint64_t>* claim();

  std::atomic<uint64_t> epoch_{1};
  std::array<Slot, kSlots> slots_;
};

}  // namespace varve::lsm
