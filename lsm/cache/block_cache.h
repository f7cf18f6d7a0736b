// BlockCache: the blocks of SSTables in memory, decompressed and verified, under one byte budget. Shared by
// all trees of a store.
//
// A hit takes no lock: each shard is an open-addressing table of one-cache-line slots whose state, reference
// count and CLOCK count share one 64-bit word, so pinning a block is one fetch_add and unpinning another (the
// design of RocksDB's HyperClockCache; CLOCK: Corbato 1968). A miss takes its shard's lock, and only the
// first of N readers of a missing block loads it: the others wait for that one (single flight).
//
//   I1 memory_bytes() <= budget + what handles pin beyond it. A block that finds no room is handed out all
//   the same,
//      owned by its handles alone, and freed with the last of them.
//   I2 While a CacheHandle lives, its bytes neither move nor go.
//   I3 A loader's error goes to everyone who waited for it, and nothing is cached.
//   I4 A scan cannot flush the cache: a block inserted with kScan goes at the hand's first pass unless it is
//   hit again.
//
// The charge of a block is its bytes and the allocator's share; the slots are charged to the budget at
// construction. There is no erase: file numbers are never reused, and the blocks of a dead file age out.
// Threads: all methods from any. Ownership: the cache outlives its handles (checked at destruction).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "lsm/cache/block_buffer.h"

namespace varve::lsm {

struct BlockKey {
  FileNumber file;
  uint64_t offset = 0;
  bool operator==(const BlockKey&) const = default;
};

// How many passes of the clock's hand a block survives untouched.
enum class CachePriority : uint8_t {
  kScan = 0,    // data read by a scan
  kNormal = 1,  // data read by a point read
  kHigh = 3,    // index and filter blocks
};

struct CacheSlot;

// Pins one block; empty when default-made or moved from. Threads: one at a time, but may move between
// threads.
class CacheHandle {
 public:
  CacheHandle() = default;
  CacheHandle(CacheHandle&& other) noexcept
      : slot_(std::exchange(other.slot_, nullptr)), loaded_(other.loaded_) {}
  CacheHandle& operator=(CacheHandle&& other) noexcept {
    if (this != &other) {
      release();
      slot_ = std::exchange(other.slot_, nullptr);
      loaded_ = other.loaded_;
    }
    return *this;
  }
  ~CacheHandle() { release(); }

  // A block outside any cache, owned by this handle alone.
  static CacheHandle uncached(BlockBuffer block);

  explicit operator bool() const { return slot_ != nullptr; }
  Slice bytes() const;
  void release();
  // As release; unless somebody else is using it, the block is then the first that the clock's hand takes.
  void release_cold();

 private:
  friend class BlockCache;
  CacheHandle(CacheSlot* slot, bool loaded) : slot_(slot), loaded_(loaded) {}
  CacheSlot* slot_ = nullptr;
  bool loaded_ = false;  // made by the load that filled the slot
};

class BlockCache {
 public:
  struct Options {
    uint64_t budget_bytes = 64 << 20;
    // Sizes the table: with smaller blocks than this on average, slots run out before bytes do.
    uint32_t expected_block_bytes = 8192;
    // A power of two; 0 chooses by the budget (a shard for each 16 MiB, 1..64).
    uint32_t shards = 0;
  };
  struct Counters {
    uint64_t hits = 0;
    uint64_t misses = 0;  // loads, those that waited for another's included
    uint64_t inserts = 0;
    uint64_t evictions = 0;
    uint64_t shared_loads = 0;  // misses answered by another reader's load
    uint64_t uncached = 0;      // loads that found no room (I1)
  };

  explicit BlockCache(const Options& options);
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  // Empty on a miss. No lock, no allocation.
  CacheHandle lookup(BlockKey key);

  // After a lookup in vain: the block from `load` (which runs without any lock held), once for all who ask meanwhile; or from the
  // cache, should it have got there since.
  using Loader = std::function<Result<BlockBuffer>()>;
  Result<CacheHandle> load(BlockKey key, CachePriority priority, const Loader& load);

  // Leaves a copy of a block that was just written, making room as a load does; without room, nothing. The caller is the
  // only one who knows the key yet: no reader has the file.
  void put(BlockKey key, CachePriority priority, Slice block);

  uint64_t budget_bytes() const;
  // Slots, cached blocks, and blocks held by handles alone.
  uint64_t memory_bytes() const;
  Counters counters() const;

 private:
  class Shard;
  struct HitCounters;
  Shard& shard_of(uint64_t hash) const;
  uint64_t budget_bytes_;
  uint32_t shard_mask_ = 0;
  std::unique_ptr<HitCounters> hits_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace varve::lsm
