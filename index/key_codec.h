// Order-preserving byte encoding of keys: comparing encoded keys as byte strings compares the values (S and B
// by unsigned bytes, N by value). The bytes are specified in FORMAT.md.
//
//   component = escape(scalar bytes) 00 01     escape: 00 -> 00 FF; scalar bytes: S and B raw, N as Number::encode
//   tree key  = hash64(partition component) big-endian, partition component [sort component]
//
// A component ends at its first 00 01, whatever its type, so a tree key can be split without its schema.
// An index tree's key is such a key followed by the base table's components (index/entries, later).
//
// Errors: decoding answers kCorruption. Threads: free functions; share nothing.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"
#include "index/key_schema.h"

namespace varve::index {

inline constexpr size_t kKeyHashBytes = 8;

// value must be S, N or B.
void append_key_component(const AttributeValue& value, std::string* out);
// Takes one component off the front of *input. The bytes must be exactly what append_key_component writes.
Result<AttributeValue> decode_key_component(AttributeType type, Slice* input);

std::string encode_tree_key(const AttributeValue& partition, const AttributeValue* sort);
std::string encode_tree_key(const PrimaryKey& key);
// The same into a buffer that the caller reuses: allocates only to grow it.
void assign_tree_key(const PrimaryKey& key, std::string* out);
// Refuses a hash that is not the partition component's.
Result<PrimaryKey> decode_tree_key(const KeySchema& schema, Slice tree_key);

// The hash and the partition component: what every key of one item collection begins with, and what the
// partition-key filter is built on and probed with.
std::string encode_partition_prefix(const AttributeValue& partition);
// Its length in a tree key, found without the schema; 0 when the bytes are no tree key.
size_t partition_prefix_length(Slice tree_key);
uint64_t partition_hash(const AttributeValue& partition);

// Keys k with lower <= k < upper. An empty upper means no bound.
struct KeyRange {
  std::string lower;
  std::string upper;
  bool contains(Slice key) const { return key >= lower && (upper.empty() || key < upper); }
};

// The least byte string greater than every string that begins with prefix; empty when there is none (all FF).
std::string prefix_successor(Slice prefix);

enum class SortOperator : uint8_t {
  kEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kBetween,     // low <= sort <= high
  kBeginsWith,  // S and B only
};

struct SortCondition {
  SortOperator op = SortOperator::kEqual;
  AttributeValue low;   // the operand; the lower bound of kBetween
  AttributeValue high;  // kBetween only
  bool matches(const AttributeValue& sort) const;
};

// The tree keys of one item collection, all of it or those whose sort key meets the condition. lower >= upper when
// nothing can match.
KeyRange collection_range(const AttributeValue& partition, const SortCondition* condition);

// The tree keys of segment i of n of a parallel scan: an equal range of the hash.
KeyRange segment_range(uint32_t segment, uint32_t total_segments);

}  // namespace varve::index
