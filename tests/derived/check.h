// The check that everything derived from a table's items is what the items say, at one moment: each ACTIVE index, the expiry index, and
// the stream, replayed from its start. It may run while the table is written; only the thread that changes the table's indexes, time to
// live and stream may call it.
//
// What should be there is computed from the items with code of its own: it decodes items, and looks at the keys of index entries
// only to hold them against the order and uniqueness that queries rely on.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "api/dynamo/context.h"
#include "tests/api/stream_history.h"

namespace varve::derived {

// The table as it was when each of its streams began, by the stream's label: what a stream cannot say of items that it never mentions.
using Beginnings = std::map<std::string, api::TableContents>;

// How much a check has seen, so that a test can say that there was something to see.
struct Seen {
  uint64_t items = 0, index_entries = 0, expiry_entries = 0, records = 0, expired = 0;
};

inline constexpr char kTable[] = "History";
inline constexpr char kExpiryAttribute[] = "exp_at";

// The first difference; empty when there is none. Of an index that is being filled nothing is said. A beginning that is not
// known yet is what the stream, read backwards, makes of the table now, and is noted.
std::string difference(const api::dynamo::Context& context, Beginnings* beginnings, Seen* seen);

// Waits until what runs in the background has come to its end: indexes are filled, expired items gone. Empty, or what does not end.
std::string settle(const api::dynamo::Context& context);

}  // namespace varve::derived
