// AlignedBuffer: memory for direct I/O, aligned and sized to 4096 bytes. Owns its bytes; movable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/check.h"
#include "base/slice.h"

namespace varve::io {

inline constexpr size_t kIoAlignment = 4096;

constexpr uint64_t align_up(uint64_t n, uint64_t alignment = kIoAlignment) {
  return (n + alignment - 1) / alignment * alignment;
}
constexpr uint64_t align_down(uint64_t n, uint64_t alignment = kIoAlignment) {
  return n / alignment * alignment;
}

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  // Zeroed. size_bytes is rounded up to the alignment.
  explicit AlignedBuffer(size_t size_bytes);

  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  MutableSlice span() { return {bytes_.get(), size_}; }

 private:
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  std::unique_ptr<char, Free> bytes_;
  size_t size_ = 0;
};

}  // namespace varve::io
