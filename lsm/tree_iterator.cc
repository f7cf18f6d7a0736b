#include "lsm/tree_iterator.h"

#include <string>

#include "lsm/internal_key.h"

namespace varve::lsm {

namespace {

// Hidden versions passed one by one before a seek jumps over the rest of them.
constexpr int kStepsBeforeSeek = 8;

class TreeIteratorImpl final : public TreeIterator {
 public:
  TreeIteratorImpl(const TreeState* state, std::unique_ptr<InternalIterator> cursor, const Bounds& bounds,
                   SequenceNumber snapshot)
      : state_(state), cursor_(std::move(cursor)), bounds_(bounds), snapshot_(snapshot) {}
  ~TreeIteratorImpl() override {
    cursor_.reset();
    state_->unref();
  }

  bool valid() const override { return valid_; }
  void seek_to_first() override { seek(bounds_.lower); }
  void seek_to_last() override {
    if (bounds_.upper) {
      // Strictly before the upper bound: every version of it sorts after this target.
      internal_target(*bounds_.upper, kMaxSequence);
      cursor_->seek_for_prev(target_);
    } else {
      cursor_->seek_to_last();
    }
    find_backward();
  }
  void seek(Slice key) override {
    if (key < bounds_.lower) key = bounds_.lower;
    internal_target(key, snapshot_);
    cursor_->seek(target_);
    find_forward(false);
  }
  void seek_for_prev(Slice key) override {
    if (bounds_.upper && key >= *bounds_.upper) return seek_to_last();
    // After every version of the key: sequence 0, smallest kind.
    target_.assign(key);
    char trailer[kTrailerBytes] = {};
    target_.append(trailer, sizeof(trailer));
    cursor_->seek_for_prev(target_);
    find_backward();
  }
  void next() override {
    if (forward_) {
      saved_key_.assign(user_key_of(cursor_->key()));
      cursor_->next();
    } else if (!cursor_->valid()) {
      // The cursor ran off the front while the current entry was gathered.
      if (failed()) return;
      internal_target(saved_key_, kMaxSequence);
      cursor_->seek(target_);
    } else {
      cursor_->next();  // from the last entry of the key before, onto the current key
    }
    find_forward(true);
  }
  void prev() override {
    if (forward_) {
      // Back to before every version of the current key.
      saved_key_.assign(user_key_of(cursor_->key()));
      while (true) {
        cursor_->prev();
        if (!cursor_->valid()) break;
        if (user_key_of(cursor_->key()) != saved_key_) break;
      }
    }
    find_backward();
  }
  Slice key() const override { return forward_ ? user_key_of(cursor_->key()) : Slice(saved_key_); }
  Slice value() const override { return forward_ ? cursor_->value() : Slice(saved_value_); }
  SequenceNumber sequence() const override {
    return forward_ ? sequence_of(cursor_->key()) : saved_sequence_;
  }
  Status status() const override { return cursor_->status(); }

 private:
  void internal_target(Slice key, SequenceNumber sequence) {
    target_.clear();
    append_internal_key(&target_, key, pack_seek_trailer(sequence));
  }
  bool failed() {
    if (cursor_->status().ok()) return false;
    valid_ = false;
    return true;
  }

  // From the cursor's place onward to the first visible entry. With skip, entries of saved_key_ are behind us.
  void find_forward(bool skip) {
    forward_ = true;
    valid_ = false;
    int steps = 0;
    while (cursor_->valid()) {
      const Slice entry = cursor_->key();
      const Slice key = user_key_of(entry);
      if (bounds_.upper && key >= *bounds_.upper) return;
      const uint64_t trailer = trailer_of(entry);
      const bool passed = skip && key == saved_key_;
      if (!passed && trailer_sequence(trailer) <= snapshot_) {
        if (trailer_kind(trailer) != ValueKind::kDelete) {
          valid_ = true;
          return;
        }
        saved_key_.assign(key);  // the tombstone hides what follows of this key
        skip = true;
        steps = 0;
      } else if (++steps > kStepsBeforeSeek) {
        steps = 0;
        if (passed) {
          target_.assign(saved_key_);
          target_.append(kTrailerBytes, '\0');  // after every version
        } else {
          const std::string copy(key);
          internal_target(copy, snapshot_);
        }
        cursor_->seek(target_);
        continue;
      }
      cursor_->next();
    }
  }

  // From the cursor's place backward: versions come oldest first, so each one at or below the snapshot replaces the
  // one gathered before it, until the key changes.
  void find_backward() {
    forward_ = false;
    valid_ = false;
    bool live = false;
    while (cursor_->valid()) {
      const Slice entry = cursor_->key();
      const Slice key = user_key_of(entry);
      if (live && key != saved_key_) break;
      if (key < bounds_.lower) break;
      const uint64_t trailer = trailer_of(entry);
      if (trailer_sequence(trailer) <= snapshot_) {
        if (trailer_kind(trailer) == ValueKind::kDelete) {
          live = false;
        } else {
          live = true;
          saved_key_.assign(key);
          const Slice value = cursor_->value();
          saved_value_.assign(value);
          saved_sequence_ = trailer_sequence(trailer);
        }
      }
      cursor_->prev();
    }
    if (!cursor_->valid() && failed()) return;
    valid_ = live;
  }

  const TreeState* state_;
  std::unique_ptr<InternalIterator> cursor_;
  Bounds bounds_;
  SequenceNumber snapshot_;
  bool valid_ = false;
  // Forward: the cursor is at the current entry. Backward: the cursor is before every version of the current key,
  // which is saved.
  bool forward_ = true;
  std::string saved_key_, saved_value_, target_;
  SequenceNumber saved_sequence_;
};

}  // namespace

std::unique_ptr<TreeIterator> make_tree_iterator(const TreeState* state,
                                                 std::unique_ptr<InternalIterator> cursor,
                                                 const Bounds& bounds, SequenceNumber snapshot) {
  return std::make_unique<TreeIteratorImpl>(state, std::move(cursor), bounds, snapshot);
}

}  // namespace varve::lsm
