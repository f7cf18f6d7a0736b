// Table: what the catalog knows of one table, immutable; and its bytes in the catalog (FORMAT.md beside this file).
//
// A table that is created, updated or deleted stays in that state until a moment that is fixed, and stored, with the change. Nothing has
// to happen at that moment: who looks later finds the table active, or gone. By default the moment is that of the change.
//
// Threads: const after construction, shared by all requests of the moment. A change of the table makes a new Table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

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
};

struct Table {
  TableDescription description;  // status kActive; item_count and size_bytes are not kept
  std::vector<Tag> tags;
  Transition transition;
  std::optional<ResourcePolicy> policy;
  KeyspaceId items;                   // the keyspace of the items; found by its name, not stored
  std::optional<TableStream> stream;  // while one is enabled
  std::optional<TableExpiry> expiry;  // while time to live is enabled

  // Now. nullopt: the table was deleted and its time is over.
  std::optional<TableStatus> status() const;
};
using TableRef = std::shared_ptr<const Table>;

inline constexpr uint8_t kTableFormatVersion = 2;

std::string encode_table(const Table& table);
// kCorruption for anything that encode_table would not have written. `items` is left 0.
Result<Table> decode_table(Slice encoded);

}  // namespace varve::api::dynamo
