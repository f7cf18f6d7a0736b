// Strong types for the integers that must not be mixed up. Each is a 64- or 32-bit count with comparison and
// explicit access only: id.value.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace varve {

template <typename Tag, typename Integer>
struct StrongId {
  Integer value = 0;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Integer v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr StrongId next() const { return StrongId(static_cast<Integer>(value + 1)); }
};

// One number per commit, store-wide, without gaps, from 1. 0 means "none".
using SequenceNumber = StrongId<struct SequenceNumberTag, uint64_t>;
inline constexpr SequenceNumber kNoSequence{0};
inline constexpr SequenceNumber kMaxSequence{std::numeric_limits<uint64_t>::max() >> 8};

using FileNumber = StrongId<struct FileNumberTag, uint64_t>;        // names files; never reused in a store
using TreeId = StrongId<struct TreeIdTag, uint64_t>;                // one LSM tree; never reused
using KeyspaceId = StrongId<struct KeyspaceIdTag, uint64_t>;        // one keyspace; never reused
using PartitionId = StrongId<struct PartitionIdTag, uint64_t>;      // one range of a keyspace
using SegmentNumber = StrongId<struct SegmentNumberTag, uint64_t>;  // one log segment, rising
using FrameNumber = StrongId<struct FrameNumberTag, uint64_t>;  // one log frame, rising within a generation

// 0 is the newest level of a tree (runs may overlap), 1 and deeper are sorted runs.
using Level = StrongId<struct LevelTag, uint32_t>;

// A byte position in the log.
struct LogPosition {
  SegmentNumber segment;
  uint64_t offset = 0;
  auto operator<=>(const LogPosition&) const = default;
};

}  // namespace varve

template <typename Tag, typename Integer>
struct std::hash<varve::StrongId<Tag, Integer>> {
  size_t operator()(const varve::StrongId<Tag, Integer>& id) const noexcept {
    return std::hash<Integer>()(id.value);
  }
};
