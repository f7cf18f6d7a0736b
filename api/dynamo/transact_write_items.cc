// TransactWriteItems: up to 100 puts, updates, deletes and checks over many tables, all or nothing, in one commit. The items are
// claimed before they are read and until the outcome is told, so that whoever else would write one meanwhile is refused, as in
// DynamoDB, and the transaction is not held up by them.
#include <algorithm>
#include <set>

#include "api/dynamo/capacity.h"
#include "api/dynamo/item_write.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/parameters.h"
#include "api/dynamo/transaction.h"
#include "api/dynamo/transaction_tokens.h"
#include "base/coding.h"
#include "base/hash.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

// Calls use(request) with the action's one member.
template <typename Use>
auto with_member(const TransactWrite& action, const Use& use) {
  if (action.condition_check) return use(*action.condition_check);
  if (action.put) return use(*action.put);
  if (action.update) return use(*action.update);
  return use(*action.remove);
}

const Item& item_of(const PutItemRequest& request) { return request.item; }
const Item& item_of(const UpdateItemRequest& request) { return request.key; }
const Item& item_of(const DeleteItemRequest& request) { return request.key; }
const Item& item_of(const ConditionCheckRequest& request) { return request.key; }

const WriteRequestBase& base_of(const TransactWrite& action) {
  return *with_member(action, [](const auto& request) -> const WriteRequestBase* { return &request; });
}
const Item& item_of(const TransactWrite& action) {
  return *with_member(action, [](const auto& request) { return &item_of(request); });
}

Failure check_form(const TransactWriteItemsRequest& request) {
  VARVE_RETURN_IF_FAILED(check_transaction_length(request.actions.size()));
  VARVE_RETURN_IF_FAILED(check_token(request.client_request_token));
  for (const TransactWrite& action : request.actions) {
    const int members = int{action.condition_check.has_value()} + int{action.put.has_value()} +
                        int{action.update.has_value()} + int{action.remove.has_value()};
    if (members != 1) {
      return validation_error("TransactItems can only contain one of Check, Put, Update or Delete");
    }
    const WriteRequestBase& base = base_of(action);
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const Slice name, table_name(base.table, TableNameUse::kExisting));
    if (base.return_values != ReturnValues::kNone) {
      return validation_error("ReturnValues is not supported in a transaction");
    }
    if (action.update && !action.update->update_expression) {
      return validation_error("The UpdateExpression parameter is required for Update");
    }
  }
  return std::nullopt;
}

// What the caller sends: items, keys and the values of expressions.
Failure check_payload(const TransactWriteItemsRequest& request) {
  size_t size_bytes = 0;
  for (const TransactWrite& action : request.actions) {
    size_bytes += index::item_size_bytes(item_of(action));
    const auto& values = base_of(action).attributes.values;
    if (!values) continue;
    for (const auto& [key, value] : *values) size_bytes += index::value_size_bytes(value);
  }
  if (size_bytes > kMaxTransactionBytes) {
    return validation_error("Transaction payload size cannot exceed 4 MB");
  }
  return std::nullopt;
}

void append_text(const std::optional<std::string>& text, ByteWriter* out) {
  out->u8(text ? 1 : 0);
  if (text) out->string(*text);
}

// Sorted, because the order of members means nothing.
void append_attributes(const ExpressionAttributes& attributes, ByteWriter* out) {
  std::vector<std::pair<std::string, std::string>> names;
  if (attributes.names) names = *attributes.names;
  std::sort(names.begin(), names.end());
  out->varint(names.size());
  for (const auto& [key, name] : names) {
    out->string(key);
    out->string(name);
  }
  std::vector<std::pair<std::string, std::string>> values;
  if (attributes.values) {
    for (const auto& [key, value] : *attributes.values) {
      index::append_encoded_value(value, &values.emplace_back(key, "").second);
    }
  }
  std::sort(values.begin(), values.end());
  out->varint(values.size());
  for (const auto& [key, value] : values) {
    out->string(key);
    out->string(value);
  }
}

