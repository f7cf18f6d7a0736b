#include "base/io/aligned_buffer.h"

#include <cstring>

namespace varve::io {

AlignedBuffer::AlignedBuffer(size_t size_bytes) : size_(align_up(size_bytes)) {
  if (size_ == 0) return;
  bytes_.reset(static_cast<char*>(std::aligned_alloc(kIoAlignment, size_)));
  // As bad_alloc elsewhere: callers bound the size first, so this is a machine without memory.
  CHECK(bytes_ != nullptr);
  std::memset(bytes_.get(), 0, size_);
}

}  // namespace varve::io
