// Capacity units (the developer guide's "read and write request units"): what an operation consumed, always accounted, never
// enforced here. Sizes are DynamoDB's item sizes (index::item_size_bytes), not bytes on disk.
//
// Threads: any (pure functions).
#pragma once

#include <algorithm>
#include <cstddef>

namespace varve::api::dynamo {

inline constexpr size_t kReadUnitBytes = 4096;
inline constexpr size_t kWriteUnitBytes = 1024;

// At least one unit, also for an item that is not there. Half for eventually consistent reads.
inline double read_units(size_t size_bytes, bool consistent) {
  const size_t units = std::max<size_t>(1, (size_bytes + kReadUnitBytes - 1) / kReadUnitBytes);
  return static_cast<double>(units) * (consistent ? 1.0 : 0.5);
}

// Of the larger of the item before and the item after.
inline double write_units(size_t old_size_bytes, size_t new_size_bytes) {
  const size_t size_bytes = std::max(old_size_bytes, new_size_bytes);
  return static_cast<double>(std::max<size_t>(1, (size_bytes + kWriteUnitBytes - 1) / kWriteUnitBytes));
}

}  // namespace varve::api::dynamo
