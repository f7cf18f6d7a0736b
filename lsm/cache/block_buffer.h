// BlockBuffer: the bytes of one block in memory, owned, aligned to a cache line (filters are probed a line at
// a time).
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "base/slice.h"

namespace varve::lsm {

class BlockBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  BlockBuffer() = default;
  // Not zeroed: the caller fills it.
  explicit BlockBuffer(size_t size_bytes)
      : bytes_(static_cast<char*>(::operator new(size_bytes, std::align_val_t(kAlignment)))),
        size_(size_bytes) {}
  BlockBuffer(BlockBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  BlockBuffer& operator=(BlockBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  Slice slice() const { return {bytes_.get(), size_}; }
  // Forgets the bytes after the first size_bytes; their memory stays with the buffer.
  void shrink(size_t size_bytes) { size_ = size_bytes < size_ ? size_bytes : size_; }

 private:
  struct Free {
    void operator()(char* p) const { ::operator delete(p, std::align_val_t(kAlignment)); }
  };
  std::unique_ptr<char, Free> bytes_;
  size_t size_ = 0;
};

}  // namespace varve::lsm
