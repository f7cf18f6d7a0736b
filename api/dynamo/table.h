// Table: what the catalog knows of one table, immutable; and its bytes in the catalog (FORMAT.md beside this file).
//
// A table that is created, updated or deleted stays in that state until a moment that is fixed, and stored, with the change. Nothing has
// to happen at that moment: who looks later finds the table active, or gone. By default the moment is that of the change.
//
// Threads: const after construction, shared by all requests of the moment. A change of the table makes a new Table.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/expiry_floor.h"
#include "api/dynamo/table_requests.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::api::dynamo {

struct Transition {
  TableStatus status = TableStatus::kActive;
  uint64_t until_us = 0;  // wall clock
};

// The stream that records the changes of a table's items.
struct TableStream {
  uint64_t shard = 0;  // the open one
  KeyspaceId segment;  // its keyspace; found by its name, not stored
};

// How a table's items expire: index/expiry_entry.h.
struct TableExpiry {
  std::string attribute;
  uint64_t enabled_us = 0;
  bool filling = false;  // items from before it was enabled may still lack their entries
  KeyspaceId entries;    // found by its name, not stored
  // Not stored. Shared by all forms of the table, because whoever writes may know an older one than the sweep.
  std::shared_ptr<ExpiryFloor> floor = std::make_shared<ExpiryFloor>();
};

// The Kinesis destination of a table's changes: kinesis_queues.h.
struct TableDestination {
  std::string stream_arn;  // as it was given: told again, and used for nothing else
  uint64_t enabled_us = 0;
  bool microseconds = false;  // how records tell their time
  bool active = false;
  KeyspaceId queue;  // while active; found by its name, not stored
};

struct Table;
using TableRef = std::shared_ptr<const Table>;

// What took a table's place: a changed form of it, or nothing when it was deleted. Whoever writes items of a table makes the write
// depend on there being no successor (partition::WriteBatch::void_if), and starts again with the successor otherwise. So
// from the moment a table has a successor no write is applied that knows only the old form, with the indexes it had.
class Successor {
 public:
  Successor() = default;
  // A copy of a table is a form of its own, which nothing has replaced yet.
  Successor(const Successor&) {}
  Successor& operator=(const Successor&) = delete;

  // Once, before the successor is published. nullptr: deleted.
  void set(TableRef next) const {
    next_ = std::move(next);
    exists_.store(true, std::memory_order_release);
  }
  bool exists() const { return exists_.load(std::memory_order_acquire); }
  const std::atomic<bool>* flag() const { return &exists_; }
  // When it exists.
  const TableRef& get() const { return next_; }

 private:
  // Set after next_ (release); whoever sees it set (acquire) may read next_.
  mutable std::atomic<bool> exists_{false};
  mutable TableRef next_;
};

struct Table {
  TableDescription description;  // status kActive; item_count and size_bytes are not kept
  std::vector<Tag> tags;
  Transition transition;
  std::optional<ResourcePolicy> policy;
  // Keyspaces, found by their names, not stored: of the items, and of the entries of description.indexes, in their order.
  KeyspaceId items;
  std::vector<KeyspaceId> index_entries;
  std::optional<TableStream> stream;  // while one is enabled
  std::optional<TableExpiry> expiry;  // while time to live is enabled
  uint64_t expiry_changed_us = 0;     // when it was enabled or disabled; not stored, 0 after an open
  std::optional<TableDestination> destination;  // once there was one
  Successor successor;

  // Now. nullopt: the table was deleted and its time is over.
  std::optional<TableStatus> status() const;
  size_t index_count() const { return description.indexes.size(); }
  const IndexDescription& index(size_t i) const { return description.indexes[i]; }
  std::optional<size_t> find_index(Slice name) const;
  bool has_local_index() const;
};

// The form of a table that nothing has replaced yet; nullptr when it was deleted.
TableRef newest(TableRef table);

inline constexpr uint8_t kTableFormatVersion = 2;

std::string encode_table(const Table& table);
// Also of version 1, which had no sections. kCorruption for anything that encode_table would not have written. The keyspaces are left 0.
Result<Table> decode_table(Slice encoded);

}  // namespace varve::api::dynamo
