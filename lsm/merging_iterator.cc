#include "lsm/merging_iterator.h"

#include <algorithm>
#include <string>

#include "lsm/internal_key.h"
#include "lsm/memtable/skiplist.h"

namespace varve::lsm {

namespace {

class MergingIterator final : public InternalIterator {
 public:
  explicit MergingIterator(std::vector<std::unique_ptr<InternalIterator>> children)
      : children_(std::move(children)) {
    heap_.reserve(children_.size());
  }

  bool valid() const override { return !heap_.empty(); }
  void seek(Slice target) override {
    for (const auto& child : children_) child->begin_seek(target);
    for (bool under_way = true; under_way;) {
      under_way = false;
      for (const auto& child : children_) under_way = child->seek_step() || under_way;
    }
    rebuild(true, [](InternalIterator*) {});
  }
  void seek_for_prev(Slice target) override {
    rebuild(false, [target](InternalIterator* child) { child->seek_for_prev(target); });
  }
  void seek_to_first() override {
    rebuild(true, [](InternalIterator* child) { child->seek_to_first(); });
  }
  void seek_to_last() override {
    rebuild(false, [](InternalIterator* child) { child->seek_to_last(); });
  }
  void next() override {
    if (!forward_) turn(true);
    if (heap_.empty()) return;
    heap_.front().cursor->next();
    top_moved();
  }
  void prev() override {
    if (forward_) turn(false);
    if (heap_.empty()) return;
    heap_.front().cursor->prev();
    top_moved();
  }
  Slice key() const override { return heap_.front().key; }
  Slice value() const override { return heap_.front().cursor->value(); }
  bool warm() const override { return heap_.front().cursor->warm(); }
  Status status() const override { return status_; }

 private:
  struct Entry {
    uint64_t prefix;
    Slice key;
    InternalIterator* cursor;
    size_t index;  // of the child: orders equal keys, the same way at every seek
  };

  // Whether a comes out of the merge before b.
  bool before(const Entry& a, const Entry& b) const {
    if (a.prefix != b.prefix) return (a.prefix < b.prefix) == forward_;
    const int order = compare_internal(a.key, b.key);
    if (order != 0) return (order < 0) == forward_;
    return (a.index < b.index) == forward_;
  }
  static void load(Entry* entry) {
    entry->key = entry->cursor->key();
    entry->prefix = key_prefix(user_key_of(entry->key));
  }

  template <typename Position>
  void rebuild(bool forward, Position&& position) {
    forward_ = forward;
    status_ = {};
    heap_.clear();
    for (size_t i = 0; i < children_.size(); ++i) {
      InternalIterator* child = children_[i].get();
      position(child);
      if (child->valid()) {
        heap_.push_back({0, {}, child, i});
        load(&heap_.back());
      } else if (!fail_on_error(*child)) {
        return;
      }
    }
    make_heap();
  }
  // The current entry stays; every other child moves to the other side of it.
  void turn(bool forward) {
    const std::string here(heap_.front().key);
    const size_t current = heap_.front().index;
    forward_ = forward;
    heap_.clear();
    for (size_t i = 0; i < children_.size(); ++i) {
      InternalIterator* child = children_[i].get();
      if (i != current) {
        forward ? child->seek(here) : child->seek_for_prev(here);
        // An equal key of another child is on the side that the child's index says.
        if (child->valid() && child->key() == here && (i < current) == forward) {
          forward ? child->next() : child->prev();
        }
      }
      if (child->valid()) {
        heap_.push_back({0, {}, child, i});
        load(&heap_.back());
      } else if (!fail_on_error(*child)) {
        return;
      }
    }
    make_heap();
    DCHECK(heap_.front().index == current);
  }
  bool fail_on_error(const InternalIterator& child) {
    Status status = child.status();
    if (status.ok()) return true;
    status_ = std::move(status);
    heap_.clear();
    return false;
  }

  void make_heap() {
    for (size_t i = heap_.size() / 2; i-- > 0;) sift_down(i);
  }
  void top_moved() {
    Entry& top = heap_.front();
    if (top.cursor->valid()) {
      load(&top);
    } else {
      if (!fail_on_error(*top.cursor)) return;
      top = heap_.back();
      heap_.pop_back();
      if (heap_.empty()) return;
    }
    sift_down(0);
  }
  void sift_down(size_t at) {
    const size_t size = heap_.size();
    while (true) {
      size_t child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && before(heap_[child + 1], heap_[child])) ++child;
      if (!before(heap_[child], heap_[at])) return;
      std::swap(heap_[child], heap_[at]);
      at = child;
    }
  }

  std::vector<std::unique_ptr<InternalIterator>> children_;
  std::vector<Entry> heap_;
  bool forward_ = true;
  Status status_;
};

}  // namespace

std::unique_ptr<InternalIterator> make_merging_iterator(
    std::vector<std::unique_ptr<InternalIterator>> children) {
  if (children.size() == 1) return std::move(children.front());
  return std::make_unique<MergingIterator>(std::move(children));
}

}  // namespace varve::lsm
