// PinnedValue: a value and what keeps its bytes alive: a cached block, a memtable, or nothing. No copy is made.
//
// The bytes stay good until reset(), reassignment or destruction. A pin holds a whole block or memtable in memory: copy
// what is kept long. Threads: one at a time, but may move between threads. Ownership: must not outlive the TreeSet that
// filled it.
#pragma once

#include <utility>

#include "base/slice.h"
#include "lsm/cache/block_cache.h"

namespace varve::lsm {

class PinnedValue {
 public:
  // Drops the reference that a pin holds on its owner.
  using Release = void (*)(const void* owner);

  PinnedValue() = default;
  PinnedValue(CacheHandle block, Slice value) : block_(std::move(block)), value_(value) {}
  // release(owner) is called once, when the pin ends.
  PinnedValue(const void* owner, Release release, Slice value)
      : owner_(owner), release_(release), value_(value) {}
  PinnedValue(PinnedValue&& other) noexcept
      : block_(std::move(other.block_)),
        owner_(std::exchange(other.owner_, nullptr)),
        release_(other.release_),
        value_(std::exchange(other.value_, {})) {}
  PinnedValue& operator=(PinnedValue&& other) noexcept {
    if (this != &other) {
      reset();
      block_ = std::move(other.block_);
      owner_ = std::exchange(other.owner_, nullptr);
      release_ = other.release_;
      value_ = std::exchange(other.value_, {});
    }
    return *this;
  }
  ~PinnedValue() { reset(); }

  Slice slice() const { return value_; }
  void reset() {
    value_ = {};
    block_.release();
    if (owner_ != nullptr) release_(std::exchange(owner_, nullptr));
  }

 private:
  CacheHandle block_;
  const void* owner_ = nullptr;
  Release release_ = nullptr;
  Slice value_;
};

}  // namespace varve::lsm
