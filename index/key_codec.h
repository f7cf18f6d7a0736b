// Order-preserving byte encoding of keys: comparing encoded keys as byte strings compares the values (S and B
// by unsigned bytes, N by value). The bytes are specified in FORMAT.md.
//
//   component = escape(scalar bytes) 00 01     escape: 00 -> 00 FF; scalar bytes: S and B raw, N as Number::encode
//   tree key  = hash64(partition component) big-endian, partition component [sort component]
//
// A component ends at its first 00 01, whatever its type, so a tree key can be split without its schema.
// An index may have several partition and several sort components (index/index_schema.h), the hash then being of all its partition
// components together; and its key ends with the components of the item's key in the table (index/index_entry.h).
//
// Errors: decoding answers kCorruption. Threads: free functions; share nothing.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::index {

inline constexpr size_t kKeyHashBytes = 8;

// value must be S, N or B.
void append_key_component(const AttributeValue& value, std::string* out);
void append_key_component(const ValueView& value, std::string* out);
// Takes one component off the front of *input. The bytes must be exactly what append_key_component writes.
Result<AttributeValue> decode_key_component(AttributeType type, Slice* input);

// A tree key of any number of components: begin_tree_key, the partition components, finish_partition_prefix, the others.
void begin_tree_key(std::string* out);
void finish_partition_prefix(std::string* out);

std::string encode_tree_key(const AttributeValue& partition, const AttributeValue* sort);
std::string encode_tree_key(const PrimaryKey& key);
// The same into a buffer that the caller reuses: allocates only to grow it.
void assign_tree_key(const PrimaryKey& key, std::string* out);
// Refuses a hash that is not the partition component's.
Result<PrimaryKey> decode_tree_key(const KeySchema& schema, Slice tree_key);

// How many components follow the hash; nullopt when the bytes are not a hash and whole components.
std::optional<size_t> tree_key_components(Slice tree_key);

// The hash and the partition component: what every key of one item collection begins with, and what the
// partition-key filter is built on and probed with.
std::string encode_partition_prefix(const AttributeValue& partition);
// The length of the hash and the first component in a tree key, found without the schema; 0 when the bytes are no tree key. Of an index with
// several partition components too it is shared by a whole item collection, and by no other but for a collision of hashes.
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
// The same below any whole number of components: those keys that begin with `prefix` and whose next component meets the condition.
KeyRange range_below(const std::string& prefix, const SortCondition* condition);

// The tree keys of segment i of n of a parallel scan: an equal range of the hash.
KeyRange segment_range(uint32_t segment, uint32_t total_segments);

}  // namespace varve::index
