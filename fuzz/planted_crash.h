// A crash that a fuzzer must find, to show that its target reaches where bugs would live. Off unless VARVE_PLANTED_CRASH is
// set; `./dev lab planted` sets it for every target.
//
// Each target calls reached() at its deepest place with a hash of what was decoded there; one hash in kRarity crashes, so it takes
// inputs that get that far, and many different ones.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace varve::fuzz {

inline constexpr uint64_t kRarity = 61;

inline void reached(uint64_t decoded_hash) {
  static const bool planted = std::getenv("VARVE_PLANTED_CRASH") != nullptr;
  if (!planted || decoded_hash % kRarity != 7) return;
  std::fprintf(stderr, "planted crash reached\n");
  std::abort();
}

}  // namespace varve::fuzz
