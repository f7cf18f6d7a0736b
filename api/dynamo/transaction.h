// The rules that TransactWriteItems and TransactGetItems share.
//
// Threads: any (pure functions).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

inline constexpr size_t kMaxTransactionItems = 100;
inline constexpr size_t kMaxTransactionBytes = 4u << 20;
inline constexpr size_t kMaxTokenLength = 36;
// A transaction's reads and writes cost twice as much as others.
inline constexpr double kTransactionFactor = 2;

// 1 to 100 members.
Failure check_transaction_length(size_t members);
// ClientRequestToken: 1 to 36 bytes.
Failure check_token(const std::optional<std::string>& token);
// An empty key is refused before, and unlike, other keys that do not fit: as an error of the whole request.
Failure check_key_not_empty(const index::KeySchema& schema, const Item& item);
Error same_item_twice();

// The cancellation of a transaction of `count` members because of what one of them is.
Error canceled_at(size_t count, size_t position, const Error& error);
CancellationReason conflict_reason();

// Adds units to the table's sum, at the end of the list when it is its first.
void add_units(const std::string& table, double units, std::vector<ConsumedCapacity>* sums);

}  // namespace varve::api::dynamo