// Of everything but what is returned. The request was checked: encodings of its items are defined and canonical.
ParametersHash hash_parameters(const TransactWriteItemsRequest& request) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (const TransactWrite& action : request.actions) {
    const WriteRequestBase& base = base_of(action);
    out.u8(action.condition_check ? 0 : action.put ? 1 : action.update ? 2 : 3);
    out.string(base.table);
    out.string(index::encode_item(item_of(action)));
    append_text(base.condition_expression, &out);
    append_text(action.update ? action.update->update_expression : std::nullopt, &out);
    append_attributes(base.attributes, &out);
    out.u8(base.return_old_on_condition_failure ? 1 : 0);
  }
  return {hash64(bytes, 0), hash64(bytes, 1)};
}

class Transaction {
 public:
  static Outcome<std::shared_ptr<Transaction>> prepare(const Context& context,
                                                       const TransactWriteItemsRequest& request);

  // Takes the claim. An answer when the transaction ends here: others hold some of its keys.
  std::optional<Outcome<TransactWriteItemsResult>> claim(const Context& context);
  const partition::KeyClaim* held() const { return claim_.get(); }
  std::span<const partition::CommitKey> keys() const { return keys_; }

  Status evaluate(std::span<const partition::Image> images, partition::WriteBatch* batch) {
    result_ = TransactWriteItemsResult{false, {}};
    failure_ = decide(images, batch);
    if (!failure_) return {};
    batch->clear();
    return {ErrorCode::kConflict, "refused"};
  }

  // Lets go of the claim before the caller learns anything: its next write must not meet its own transaction.
  Outcome<TransactWriteItemsResult> finish(const Result<partition::CommitResult>& committed) {
    claim_.reset();
    if (committed.ok()) return std::move(result_);
    if (failure_ && committed.code() == ErrorCode::kConflict) return *std::move(failure_);
    return error_of_store(committed.status());
  }

 private:
  struct Token {
    std::string text;
    std::string key;
    ParametersHash parameters{};
  };

  Failure place(const TransactWriteItemsRequest& request, std::vector<BoundWrite> bound);
  Failure decide(std::span<const partition::Image> images, partition::WriteBatch* batch);
  Failure apply_actions(std::span<const partition::Image> images, partition::WriteBatch* batch);
  // Whether the token was seen; true means that the answer is in result_.
  Outcome<bool> look_at_token(const Slice* record, const std::vector<size_t>& item_sizes);
  Outcome<std::optional<TransactWriteItemsResult>> replay_beside_others(const Context& context);

  std::vector<TableRef> tables_;
  std::vector<std::shared_ptr<ItemWrite>> writes_;
  std::optional<Token> token_;
  TransactionTokens* tokens_ = nullptr;
  std::vector<partition::CommitKey> keys_;  // of the items, then of the token
  std::unique_ptr<partition::KeyClaim> claim_;
  // The last evaluation's outcome.
  Failure failure_;
  TransactWriteItemsResult result_;
};

Outcome<std::shared_ptr<Transaction>> Transaction::prepare(const Context& context,
                                                           const TransactWriteItemsRequest& request) {
  VARVE_RETURN_IF_FAILED(check_form(request));
  std::vector<BoundWrite> bound;
  for (const TransactWrite& action : request.actions) {
    VARVE_ASSIGN_OR_FAIL(bound.emplace_back(),
                         with_member(action, [](const auto& member) { return bind_write(member); }));
  }
  VARVE_RETURN_IF_FAILED(check_payload(request));
  auto transaction = std::make_shared<Transaction>();
  for (const TransactWrite& action : request.actions) {
    VARVE_ASSIGN_OR_FAIL(transaction->tables_.emplace_back(), context.table_for_items(base_of(action).table));
  }
  VARVE_RETURN_IF_FAILED(transaction->place(request, std::move(bound)));
  for (const auto& write : transaction->writes_) transaction->keys_.push_back(write->commit_key());
  transaction->tokens_ = context.tokens;
  if (request.client_request_token) {
    const std::string& text = *request.client_request_token;
    transaction->token_ = {text, token_key(text), hash_parameters(request)};
    transaction->keys_.push_back({context.tokens->keyspace(), transaction->token_->key});
  }
  return transaction;
}

