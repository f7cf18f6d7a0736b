// EntryPoints: where walks through a skip list may begin, by the first bits of a key. A table's keys begin with a hash, so equal ranges of
// those bits hold about as many entries each: a node of the range before a key's is a few entries away, where the way down from the head passes
// a dozen nodes, most of them not in the processor's cache. Keys that share their first bits find no entry point, and begin at the head.
//
// Each slot stands for a range of key prefixes and holds a node of that range or an earlier one. The slots multiply as the list grows.
//
//   I1 A node in a slot is linked at all its levels, and lies before every key of the ranges after the slot's.
//
// Threads: all methods from any thread. Ownership: borrows the arena, where its slots are.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <new>

#include "lsm/memtable/arena.h"

namespace varve::lsm {

template <typename Node>
class EntryPoints {
 public:
  explicit EntryPoints(Arena* arena) : arena_(arena) {}

  // A node before every key of this prefix; null: none near it is known.
  Node* before(uint64_t prefix) const {
    // Acquire pairs with grow's release, and that of a slot with offer's.
    const Table* const table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return nullptr;
    const uint64_t range = prefix >> table->shift;
    for (uint64_t back = 1; back <= std::min(range, kRangesBack); ++back) {
      if (Node* const node = table->slots()[range - back].load(std::memory_order_acquire)) return node;
    }
    return nullptr;
  }

  // A node of this prefix was linked; the list has about so many entries.
  void offer(uint64_t prefix, Node* node, uint64_t entries) {
    Table* table = table_.load(std::memory_order_acquire);
    if (entries > (table == nullptr ? kFirstEntries : kEntriesOfSlot * table->size())) table = grow(table);
    if (table != nullptr) table->slots()[prefix >> table->shift].store(node, std::memory_order_release);
  }

 private:
  static constexpr uint64_t kRangesBack = 8;
  static constexpr uint64_t kFirstEntries = 1024;
  static constexpr uint64_t kFirstSlots = 256;
  static constexpr uint64_t kEntriesOfSlot = 8;  // as many and more: then there are four times as many slots
  static constexpr uint64_t kGrowth = 4;

  struct Table {
    uint64_t shift;  // of a prefix, to the slot of its range
    uint64_t size() const { return uint64_t{1} << (64 - shift); }
    std::atomic<Node*>* slots() { return reinterpret_cast<std::atomic<Node*>*>(this + 1); }
    const std::atomic<Node*>* slots() const { return reinterpret_cast<const std::atomic<Node*>*>(this + 1); }
  };

  // The greater table, or the old one while another thread makes it. What is offered to the old one meanwhile is only forgotten.
  Table* grow(Table* old) {
    if (growing_.exchange(true, std::memory_order_acquire)) return old;
    Table* table = table_.load(std::memory_order_acquire);
    if (table == old) {
      const uint64_t slots = old == nullptr ? kFirstSlots : kGrowth * old->size();
      table = new (arena_->allocate(sizeof(Table) + slots * sizeof(std::atomic<Node*>)))
          Table{static_cast<uint64_t>(64 - std::countr_zero(slots))};
      for (uint64_t i = 0; i < slots; ++i) new (&table->slots()[i]) std::atomic<Node*>(nullptr);
      for (uint64_t i = 0; old != nullptr && i < old->size(); ++i) {
        // In the last of the ranges that were one: in which of them it is, only the node knows.
        Node* const node = old->slots()[i].load(std::memory_order_acquire);
        table->slots()[kGrowth * i + kGrowth - 1].store(node, std::memory_order_relaxed);
      }
      table_.store(table, std::memory_order_release);
    }
    growing_.store(false, std::memory_order_release);
    return table;
  }

  Arena* const arena_;
  std::atomic<Table*> table_{nullptr};
  std::atomic<bool> growing_{false};
};

}  // namespace varve::lsm
