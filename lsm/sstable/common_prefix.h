// The length of the common prefix of two byte strings, eight bytes at a step: the inner loop of block
// building and of the search inside a block.
#pragma once

#include <bit>

#include "base/coding.h"

namespace varve::lsm {

inline size_t common_prefix_length(Slice a, Slice b) {
  const size_t limit = a.size() < b.size() ? a.size() : b.size();
  size_t n = 0;
  for (; n + 8 <= limit; n += 8) {
    const uint64_t difference = load_little<uint64_t>(a.data() + n) ^ load_little<uint64_t>(b.data() + n);
    // Little-endian: the lowest set bit lies in the first byte that differs.
    if (difference != 0) return n + static_cast<size_t>(std::countr_zero(difference)) / 8;
  }
  while (n < limit && a[n] == b[n]) ++n;
  return n;
}

}  // namespace varve::lsm