Failure Transaction::place(const TransactWriteItemsRequest& request, std::vector<BoundWrite> bound) {
  std::optional<std::pair<size_t, Error>> first_bad;
  std::set<std::pair<uint64_t, Slice>> seen;
  for (size_t i = 0; i < bound.size(); ++i) {
    const TransactWrite& action = request.actions[i];
    VARVE_RETURN_IF_FAILED(check_key_not_empty(tables_[i]->description.key_schema, item_of(action)));
    auto write = with_member(
        action, [&](const auto& member) { return place_write(tables_[i], member, std::move(bound[i])); });
    if (!write.ok()) {
      if (!first_bad) first_bad.emplace(i, std::move(write).error());
      continue;
    }
    writes_.push_back(std::move(write).value());
    const partition::CommitKey& key = writes_.back()->commit_key();
    if (!seen.emplace(key.keyspace.value, key.key).second) return same_item_twice();
  }
  if (first_bad) return canceled_at(bound.size(), first_bad->first, first_bad->second);
  return std::nullopt;
}

std::optional<Outcome<TransactWriteItemsResult>> Transaction::claim(const Context& context) {
  std::vector<size_t> taken;
  claim_ = context.store->claim(keys_, &taken);
  if (claim_ != nullptr) return std::nullopt;
  if (taken.back() == writes_.size()) {
    return Error{ErrorType::kTransactionInProgress,
                 "A transaction with this ClientRequestToken is already in progress",
                 {}};
  }
  // A repetition of what is done already is not in conflict with anyone.
  auto replayed = replay_beside_others(context);
  if (!replayed.ok()) return std::move(replayed).error();
  if (*replayed) return **std::move(replayed);
  std::vector<CancellationReason> reasons(writes_.size());
  for (const size_t i : taken) reasons[i] = conflict_reason();
  return transaction_canceled(std::move(reasons));
}

Outcome<std::optional<TransactWriteItemsResult>> Transaction::replay_beside_others(const Context& context) {
  std::optional<TransactWriteItemsResult> none;
  if (!token_) return none;
  partition::PinnedValue value;
  std::vector<size_t> item_sizes;
  for (size_t i = 0; i < writes_.size(); ++i) {
    const auto found =
        context.store->get(keys_[i].keyspace, keys_[i].key, partition::ReadPoint::visible(), &value);
    if (!found.ok()) return error_of_store(found.status());
    item_sizes.push_back(0);
    if (!found->found) continue;
    VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView item, index::ItemView::open(value.slice()));
    item_sizes.back() = item.size_bytes();
  }
  const auto found =
      context.store->get(tokens_->keyspace(), token_->key, partition::ReadPoint::visible(), &value);
  if (!found.ok()) return error_of_store(found.status());
  if (!found->found) return none;
  const Slice record = value.slice();
  VARVE_ASSIGN_OR_FAIL(const bool replayed, look_at_token(&record, item_sizes));
  if (!replayed) return none;
  return std::optional(std::move(result_));
}

Outcome<bool> Transaction::look_at_token(const Slice* record, const std::vector<size_t>& item_sizes) {
  VARVE_ASSIGN_OR_FAIL_STATUS(const auto seen, TransactionTokens::look(record, token_->parameters));
  if (seen == TransactionTokens::Seen::kNever) return false;
  if (seen == TransactionTokens::Seen::kOtherParameters) {
    return Error{ErrorType::kIdempotentParameterMismatch,
                 "ClientRequestToken was used before with other parameters",
                 {}};
  }
  result_ = TransactWriteItemsResult{true, {}};
  for (size_t i = 0; i < writes_.size(); ++i) {
    add_units(tables_[i]->description.name, kTransactionFactor * read_units(item_sizes[i], true),
              &result_.consumed_capacity);
  }
  return true;
}

