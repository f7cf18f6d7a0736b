// SkipList: an ordered set of entries (internal key, value) in an arena. W. Pugh, "Skip Lists: A Probabilistic
// Alternative to Balanced Trees", CACM 33 (1990); lock-free insertion as in RocksDB's InlineSkipList (no removal, so a
// compare-and-swap per level is all it takes).
//
// Why insertion is concurrent and not under a short lock: several commits meet in one memtable (latch stripes, index
// trees), and on few cores the holder of a lock is preempted inside it often enough to show in the tail.
//
// A node carries the first eight bytes of its user key as one big-endian integer: most comparisons are one integer
// comparison in the cache line that the walk touches anyway.
//
//   I1 Order is that of compare_internal. A node once linked never moves, changes or goes.
//   I2 A node is linked bottom up: whoever finds it at any level may walk from it at every level below.
// A walk begins at an entry point near its key, where there is one, and climbs from there by the heights of the nodes it meets before it goes
// down (a finger search).
//
//   I3 The height of a node follows from its key and sequence alone, so the same history builds the same list.
//
// Threads: insert and all reads from any threads at once; a Cursor from one at a time. Ownership: borrows the arena.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/coding.h"
#include "base/ids.h"
#include "base/slice.h"
#include "lsm/internal_key.h"
#include "lsm/memtable/arena.h"
#include "lsm/memtable/entry_points.h"

namespace varve::lsm {

// The first eight bytes of a key as an integer that orders as the bytes do (short keys padded with zeros, so equal
// prefixes decide nothing).
inline uint64_t key_prefix(Slice key) {
  if (key.size() >= 8) return load_big64(key.data());
  char padded[8] = {};
  if (!key.empty()) std::memcpy(padded, key.data(), key.size());
  return load_big64(padded);
}

class SkipList {
 public:
  static constexpr int kMaxHeight = 12;  // branching 4: room for 4^12 = 16 million entries

  class Node {
   public:
    Slice internal_key() const { return {bytes(), size_t{key_size_} + kTrailerBytes}; }
    Slice user_key() const { return {bytes(), key_size_}; }
    uint64_t trailer() const { return load_little<uint64_t>(bytes() + key_size_); }
    Slice value() const { return {bytes() + key_size_ + kTrailerBytes, value_size_}; }

   private:
    friend class SkipList;
    // Acquire pairs with the release in SkipList::insert: what is reachable is wholly written.
    Node* next(int level) const { return links()[level].load(std::memory_order_acquire); }
    std::atomic<Node*>* links() { return reinterpret_cast<std::atomic<Node*>*>(this + 1); }
    const std::atomic<Node*>* links() const { return reinterpret_cast<const std::atomic<Node*>*>(this + 1); }
    char* bytes() { return reinterpret_cast<char*>(links() + height_); }
    const char* bytes() const { return reinterpret_cast<const char*>(links() + height_); }

    uint64_t prefix_;
    uint32_t value_size_;
    uint16_t key_size_;
    uint8_t height_;
    uint8_t unused_;
    // Then height_ links, the user key, the trailer, the value.
  };
  static_assert(sizeof(Node) == 16);

  class Approach;

  explicit SkipList(Arena* arena);
  SkipList(const SkipList&) = delete;
  SkipList& operator=(const SkipList&) = delete;

  // Precondition: user_key.size() <= kMaxUserKeyBytes, value.size() < 2^32.
  void insert(Slice user_key, uint64_t trailer, Slice value);

  // The first node at or after (user_key, trailer); null when there is none.
  const Node* seek(Slice user_key, uint64_t trailer) const;
  // The last node before (user_key, trailer); null when there is none.
  const Node* seek_before(Slice user_key, uint64_t trailer) const;
  const Node* first() const { return head_->next(0); }
  const Node* last() const;
  static const Node* after(const Node* node) { return node->next(0); }
  const Node* before(const Node* node) const { return seek_before(node->user_key(), node->trailer()); }
  // Whoever sees an entry counted finds it.
  uint64_t entries() const { return entries_.load(std::memory_order_acquire); }

 private:
  struct Target {
    uint64_t prefix;
    Slice user_key;
    uint64_t trailer;
  };
  // Where the way down to a target begins: a node before it, and at one level what follows that node, which is not before the target.
  struct Start {
    Node* at;
    int level;
    const Node* known_after;
  };
  Start start_for(const Target& target) const;
  Start head_start() const { return {head_, height_.load(std::memory_order_relaxed) - 1, nullptr}; }
  static bool is_before(const Node* node, const Target& target);
  static int height_for(const Target& target);
  Node* make_node(const Target& target, Slice value, int height);
  // Moves *previous and *next of one level, from a node known to be before the target, to both sides of the target.
  // known_after: a node that is not before the target, whose key need not be looked at again; null: none.
  static void find_gap(const Target& target, int level, Node* from, const Node* known_after, Node** previous,
                       Node** next);

  Arena* arena_;
  Node* head_;
  alignas(8) char head_bytes_[sizeof(Node) + kMaxHeight * sizeof(std::atomic<Node*>)];
  // Only a hint: a reader that sees an old height starts lower, and is right all the same.
  std::atomic<int> height_{1};
  std::atomic<uint64_t> entries_{0};
  EntryPoints<Node> entry_points_;
};

// Walks to the place of a key without looking at a node before the processor was asked to fetch it: between two steps there is time for
// something else, such as the steps of other walks. Several walks that take turns wait for memory together, where one after the other
// each step of each waits alone (as in O. Kocberber, B. Falsafi, B. Grot, "Asynchronous Memory Access Chaining", VLDB 2015). An insert
// of the key, or a seek, then finds its way in the cache.
//
// Threads: one; the list may change meanwhile. Borrows list and key.
class SkipList::Approach {
 public:
  Approach() = default;  // has arrived
  Approach(const SkipList& list, Slice user_key);
  // Goes on to the next node that has to be fetched. False once it has arrived.
  bool step();
  // When it has arrived: the first node at or after the key, as it was then; null when there was none.
  const Node* place() const { return next_; }

 private:
  Target target_{};
  const Node* at_ = nullptr;
  const Node* next_ = nullptr;
  const Node* known_after_ = nullptr;  // found not before the target one level up
  int level_ = 0;
  bool climbs_ = false;
};

}  // namespace varve::lsm
