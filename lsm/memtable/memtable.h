// Memtable: the newest entries of one tree, in memory. Written while active, then sealed at a boundary, flushed to
// an SSTable and dropped.
//
//   I1 Sealed with boundary b, it holds only sequences < b; its successor only sequences >= b (the Tree routes by
//      that).
//   I2 oldest_sequence() is set before the entry it describes can be found, so it is never too high for what readers
//      see.
//
// Sealing has two steps (design, section 3): begin_seal() says "a boundary is being chosen", set_boundary()
// publishes it. A writer that finds the first without the second has to wait: it cannot know yet on which side it
// belongs.
//
// Threads: insert, reads and counters from any thread. Ownership: counted; tree states, iterators and pinned values
// hold references.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/ids.h"
#include "base/slice.h"
#include "lsm/internal_key.h"
#include "lsm/iterator.h"
#include "lsm/memtable/arena.h"
#include "lsm/memtable/skiplist.h"

namespace varve::lsm {

class Memtable {
 public:
  Memtable() : list_(&arena_) {}
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  void insert(SequenceNumber sequence, ValueKind kind, Slice key, Slice value);

  struct Found {
    SequenceNumber sequence;
    ValueKind kind;
    Slice value;  // valid while a reference is held
  };
  // The newest entry of the key at or below the snapshot. False when there is none.
  bool get(const LookupKey& key, Found* found) const;
  // The way to the place of a key (lsm/memtable/skiplist.h).
  SkipList::Approach approach(Slice key) const { return {list_, key}; }
  // The iterator borrows the memtable: hold a reference. It sees entries that are inserted later when they are still
  // before it.
  std::unique_ptr<InternalIterator> iterate() const;

  bool empty() const { return entries() == 0; }
  uint64_t entries() const { return list_.entries(); }
  // kMaxSequence when empty.
  SequenceNumber oldest_sequence() const {
    return SequenceNumber(oldest_sequence_.load(std::memory_order_acquire));
  }
  // The heap it holds: the object and every arena chunk.
  uint64_t memory_bytes() const { return sizeof(*this) + arena_.allocated_bytes(); }

  // Sealing. A writer asks its own memtable's predecessor: boundary_pending() means wait, boundary() decides.
  void begin_seal() { boundary_.store(kPending, std::memory_order_release); }
  // Release pairs with boundary()'s acquire.
  void set_boundary(SequenceNumber b) { boundary_.store(b.value, std::memory_order_release); }
  bool boundary_pending() const { return boundary_.load(std::memory_order_acquire) == kPending; }
  bool sealed() const {
    const uint64_t b = boundary_.load(std::memory_order_acquire);
    return b != kActive && b != kPending;
  }
  // Precondition: sealed().
  SequenceNumber boundary() const { return SequenceNumber(boundary_.load(std::memory_order_acquire)); }

  void ref() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void unref() const {
    // Acquire-release: the last one sees what all others did before it frees.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~Memtable() = default;
  static constexpr uint64_t kActive = UINT64_MAX;
  static constexpr uint64_t kPending = UINT64_MAX - 1;

  Arena arena_;
  SkipList list_;
  std::atomic<uint64_t> oldest_sequence_{kMaxSequence.value};
  std::atomic<uint64_t> boundary_{kActive};
  mutable std::atomic<uint64_t> references_{1};
};

}  // namespace varve::lsm
