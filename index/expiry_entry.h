// The entries of an expiry index: for each item whose time-to-live attribute is a number, a key that begins with that number, so that
// what expires first lies first. Bytes: index/FORMAT.md, "Expiry entry".
//
// Errors: decoding answers kCorruption. Threads: free functions; share nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/slice.h"
#include "index/item_view.h"
#include "index/key_codec.h"
#include "index/number.h"

namespace varve::index {

// An item whose time to live ended longer ago than this is not expired any more: it never is.
inline constexpr int64_t kMaxExpiredSeconds = 5 * 365 * 24 * 3600;

// The item's time to live in seconds since 1970; nullopt when the attribute is missing or no number.
std::optional<Number> time_to_live(const ItemView& item, Slice attribute);
// Whether an item with this time to live is expired at `now`.
bool is_expired(const Number& time_to_live, int64_t now_seconds);

std::string encode_expiry_key(const Number& time_to_live, Slice tree_key);

struct ExpiryEntry {
  Number time_to_live;
  Slice tree_key;  // of the item; borrows the key
};
Result<ExpiryEntry> decode_expiry_key(Slice key);

// The keys of the items that are expired at `now`, of those with a time to live from `from` on.
KeyRange expired_range(int64_t now_seconds, int64_t from_seconds = INT64_MIN);

}  // namespace varve::index
