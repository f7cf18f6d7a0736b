// How much a test does: VARVE_TEST_SCALE=10 divides the seeds and sizes of the long ones (the sanitizer builds of `./dev check`
// set it), VARVE_SEED=n names the first seed of a random test, to run one again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace varve {

inline uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// At least one.
inline uint64_t scaled(uint64_t count) {
  return std::max<uint64_t>(count / from_environment("VARVE_TEST_SCALE", 1), 1);
}

inline uint64_t first_seed(uint64_t otherwise = 1) { return from_environment("VARVE_SEED", otherwise); }

}  // namespace varve
