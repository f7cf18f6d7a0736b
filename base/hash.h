// The one hash of Varve: XXH3 (64 bits), https://xxhash.com. Used for checksums of every byte on disk, for filters and
// for partition-key hashes. Its version is stored in the superblock as hash id 1; changing it is a format change.
#pragma once

#include "base/slice.h"

namespace varve {

inline constexpr uint32_t kHashIdXxh3 = 1;

uint64_t hash64(Slice bytes);
uint64_t hash64(Slice bytes, uint64_t seed);

// A hash over pieces that are not contiguous; equals hash64 of their concatenation with the same seed.
class Hasher {
 public:
  explicit Hasher(uint64_t seed = 0);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void update(Slice bytes);
  uint64_t digest() const;

 private:
  void* state_;
};

}  // namespace varve
