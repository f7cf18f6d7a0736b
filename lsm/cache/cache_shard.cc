#include "lsm/cache/cache_shard.h"

#include <algorithm>

#include "base/check.h"

namespace varve::lsm {

BlockCache::Shard::~Shard() {
  CHECK(outside_.load(std::memory_order_acquire) == 0);
  for (size_t i = 0; i < slot_count_; ++i) {
    const uint64_t meta = slots_[i].meta.load(std::memory_order_acquire);
    CHECK((meta & CacheSlot::kVisible) == 0 || CacheSlot::references(meta) == 0);
  }
}

void BlockCache::Shard::initialize(uint64_t budget_bytes, size_t slots) {
  CHECK((slots & (slots - 1)) == 0);
  budget_ = budget_bytes;
  slot_count_ = slots;
  slot_mask_ = slots - 1;
  max_occupied_ = static_cast<uint64_t>(static_cast<double>(slots) * kMaxLoad);
  slots_ = std::make_unique<CacheSlot[]>(slots);
}

CacheSlot* BlockCache::Shard::find(const BlockKey& key, uint64_t hash) {
  size_t at = home(hash);
  for (size_t i = 0; i < slot_count_; ++i, at = (at + step(hash)) & slot_mask_) {
    CacheSlot* slot = &slots_[at];
    if ((slot->meta.load(std::memory_order_acquire) & CacheSlot::kVisible) != 0 &&
        slot->hash.load(std::memory_order_relaxed) == hash) {
      const uint64_t before = slot->meta.fetch_add(CacheSlot::kAcquire, std::memory_order_acquire);
      if ((before & CacheSlot::kVisible) != 0) {
        if (slot->key == key) return slot;
        slot->meta.fetch_sub(CacheSlot::kAcquire, std::memory_order_release);
      }
    }
    if (slot->displacements.load(std::memory_order_relaxed) == 0) return nullptr;
  }
  return nullptr;
}

Result<BlockCache::Shard::Loaded> BlockCache::Shard::load_once(const BlockKey& key, uint64_t hash,
                                                               CachePriority priority, const Loader& load) {
  std::shared_ptr<Flight> flight;
  {
    io::MutexLock lock(&mutex_);
    const auto other =
        std::find_if(flights_.begin(), flights_.end(), [&](const auto& f) { return f->key == key; });
    if (other != flights_.end()) {
      flight = *other;
      ++flight->waiters;
      while (!flight->done) flight->landed.wait(&mutex_);
      stats_.shared_loads.fetch_add(1, std::memory_order_relaxed);
      if (!flight->status.ok()) return flight->status;
      return Loaded{flight->slot, false};
    }
    // A flight that landed since the caller's search inserted before it left the list.
    if (CacheSlot* slot = find(key, hash)) return Loaded{slot, false};
    flight = std::make_shared<Flight>();
    flight->key = key;
    flights_.push_back(flight);
  }
  Result<BlockBuffer> block = load();
  const Status status = block.status();
  CacheSlot* slot = block.ok() ? insert(key, hash, std::move(block).value(), priority) : nullptr;

  io::MutexLock lock(&mutex_);
  std::erase(flights_, flight);
  flight->done = true;
  flight->status = status;
  flight->slot = slot;
  if (slot != nullptr) {
    slot->meta.fetch_add(flight->waiters * CacheSlot::kAcquire, std::memory_order_relaxed);
  }
  flight->landed.notify_all();
  if (slot == nullptr) return status;
  return Loaded{slot, true};
}

CacheSlot* BlockCache::Shard::publish(const BlockKey& key, uint64_t hash, BlockBuffer* block,
                                      CachePriority priority, uint64_t references) {
  if (!reserve(cache_charge(*block))) return nullptr;
  CacheSlot* slot = claim(hash);
  slot->key = key;
  slot->hash.store(hash, std::memory_order_relaxed);
  slot->block = std::move(*block);
  // Pairs with find's acquire.
  slot->meta.store(CacheSlot::published(static_cast<uint64_t>(priority), references),
                   std::memory_order_release);
  stats_.inserts.fetch_add(1, std::memory_order_relaxed);
  return slot;
}

CacheSlot* BlockCache::Shard::insert(const BlockKey& key, uint64_t hash, BlockBuffer block,
                                     CachePriority priority) {
  if (CacheSlot* slot = publish(key, hash, &block, priority, 1)) return slot;
  stats_.uncached.fetch_add(1, std::memory_order_relaxed);
  auto* slot = new CacheSlot;
  slot->standalone = true;
  slot->account = &outside_;
  outside_.fetch_add(cache_charge(block), std::memory_order_relaxed);
  slot->block = std::move(block);
  slot->meta.store(CacheSlot::published(0, 1), std::memory_order_release);
  return slot;
}

// Charges the bytes and one slot, making room first where needed; false, with nothing charged, when pins hold
// it all.
bool BlockCache::Shard::reserve(uint64_t charge) {
  if (charge > budget_ || max_occupied_ == 0) return false;
  const uint64_t usage = usage_.fetch_add(charge, std::memory_order_relaxed) + charge;
  const uint64_t occupied = occupied_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (usage <= budget_ && occupied <= max_occupied_) return true;
  if (evict_to_limits()) return true;
  usage_.fetch_sub(charge, std::memory_order_relaxed);
  occupied_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

CacheSlot* BlockCache::Shard::claim(uint64_t hash) {
  // reserve has charged a slot, so one in four is free; two claimers that chase each other still end.
  for (size_t at = home(hash);; at = (at + step(hash)) & slot_mask_) {
    CacheSlot* slot = &slots_[at];
    if ((slot->meta.load(std::memory_order_relaxed) & CacheSlot::kOccupied) == 0 &&
        (slot->meta.fetch_or(CacheSlot::kOccupied, std::memory_order_acquire) & CacheSlot::kOccupied) == 0) {
      return slot;
    }
    slot->displacements.fetch_add(1, std::memory_order_relaxed);
  }
}

bool BlockCache::Shard::evict_to_limits() {
  constexpr size_t kStride = 4;
  const size_t turns = (CacheSlot::kMaxClockCount + 1) * slot_count_;
  for (size_t steps = 0; steps < turns; steps += kStride) {
    const uint64_t begin = hand_.fetch_add(kStride, std::memory_order_relaxed);
    for (size_t i = 0; i < kStride; ++i) pass(&slots_[(begin + i) & slot_mask_]);
    if (usage_.load(std::memory_order_relaxed) <= budget_ &&
        occupied_.load(std::memory_order_relaxed) <= max_occupied_) {
      return true;
    }
  }
  return false;
}

void BlockCache::Shard::pass(CacheSlot* slot) {
  uint64_t meta = slot->meta.load(std::memory_order_relaxed);
  if ((meta & CacheSlot::kVisible) == 0 || CacheSlot::references(meta) != 0) return;
  const uint64_t count = std::min(CacheSlot::acquires(meta), CacheSlot::kMaxClockCount);
  if (count > 0) {
    // Losing the exchange means somebody used the block: then it may keep its count.
    slot->meta.compare_exchange_strong(meta, CacheSlot::published(count - 1, 0), std::memory_order_relaxed);
    return;
  }
  // Acquire pairs with the last release: its reader is done with the bytes.
  if (slot->meta.compare_exchange_strong(meta, CacheSlot::kOccupied, std::memory_order_acquire)) {
    free_claimed(slot);
  }
}

void BlockCache::Shard::free_claimed(CacheSlot* slot) {
  const uint64_t hash = slot->hash.load(std::memory_order_relaxed);
  const uint64_t charge = cache_charge(slot->block);
  slot->block = BlockBuffer();
  slot->meta.store(0, std::memory_order_release);
  for (size_t at = home(hash); &slots_[at] != slot; at = (at + step(hash)) & slot_mask_) {
    slots_[at].displacements.fetch_sub(1, std::memory_order_relaxed);
  }
  occupied_.fetch_sub(1, std::memory_order_relaxed);
  usage_.fetch_sub(charge, std::memory_order_relaxed);
  stats_.evictions.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace varve::lsm
