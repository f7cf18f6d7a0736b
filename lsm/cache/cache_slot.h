// CacheSlot: one entry of the block cache, one cache line. All its life runs through one 64-bit word:
//
//   bits 0..29   acquires   }  their difference is the number of handles; when they are equal, either is the
//   CLOCK bits 30..59  releases   }  count, which each use has raised by one bit 62       occupied   somebody
//   owns or has published the slot bit 63       visible    key and block may be read under an acquire
//
//   empty (neither bit) -> claimed (occupied) -> published (both) -> claimed by the evictor -> empty
//
//   I1 Only the claimer writes the other fields, and only while the slot is claimed: publishing (release)
//   pairs with an
//      acquire that saw `visible`.
//   I2 An acquire that did not see `visible` is simply left behind: the counters of an unpublished slot mean
//   nothing
//      and are overwritten by publish.
//   I3 Evicting needs acquires == releases, by compare-exchange (acquire), which pairs with each release.
//
// This is the state word of RocksDB's HyperClockCache (cache/clock_cache.h), less the states that erasing
// needs.
#pragma once

#include <atomic>
#include <cstdint>

#include "lsm/cache/block_cache.h"

namespace varve::lsm {

struct alignas(64) CacheSlot {
  static constexpr int kCounterBits = 30;
  static constexpr uint64_t kCounterMask = (uint64_t{1} << kCounterBits) - 1;
  static constexpr uint64_t kAcquire = 1;
  static constexpr uint64_t kRelease = uint64_t{1} << kCounterBits;
  static constexpr uint64_t kOccupied = uint64_t{1} << 62;
  static constexpr uint64_t kVisible = uint64_t{1} << 63;
  // The top bit of each counter; both are cleared together long before either would overflow.
  static constexpr uint64_t kNearOverflow = kAcquire << (kCounterBits - 1) | kRelease << (kCounterBits - 1);
  static constexpr uint64_t kMaxClockCount = 3;

  static uint64_t acquires(uint64_t m) { return m & kCounterMask; }
  static uint64_t releases(uint64_t m) { return m >> kCounterBits & kCounterMask; }
  static uint64_t references(uint64_t m) { return (acquires(m) - releases(m)) & kCounterMask; }
  static uint64_t published(uint64_t clock_count, uint64_t references) {
    return kOccupied | kVisible | clock_count * kRelease | (clock_count + references) * kAcquire;
  }

  std::atomic<uint64_t> meta{0};
  // Entries whose probe sequence passed over this slot: a search stops at the first slot with none.
  std::atomic<uint32_t> displacements{0};
  // True for a block in no table, freed with its last handle.
  bool standalone = false;
  // Read before acquiring, to leave other keys' slots alone; may be stale, so only a hint.
  std::atomic<uint64_t> hash{0};
  BlockKey key;
  BlockBuffer block;
  // A standalone block's account, or null.
  std::atomic<uint64_t>* account = nullptr;
};
static_assert(sizeof(CacheSlot) == 64);

// What a block costs: its bytes, rounded as the allocator rounds, and its header there.
inline uint64_t cache_charge(const BlockBuffer& block) {
  return (block.size() + BlockBuffer::kAlignment - 1) / BlockBuffer::kAlignment * BlockBuffer::kAlignment +
         16;
}

}  // namespace varve::lsm
