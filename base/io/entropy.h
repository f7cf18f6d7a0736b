// Unpredictable 64-bit numbers for identities (store and file uuids, log generations). Inside a simulation they come from the
// simulation's seed, so that a run repeats.
#pragma once

#include <cstdint>
#include <string>

namespace varve::io {

uint64_t random_id();  // never 0
// RFC 9562, version 4: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6".
std::string random_uuid();

}  // namespace varve::io
