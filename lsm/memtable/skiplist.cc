#include "lsm/memtable/skiplist.h"

#include <algorithm>
#include <new>

#include "base/hash.h"

namespace varve::lsm {

namespace {

// Of the nodes, every fourth: with as few steps more a walk finds as good an entry point, and three of four inserts need not tell.
constexpr int kEntryPointHeight = 2;

}  // namespace

SkipList::SkipList(Arena* arena) : arena_(arena), head_(new(head_bytes_) Node), entry_points_(arena) {
  head_->prefix_ = 0;
  head_->value_size_ = 0;
  head_->key_size_ = 0;
  head_->height_ = kMaxHeight;
  head_->unused_ = 0;
  for (int i = 0; i < kMaxHeight; ++i) new (&head_->links()[i]) std::atomic<Node*>(nullptr);
}

bool SkipList::is_before(const Node* node, const Target& target) {
  if (node->prefix_ != target.prefix) return node->prefix_ < target.prefix;
  const Slice key = node->user_key();
  const size_t common = key.size() < target.user_key.size() ? key.size() : target.user_key.size();
  if (common > 8) {  // the prefixes are equal, so the first eight bytes are
    const int order = std::memcmp(key.data() + 8, target.user_key.data() + 8, common - 8);
    if (order != 0) return order < 0;
  }
  if (key.size() != target.user_key.size()) return key.size() < target.user_key.size();
  return node->trailer() > target.trailer;  // newer first
}

int SkipList::height_for(const Target& target) {
  // splitmix64's finalizer over the hash of the key and the trailer; two bits a level. Of the whole key: the entries of one batch have one
  // trailer and may have one prefix, and a run of equal heights is a linked list.
  uint64_t z = hash64(target.user_key) + target.trailer * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  int height = 1;
  while (height < kMaxHeight && (z & 3) == 0) {
    ++height;
    z >>= 2;
  }
  return height;
}

SkipList::Node* SkipList::make_node(const Target& target, Slice value, int height) {
  const size_t links = static_cast<size_t>(height) * sizeof(std::atomic<Node*>);
  const size_t total = sizeof(Node) + links + target.user_key.size() + kTrailerBytes + value.size();
  Node* node = new (arena_->allocate(total)) Node;
  node->prefix_ = target.prefix;
  node->value_size_ = static_cast<uint32_t>(value.size());
  node->key_size_ = static_cast<uint16_t>(target.user_key.size());
  node->height_ = static_cast<uint8_t>(height);
  node->unused_ = 0;
  for (int i = 0; i < height; ++i) new (&node->links()[i]) std::atomic<Node*>(nullptr);
  char* out = node->bytes();
  if (!target.user_key.empty()) std::memcpy(out, target.user_key.data(), target.user_key.size());
  out += target.user_key.size();
  store_little(out, target.trailer);
  if (!value.empty()) std::memcpy(out + kTrailerBytes, value.data(), value.size());
  return node;
}

void SkipList::find_gap(const Target& target, int level, Node* from, const Node* known_after, Node** previous,
                        Node** next) {
  while (true) {
    Node* candidate = from->next(level);
    if (candidate == nullptr || candidate == known_after || !is_before(candidate, target)) {
      *previous = from;
      *next = candidate;
      return;
    }
    from = candidate;
  }
}

SkipList::Start SkipList::start_for(const Target& target) const {
  Node* at = entry_points_.before(target.prefix);
  if (at == nullptr) return head_start();
  // A node's own height is where its way on may go up.
  int level = at->height_ - 1;
  while (true) {
    Node* const next = at->next(level);
    if (next == nullptr || !is_before(next, target)) return {at, level, next};
    at = next;
    level = at->height_ - 1;
  }
}

void SkipList::insert(Slice user_key, uint64_t trailer, Slice value) {
  const Target target{key_prefix(user_key), user_key, trailer};
  const int height = height_for(target);
  Node* node = make_node(target, value, height);

  int list_height = height_.load(std::memory_order_relaxed);
  while (height > list_height &&
         !height_.compare_exchange_weak(list_height, height, std::memory_order_relaxed)) {
  }

  Start start = start_for(target);
  if (start.level < height - 1) start = {head_, std::max(list_height, height) - 1, nullptr};
  Node* previous[kMaxHeight];
  Node* next[kMaxHeight];
  for (int level = start.level; level >= 0; --level) {
    find_gap(target, level, start.at, start.known_after, &previous[level], &next[level]);
    start.at = previous[level];
    start.known_after = next[level];
  }
  for (int level = 0; level < height; ++level) {
    while (true) {
      node->links()[level].store(next[level], std::memory_order_relaxed);
      // Release pairs with Node::next's acquire. Failure means that another insert took the gap: look again from
      // where we were, which is still before the target.
      if (previous[level]->links()[level].compare_exchange_strong(
              next[level], node, std::memory_order_release, std::memory_order_relaxed)) {
        break;
      }
      find_gap(target, level, previous[level], nullptr, &previous[level], &next[level]);
    }
  }
  const uint64_t entries = entries_.fetch_add(1, std::memory_order_release) + 1;
  if (height >= kEntryPointHeight) entry_points_.offer(target.prefix, node, entries);
}

const SkipList::Node* SkipList::seek(Slice user_key, uint64_t trailer) const {
  const Target target{key_prefix(user_key), user_key, trailer};
  const Start start = start_for(target);
  const Node* at = start.at;
  const Node* known_after = start.known_after;  // found not before the target one level up
  int level = start.level;
  while (true) {
    const Node* next = at->next(level);
    if (next != nullptr) __builtin_prefetch(next->links() + level);
    if (next != nullptr && next != known_after && is_before(next, target)) {
      at = next;
    } else {
      if (level == 0) return next;
      known_after = next;
      --level;
    }
  }
}

const SkipList::Node* SkipList::seek_before(Slice user_key, uint64_t trailer) const {
  const Target target{key_prefix(user_key), user_key, trailer};
  const Start start = start_for(target);
  const Node* at = start.at;
  const Node* known_after = start.known_after;
  int level = start.level;
  while (true) {
    const Node* next = at->next(level);
    if (next != nullptr && next != known_after && is_before(next, target)) {
      at = next;
    } else {
      if (level == 0) return at == head_ ? nullptr : at;
      known_after = next;
      --level;
    }
  }
}

const SkipList::Node* SkipList::last() const {
  const Node* at = head_;
  int level = height_.load(std::memory_order_relaxed) - 1;
  while (true) {
    const Node* next = at->next(level);
    if (next != nullptr) {
      at = next;
    } else {
      if (level == 0) return at == head_ ? nullptr : at;
      --level;
    }
  }
}

SkipList::Approach::Approach(const SkipList& list, Slice user_key)
    : target_{key_prefix(user_key), user_key, pack_seek_trailer(kMaxSequence)},
      at_(list.head_),
      next_(list.entry_points_.before(target_.prefix)),
      climbs_(next_ != nullptr) {
  if (climbs_) {
    __builtin_prefetch(next_);  // the first step finds it before the target, and its level
  } else {
    level_ = list.height_.load(std::memory_order_relaxed) - 1;
    next_ = at_->next(level_);
  }
}

bool SkipList::Approach::step() {
  while (at_ != nullptr) {
    if (next_ != nullptr && next_ != known_after_ && is_before(next_, target_)) {
      at_ = next_;
      if (climbs_) level_ = at_->height_ - 1;
    } else if (level_ == 0) {
      at_ = nullptr;
    } else {
      climbs_ = false;
      known_after_ = next_;
      --level_;
    }
    if (at_ == nullptr) return false;
    next_ = at_->next(level_);
    if (next_ == nullptr || next_ == known_after_) continue;
    // The head of a node, with its key's prefix, and its link: not always in one cache line.
    __builtin_prefetch(next_);
    __builtin_prefetch(next_->links() + level_);
    return true;
  }
  return false;
}

}  // namespace varve::lsm
