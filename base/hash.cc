#include "base/hash.h"

#include <xxhash.h>

#include "base/check.h"

namespace varve {

uint64_t hash64(Slice bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t hash64(Slice bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

Hasher::Hasher(uint64_t seed) : state_(XXH3_createState()) {
  CHECK(state_ != nullptr);
  XXH3_64bits_reset_withSeed(static_cast<XXH3_state_t*>(state_), seed);
}

Hasher::~Hasher() { XXH3_freeState(static_cast<XXH3_state_t*>(state_)); }

void Hasher::update(Slice bytes) {
  XXH3_64bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}

uint64_t Hasher::digest() const { return XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_)); }

}  // namespace varve
