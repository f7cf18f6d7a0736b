// The rules that TransactWriteItems, TransactGetItems and ExecuteTransaction share.
//
// Threads: any (pure functions; an ItemsSeen is its owner's).
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "index/key_schema.h"
#include "partition/store.h"

namespace varve::api::dynamo {

inline constexpr size_t kMaxTransactionItems = 100;
inline constexpr size_t kMaxTransactionBytes = 4u << 20;
// Of what a transaction writes, index entries and stream records included: it is one record of the log, which takes 96 MiB. Small changes of many
// large items can come to more.
inline constexpr size_t kMaxTransactionWriteBytes = 80u << 20;
inline constexpr size_t kMaxTokenLength = 36;
// A transaction's reads and writes cost twice as much as others.
inline constexpr double kTransactionFactor = 2;

// 1 to 100 members. path: the list's name in messages, "transactItems".
Failure check_transaction_length(size_t members, Slice path);
// ClientRequestToken: 1 to 36 bytes.
Failure check_token(const std::optional<std::string>& token);
// An empty key is refused before, and unlike, other keys that do not fit: as an error of the whole request.
Failure check_key_not_empty(const index::KeySchema& schema, const Item& item);

// The items of a transaction: no two members may be about one.
class ItemsSeen {
 public:
  // The key's bytes must outlive this.
  Failure add(const partition::CommitKey& key);

 private:
  std::set<std::pair<uint64_t, Slice>> seen_;
};

// The cancellation of a transaction of `count` members because of what one of them is.
Error canceled_at(size_t count, size_t position, const Error& error);
CancellationReason conflict_reason();

// Adds twice what an operation consumed to its table's sum, at the end of the list when it is its first.
void add_transaction_units(const ConsumedCapacity& consumed, std::vector<ConsumedCapacity>* sums);

}  // namespace varve::api::dynamo
