// Unpredictable 64-bit numbers for identities (store and file uuids, log generations). Inside a simulation they come from the
// simulation's seed, so that a run repeats.
#pragma once

#include <cstdint>

namespace varve::io {

uint64_t random_id();  // never 0

}  // namespace varve::io
