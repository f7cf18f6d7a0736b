#include "lsm/cache/block_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "lsm/cache/cache_shard.h"
#include "lsm/cache/cache_slot.h"

namespace varve::lsm {

namespace {

// Two rounds of a multiply-xorshift (Steele and Vigna): file numbers and offsets are small and regular.
uint64_t hash_key(const BlockKey& key) {
  uint64_t h = key.file.value * 0x9e3779b97f4a7c15u ^ key.offset;
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}

}  // namespace

// Hits are counted on a cache line of the thread's own, so that counting does not undo what the slots
// achieve.
struct BlockCache::HitCounters {
  static constexpr size_t kStripes = 32;
  struct alignas(64) Stripe {
    std::atomic<uint64_t> hits{0};
  };
  Stripe stripes[kStripes];

  void add() {
    static std::atomic<size_t> threads{0};
    thread_local const size_t stripe = threads.fetch_add(1, std::memory_order_relaxed) % kStripes;
    stripes[stripe].hits.fetch_add(1, std::memory_order_relaxed);
  }
};

CacheHandle CacheHandle::uncached(BlockBuffer block) {
  auto* slot = new CacheSlot;
  slot->standalone = true;
  slot->block = std::move(block);
  slot->meta.store(CacheSlot::published(0, 1), std::memory_order_release);
  return CacheHandle(slot, false);
}

Slice CacheHandle::bytes() const {
  DCHECK(slot_ != nullptr);
  return slot_->block.slice();
}

void CacheHandle::release() {
  if (slot_ == nullptr) return;
  CacheSlot* slot = std::exchange(slot_, nullptr);
  if (slot->standalone) {
    // acq_rel: the last handle frees what all others have read.
    const uint64_t before = slot->meta.fetch_add(CacheSlot::kRelease, std::memory_order_acq_rel);
    if (CacheSlot::references(before) == 1) {
      if (slot->account != nullptr)
        slot->account->fetch_sub(cache_charge(slot->block), std::memory_order_release);
      delete slot;
    }
    return;
  }
  if (loaded_) {
    // The handle of the load itself takes its acquire back, so that it leaves no mark on the clock.
    slot->meta.fetch_sub(CacheSlot::kAcquire, std::memory_order_release);
    return;
  }
  const uint64_t before = slot->meta.fetch_add(CacheSlot::kRelease, std::memory_order_release);
  if ((before & CacheSlot::kNearOverflow) == CacheSlot::kNearOverflow) [[unlikely]] {
    slot->meta.fetch_and(~CacheSlot::kNearOverflow, std::memory_order_relaxed);
  }
}

void CacheHandle::release_cold() {
  CacheSlot* slot = slot_;
  const bool cached = slot != nullptr && !slot->standalone;
  release();
  if (!cached) return;
  // The slot may hold another block by now, which would lose its count: a miss later, nothing worse.
  uint64_t meta = slot->meta.load(std::memory_order_relaxed);
  if ((meta & CacheSlot::kVisible) == 0 || CacheSlot::references(meta) != 0) return;
  slot->meta.compare_exchange_strong(meta, CacheSlot::published(0, 0), std::memory_order_relaxed);
}

BlockCache::BlockCache(const Options& options)
    : budget_bytes_(options.budget_bytes), hits_(std::make_unique<HitCounters>()) {
  constexpr uint64_t kShardBytes = 16 << 20;
  uint64_t shards = options.shards;
  if (shards == 0) shards = std::clamp<uint64_t>(std::bit_floor(budget_bytes_ / kShardBytes), 1, 64);
  CHECK(std::has_single_bit(shards));
  shard_mask_ = static_cast<uint32_t>(shards - 1);
  shards_ = std::make_unique<Shard[]>(shards);

  const uint64_t per_shard = budget_bytes_ / shards;
  const uint64_t blocks = per_shard / std::max<uint32_t>(options.expected_block_bytes, 64);
  const auto wanted = static_cast<uint64_t>(static_cast<double>(blocks) / Shard::kMaxLoad);
  const size_t slots = std::bit_ceil(std::max<uint64_t>(wanted, 16));
  const uint64_t overhead = slots * sizeof(CacheSlot);
  for (uint64_t i = 0; i < shards; ++i) {
    shards_[i].initialize(per_shard > overhead ? per_shard - overhead : 0, slots);
  }
}

BlockCache::~BlockCache() = default;

// The table inside a shard uses the low half and the step bits from 32 up; the shard takes the top.
BlockCache::Shard& BlockCache::shard_of(uint64_t hash) const { return shards_[hash >> 56 & shard_mask_]; }

CacheHandle BlockCache::lookup(BlockKey key) {
  const uint64_t hash = hash_key(key);
  CacheSlot* slot = shard_of(hash).find(key, hash);
  if (slot == nullptr) return {};
  hits_->add();
  return CacheHandle(slot, false);
}

Result<CacheHandle> BlockCache::load(BlockKey key, CachePriority priority, const Loader& load) {
  const uint64_t hash = hash_key(key);
  shard_of(hash).count_miss();
  VARVE_ASSIGN_OR_RETURN(const Shard::Loaded loaded, shard_of(hash).load_once(key, hash, priority, load));
  return CacheHandle(loaded.slot, loaded.first);
}

void BlockCache::put(BlockKey key, CachePriority priority, Slice block) {
  BlockBuffer copy(block.size());
  std::memcpy(copy.data(), block.data(), block.size());
  const uint64_t hash = hash_key(key);
  shard_of(hash).put(key, hash, priority, std::move(copy));
}

uint64_t BlockCache::budget_bytes() const { return budget_bytes_; }

uint64_t BlockCache::memory_bytes() const {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i <= shard_mask_; ++i) bytes += shards_[i].memory_bytes();
  return bytes;
}

BlockCache::Counters BlockCache::counters() const {
  Counters sum;
  for (const HitCounters::Stripe& stripe : hits_->stripes)
    sum.hits += stripe.hits.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i <= shard_mask_; ++i) {
    const Shard::Stats& stats = shards_[i].stats();
    sum.misses += stats.misses.load(std::memory_order_relaxed);
    sum.inserts += stats.inserts.load(std::memory_order_relaxed);
    sum.evictions += stats.evictions.load(std::memory_order_relaxed);
    sum.shared_loads += stats.shared_loads.load(std::memory_order_relaxed);
    sum.uncached += stats.uncached.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace varve::lsm