Failure Transaction::decide(std::span<const partition::Image> images, partition::WriteBatch* batch) {
  if (!token_) return apply_actions(images, batch);
  const partition::Image& image = images.back();
  const Slice* const record = image.found ? &image.value : nullptr;
  if (record != nullptr) {
    std::vector<size_t> item_sizes(writes_.size());
    for (size_t i = 0; i < writes_.size(); ++i) {
      if (!images[i].found) continue;
      VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView item, index::ItemView::open(images[i].value));
      item_sizes[i] = item.size_bytes();
    }
    VARVE_ASSIGN_OR_FAIL(const bool replayed, look_at_token(record, item_sizes));
    if (replayed) return std::nullopt;
  }
  VARVE_RETURN_IF_FAILED(apply_actions(images, batch));
  return failure_of(tokens_->put(token_->text, token_->parameters, record, batch));
}

// Every condition that is not met is told; an action that cannot be carried out is told alone.
Failure Transaction::apply_actions(std::span<const partition::Image> images, partition::WriteBatch* batch) {
  std::vector<CancellationReason> reasons(writes_.size());
  bool canceled = false;
  for (size_t i = 0; i < writes_.size(); ++i) {
    if (Failure failure = writes_[i]->apply(images[i], batch)) {
      if (failure->type == ErrorType::kValidation) return canceled_at(writes_.size(), i, *failure);
      if (failure->type != ErrorType::kConditionalCheckFailed) return failure;
      reasons[i] = {"ConditionalCheckFailed", std::move(failure->message), std::move(failure->item)};
      canceled = true;
      continue;
    }
    const ConsumedCapacity& consumed = writes_[i]->result().consumed_capacity;
    add_units(consumed.table, kTransactionFactor * consumed.units, &result_.consumed_capacity);
  }
  if (canceled) return transaction_canceled(std::move(reasons));
  return std::nullopt;
}

}  // namespace

Outcome<TransactWriteItemsResult> transact_write_items(const Context& context,
                                                       const TransactWriteItemsRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto transaction, Transaction::prepare(context, request));
  if (auto refused = transaction->claim(context)) return *std::move(refused);
  const auto evaluate = [&](std::span<const partition::Image> images, partition::WriteBatch* batch) {
    return transaction->evaluate(images, batch);
  };
  partition::WriteOptions options;
  options.claim = transaction->held();
  auto outcome = transaction->finish(context.store->commit(transaction->keys(), evaluate, options));
  if (request.client_request_token) context.tokens->note_use();
  return outcome;
}

void transact_write_items_async(const Context& context, const TransactWriteItemsRequest& request,
                                std::function<void(Outcome<TransactWriteItemsResult>)> done) {
  auto prepared = Transaction::prepare(context, request);
  if (!prepared.ok()) return done(std::move(prepared).error());
  std::shared_ptr<Transaction> transaction = std::move(prepared).value();
  if (auto refused = transaction->claim(context)) return done(*std::move(refused));
  partition::WriteOptions options;
  options.on_overload = partition::OnOverload::kRefuse;
  options.claim = transaction->held();
  const auto evaluate = [borrowed = transaction.get()](std::span<const partition::Image> images,
                                                       partition::WriteBatch* batch) {
    return borrowed->evaluate(images, batch);
  };
  const std::span<const partition::CommitKey> keys = transaction->keys();
  context.store->commit_async(
      keys, evaluate, options,
      [transaction = std::move(transaction), done = std::move(done)](
          const Result<partition::CommitResult>& committed) { done(transaction->finish(committed)); });
  if (request.client_request_token) context.tokens->note_use();
}

}  // namespace varve::api::dynamo
