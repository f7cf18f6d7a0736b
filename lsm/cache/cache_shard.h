// BlockCache::Shard: one table of slots with its budget, clock hand and flights. See lsm/cache/block_cache.h
// for what it promises and lsm/cache/cache_slot.h for how a slot lives.
//
//   I1 usage is charged before a block is published and returned after it is freed.
//   I2 At most kMaxLoad of the slots are occupied, so every claim finds one and searches stay short.
//   I3 A key is in the table at most once: only the leader of its flight inserts, and it searched under the
//   lock; or put does, before anyone else knows the key.
//
// Threads: find and release from any without lock; the flight lock is held for list work only, never over a
// load.
#pragma once

#include <memory>
#include <vector>

#include "base/io/mutex.h"
#include "lsm/cache/cache_slot.h"

namespace varve::lsm {

class BlockCache::Shard {
 public:
  static constexpr double kMaxLoad = 0.75;

  Shard() = default;
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  // Once, before use. slots is a power of two.
  void initialize(uint64_t budget_bytes, size_t slots);

  // Acquired, or null.
  CacheSlot* find(const BlockKey& key, uint64_t hash);

  struct Loaded {
    CacheSlot* slot;
    bool first;  // this caller's load put it there
  };
  Result<Loaded> load_once(const BlockKey& key, uint64_t hash, CachePriority priority, const Loader& load);
  void put(const BlockKey& key, uint64_t hash, CachePriority priority, BlockBuffer block) {
    publish(key, hash, &block, priority, 0);
  }

  uint64_t memory_bytes() const {
    return usage_.load(std::memory_order_relaxed) + outside_.load(std::memory_order_relaxed) +
           slot_count_ * sizeof(CacheSlot);
  }

  struct Stats {
    std::atomic<uint64_t> misses{0}, inserts{0}, evictions{0}, shared_loads{0}, uncached{0};
  };
  const Stats& stats() const { return stats_; }
  void count_miss() { stats_.misses.fetch_add(1, std::memory_order_relaxed); }

 private:
  // One load that others may wait for; its fields are guarded by mutex_.
  struct Flight {
    BlockKey key;
    bool done = false;
    uint64_t waiters = 0;
    Status status;
    CacheSlot* slot = nullptr;
    io::CondVar landed;
  };

  // The probe sequence of a hash: double hashing, an odd step visits every slot.
  size_t home(uint64_t hash) const { return hash & slot_mask_; }
  size_t step(uint64_t hash) const { return (hash >> 32 | 1) & slot_mask_; }

  // Takes the block and shows it, held by `references` handles; null, the block untouched, when there is no room.
  CacheSlot* publish(const BlockKey& key, uint64_t hash, BlockBuffer* block, CachePriority priority,
                     uint64_t references);
  // Published with one reference; standalone when there is no room.
  CacheSlot* insert(const BlockKey& key, uint64_t hash, BlockBuffer block, CachePriority priority);
  CacheSlot* claim(uint64_t hash);
  bool reserve(uint64_t charge);
  // Moves the hand until both limits hold, or four turns found nothing to free.
  bool evict_to_limits();
  void pass(CacheSlot* slot);
  void free_claimed(CacheSlot* slot);

  uint64_t budget_ = 0;
  size_t slot_count_ = 0;
  size_t slot_mask_ = 0;
  uint64_t max_occupied_ = 0;
  std::unique_ptr<CacheSlot[]> slots_;
  alignas(64) std::atomic<uint64_t> usage_{0};
  std::atomic<uint64_t> occupied_{0};
  std::atomic<uint64_t> outside_{0};
  std::atomic<uint64_t> hand_{0};
  Stats stats_;

  io::Mutex mutex_;
  // Shared by the leader and its waiters: whoever leaves last frees it.
  std::vector<std::shared_ptr<Flight>> flights_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::lsm
