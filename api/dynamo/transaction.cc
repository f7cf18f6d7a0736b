#include "api/dynamo/transaction.h"

#include <algorithm>

#include "api/dynamo/constraints.h"

namespace varve::api::dynamo {

Failure check_transaction_length(size_t members, Slice path) {
  if (members == 0) return constraint_error("[]", path, min_length(1));
  if (members > kMaxTransactionItems)
    return constraint_error("[...]", path, max_length(kMaxTransactionItems));
  return std::nullopt;
}

Failure check_token(const std::optional<std::string>& token) {
  if (!token) return std::nullopt;
  if (token->empty()) return constraint_error(*token, "clientRequestToken", min_length(1));
  if (token->size() > kMaxTokenLength)
    return constraint_error(*token, "clientRequestToken", max_length(kMaxTokenLength));
  return std::nullopt;
}

Failure check_key_not_empty(const index::KeySchema& schema, const Item& item) {
  const auto is_empty = [&](const index::KeyAttribute& attribute, const AttributeValue* value) {
    return value != nullptr && value->is(attribute.type) && attribute.type != index::AttributeType::kNumber &&
           value->as_bytes().empty();
  };
  const AttributeValue* const partition = item.find(schema.partition.name);
  if (is_empty(schema.partition, partition))
    return failure_of(index::check_partition_key_value(schema.partition, *partition));
  if (!schema.sort) return std::nullopt;
  const AttributeValue* const sort = item.find(schema.sort->name);
  if (is_empty(*schema.sort, sort)) return failure_of(index::check_sort_key_value(*schema.sort, *sort));
  return std::nullopt;
}

Failure ItemsSeen::add(const partition::CommitKey& key) {
  if (seen_.emplace(key.keyspace.value, key.key).second) return std::nullopt;
  return validation_error("Transaction request cannot include multiple operations on one item");
}

Error canceled_at(size_t count, size_t position, const Error& error) {
  std::vector<CancellationReason> reasons(count);
  reasons[position] = {"ValidationError", error.message, nullptr};
  return transaction_canceled(std::move(reasons));
}

CancellationReason conflict_reason() {
  return {"TransactionConflict", transaction_conflict().message, nullptr};
}

void add_transaction_units(const ConsumedCapacity& consumed, std::vector<ConsumedCapacity>* sums) {
  auto sum = std::find_if(sums->begin(), sums->end(),
                          [&](const ConsumedCapacity& earlier) { return earlier.table == consumed.table; });
  if (sum == sums->end()) sum = sums->insert(sums->end(), {consumed.table, 0, {}});
  sum->add(consumed, kTransactionFactor);
}

}  // namespace varve::api::dynamo
