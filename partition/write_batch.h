// WriteBatch: the operations of one commit over any number of keyspaces, kept encoded as they go into the log record
// (partition/FORMAT.md), so that building one is the only copy before the log's own.
//
// An entry may hold the commit's sequence number in its key and the commit's time in its value. Both are known only when the log
// has given the record its place: the batch leaves 8 bytes for each, which the log fills in big-endian.
//
// A batch that an evaluation builds may rest on more than the images it is given: on what a catalog said, as tables and their indexes
// do. It names the flag by which that would be revoked (void_if), and Store::commit evaluates anew when the flag is set: no
// commit that reads the old state is applied after the flag was set.
//
// Threads: one at a time. At most one operation per (keyspace, key).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "wal/slot.h"

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
  // An entry of a keyspace that is a history: the key becomes the commit's sequence number (8 bytes) and the entry's ordinal
  // among the batch's put_stamped calls, from 0 (4 bytes, big-endian); the value becomes the commit's time (microseconds since 1970,
  // 8 bytes) and `value`.
  void put_stamped(KeyspaceId keyspace, Slice value);

  // The batch is void once *flag is set. A flag is set once and stays set; it outlives the batch's commit. The load pairs with the release
  // of whoever sets it.
  void void_if(const std::atomic<bool>* flag) {
    if (std::find(flags_.begin(), flags_.end(), flag) == flags_.end()) flags_.push_back(flag);
  }
  // This batch is void when the other one is: for who makes one of another's entries.
  void void_with(const WriteBatch& other) {
    for (const std::atomic<bool>* const flag : other.flags_) void_if(flag);
  }
  bool is_void() const {
    return std::any_of(flags_.begin(), flags_.end(),
                       [](const std::atomic<bool>* flag) { return flag->load(std::memory_order_acquire); });
  }

  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  size_t bytes() const { return payload_.size(); }
  void clear();

  // The encoded payload and its slots, for the log.
  MutableSlice payload() { return {payload_.data(), payload_.size()}; }
  std::span<const wal::Slot> slots() const { return slots_; }

  // Walks an encoded payload; stops at the first error the visitor returns. kCorruption for anything malformed.
  template <typename Visitor>
  static Status for_each(Slice payload, Visitor&& visit);
  // The next entry of a payload, advancing *rest; kCorruption when malformed.
  static Status parse_entry(Slice* rest, Entry* entry);

 private:
  void begin(KeyspaceId keyspace, Operation operation);
  void add_slot(wal::Slot::Kind kind);
  std::string payload_;
  std::vector<wal::Slot> slots_;
  std::vector<const std::atomic<bool>*> flags_;
  size_t count_ = 0;
  uint32_t stamped_ = 0;
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
