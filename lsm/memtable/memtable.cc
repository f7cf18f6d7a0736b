#include "lsm/memtable/memtable.h"

namespace varve::lsm {

namespace {

class MemtableIterator final : public InternalIterator {
 public:
  explicit MemtableIterator(const SkipList* list) : list_(list) {}
  bool valid() const override { return node_ != nullptr; }
  void seek(Slice target) override { node_ = list_->seek(user_key_of(target), trailer_of(target)); }
  void seek_for_prev(Slice target) override {
    // seek_before is strict, and only the next trailer down (or an absent one) comes after the target itself.
    node_ = list_->seek(user_key_of(target), trailer_of(target));
    if (node_ != nullptr && node_->internal_key() == target) return;
    node_ = list_->seek_before(user_key_of(target), trailer_of(target));
  }
  void seek_to_first() override { node_ = list_->first(); }
  void seek_to_last() override { node_ = list_->last(); }
  void next() override { node_ = SkipList::after(node_); }
  void prev() override { node_ = list_->before(node_); }
  Slice key() const override { return node_->internal_key(); }
  Slice value() const override { return node_->value(); }
  Status status() const override { return {}; }

 private:
  const SkipList* list_;
  const SkipList::Node* node_ = nullptr;
};

}  // namespace

void Memtable::insert(SequenceNumber sequence, ValueKind kind, Slice key, Slice value) {
  CHECK(key.size() <= kMaxUserKeyBytes);
  CHECK(sequence < kMaxSequence);
  uint64_t oldest = oldest_sequence_.load(std::memory_order_relaxed);
  while (sequence.value < oldest &&
         !oldest_sequence_.compare_exchange_weak(oldest, sequence.value, std::memory_order_acq_rel)) {
  }
  list_.insert(key, pack_trailer(sequence, kind), value);
}

bool Memtable::get(const LookupKey& key, Found* found) const {
  const SkipList::Node* node = list_.seek(key.user_key, pack_seek_trailer(key.snapshot));
  if (node == nullptr || node->user_key() != key.user_key) return false;
  const uint64_t trailer = node->trailer();
  *found = {trailer_sequence(trailer), trailer_kind(trailer), node->value()};
  return true;
}

std::unique_ptr<InternalIterator> Memtable::iterate() const {
  return std::make_unique<MemtableIterator>(&list_);
}

}  // namespace varve::lsm
