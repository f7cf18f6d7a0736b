// Which partition of a table's filter a hash belongs to. Part of the format: builder and reader must agree
// for ever.
//
// The partition is chosen by the hash times the golden ratio, so that what is left inside one partition still
// looks random to the policy, which uses the plain hash.
#pragma once

#include <cstdint>

namespace varve::lsm {

// Uniform in [0, partitions): Lemire's multiply-shift in place of a modulo.
inline uint32_t filter_partition_of(uint64_t hash, uint32_t partitions) {
  const uint64_t mixed = hash * 0x9e3779b97f4a7c15u;
  return static_cast<uint32_t>((static_cast<unsigned __int128>(mixed) * partitions) >> 64);
}

}  // namespace varve::lsm
