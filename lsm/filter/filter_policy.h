// FilterPolicy: how a set of 64-bit hashes is stored so that "surely absent" can be told without a disk read.
// One small interface, so that another structure (ribbon, xor, cuckoo) is one more class and one more row in
// the bench.
//
// A filter is built from hashes, never from keys: hash64(user key) for a point read, prefix_filter_hash for a
// prefix. The table splits a large set into partitions by a remixed hash and asks the policy for each
// partition alone, all of the same size (lsm/sstable/FORMAT.md, "Filter").
//
//   I1 No false negative: may_contain(f, h) is true for every h that f was built from.
//   I2 may_contain answers true for bytes it cannot read (wrong length, unknown parameters): a damaged filter
//   may cost
//      time, never an answer. Checksums find damage before this is asked.
//
// Threads: a policy is immutable and shared freely. Ownership: policies outlive the tables that use them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "base/slice.h"

namespace varve::lsm {

class FilterPolicy {
 public:
  virtual ~FilterPolicy() = default;
  // Stored in the table; never reused for another layout. 0 means no filter.
  virtual uint8_t id() const = 0;
  virtual std::string_view name() const = 0;
  // Bytes for a filter over `count` hashes; > 0.
  virtual size_t size_bytes(size_t count) const = 0;
  // Fills `out`, whose size is size_bytes(n) for an n near hashes.size(): partitions share one size.
  virtual void build(std::span<const uint64_t> hashes, MutableSlice out) const = 0;
  virtual bool may_contain(Slice filter, uint64_t hash) const = 0;
};

// The hash under which a key prefix enters a filter, kept apart from that of a whole key of the same bytes.
inline constexpr uint64_t kPrefixHashSeed = 0x7061727469746e01u;
inline uint64_t prefix_filter_hash(Slice prefix) { return hash64(prefix, kPrefixHashSeed); }

// The length of the prefix of user_key that enters the filter (in Varve: the partition key's part), or 0 for
// none. Must be pure: builder and prober have to agree for ever, so a new rule needs a new feature bit.
using PrefixExtractor = size_t (*)(Slice user_key);

// The policy that reads filters stored under this id, whatever bits per key they were built with; null when
// this build has none, and then the table is read as if it had no filter.
const FilterPolicy* filter_policy_for_id(uint8_t id);

}  // namespace varve::lsm
