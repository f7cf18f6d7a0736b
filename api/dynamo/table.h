// Table: what the catalog knows of one table, immutable; and its bytes in the catalog (FORMAT.md beside this file).
//
// Threads: const after construction, shared by all requests of the moment. A change of the table makes a new Table.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/table_requests.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::api::dynamo {

struct Table {
  TableDescription description;  // status kActive; item_count and size_bytes are not kept
  std::vector<Tag> tags;
  KeyspaceId items;  // the keyspace of the items; found by its name, not stored
};
using TableRef = std::shared_ptr<const Table>;

inline constexpr uint8_t kTableFormatVersion = 1;

std::string encode_table(const Table& table);
// kCorruption for anything that encode_table would not have written. `items` is left 0.
Result<Table> decode_table(Slice encoded);

}  // namespace varve::api::dynamo
