#include "lsm/memtable/skiplist.h"

#include <new>

#include "base/hash.h"

namespace varve::lsm {

SkipList::SkipList(Arena* arena) : arena_(arena), head_(new(head_bytes_) Node) {
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

void SkipList::insert(Slice user_key, uint64_t trailer, Slice value) {
  const Target target{key_prefix(user_key), user_key, trailer};
  const int height = height_for(target);
  Node* node = make_node(target, value, height);

  int list_height = height_.load(std::memory_order_relaxed);
  while (height > list_height &&
         !height_.compare_exchange_weak(list_height, height, std::memory_order_relaxed)) {
  }
  if (height > list_height) list_height = height;

  Node* previous[kMaxHeight];
  Node* next[kMaxHeight];
  Node* from = head_;
  const Node* known_after = nullptr;  // found not before the target one level up
  for (int level = list_height - 1; level >= 0; --level) {
    find_gap(target, level, from, known_after, &previous[level], &next[level]);
    from = previous[level];
    known_after = next[level];
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
}

const SkipList::Node* SkipList::seek(Slice user_key, uint64_t trailer) const {
  const Target target{key_prefix(user_key), user_key, trailer};
  const Node* at = head_;
  const Node* known_after = nullptr;  // found not before the target one level up
  int level = height_.load(std::memory_order_relaxed) - 1;
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
  const Node* at = head_;
  const Node* known_after = nullptr;
  int level = height_.load(std::memory_order_relaxed) - 1;
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
      level_(list.height_.load(std::memory_order_relaxed) - 1) {
  next_ = at_->next(level_);
}

bool SkipList::Approach::step() {
  while (at_ != nullptr) {
    if (next_ != nullptr && next_ != known_after_ && is_before(next_, target_)) {
      at_ = next_;
    } else if (level_ == 0) {
      at_ = nullptr;
    } else {
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
