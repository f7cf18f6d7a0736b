// WriteBatch: the operations of one commit over any number of keyspaces, kept encoded as they go into the log record
// (partition/FORMAT.md), so that building one is the only copy before the log's own.
//
// An entry may end its key, or hold in its value, the commit's sequence number, which is known only when the log
// assigns it: put_with_sequence_* leave 8 bytes for it, filled in big-endian.
//
// Threads: one at a time. At most one operation per (keyspace, key).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::partition {

inline constexpr size_t kMaxKeyBytes = 16u << 10;
inline constexpr size_t kMaxValueBytes = 16u << 20;

class WriteBatch {
 public:
  enum class Operation : uint8_t { kPut = 1, kDelete = 2 };
  struct Entry {
    KeyspaceId keyspace;
    Operation operation;
    Slice key;
    Slice value;
  };

  void put(KeyspaceId keyspace, Slice key, Slice value);
  void remove(KeyspaceId keyspace, Slice key);
  // The key becomes prefix + the commit's sequence number (8 bytes, big-endian).
  void put_at_sequence(KeyspaceId keyspace, Slice prefix, Slice value);

  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  size_t bytes() const { return payload_.size(); }
  void clear();

  // The encoded payload and the offsets of its sequence slots, for the log.
  MutableSlice payload() { return {payload_.data(), payload_.size()}; }
  std::span<const uint32_t> sequence_slots() const { return slots_; }

  // Walks an encoded payload; stops at the first error the visitor returns. kCorruption for anything malformed.
  template <typename Visitor>
  static Status for_each(Slice payload, Visitor&& visit);
  // The next entry of a payload, advancing *rest; kCorruption when malformed.
  static Status parse_entry(Slice* rest, Entry* entry);

 private:
  void append(KeyspaceId keyspace, Operation operation, Slice key, Slice value, bool sequence_after_key);
  std::string payload_;
  std::vector<uint32_t> slots_;
  size_t count_ = 0;
};

template <typename Visitor>
Status WriteBatch::for_each(Slice payload, Visitor&& visit) {
  while (!payload.empty()) {
    Entry entry;
    VARVE_RETURN_IF_ERROR(parse_entry(&payload, &entry));
    VARVE_RETURN_IF_ERROR(visit(entry));
  }
  return {};
}

}  // namespace varve::partition
