#include "api/dynamo/write_transaction.h"

#include "api/dynamo/capacity.h"
#include "api/dynamo/item_collection.h"
#include "api/dynamo/transaction.h"

namespace varve::api::dynamo {
namespace {

// The cancellation reason of a member whose condition is not met.
CancellationReason reason_of(Error failed, bool is_insert) {
  if (is_insert) return {"DuplicateItem", duplicate_item().message, std::move(failed.item)};
  return {"ConditionalCheckFailed", std::move(failed.message), std::move(failed.item)};
}

}  // namespace

WriteTransaction::WriteTransaction(const Context& context, std::vector<Member> members,
                                   const std::optional<Token>& token)
    : context_(context),
      members_(std::move(members)),
      token_(token),
      token_key_(token ? token_key(token->text) : std::string()) {
  for (const Member& member : members_) keys_.push_back(member.write->commit_key());
  if (token_) keys_.push_back({context_.tokens->keyspace(), token_key_});
}

std::optional<Outcome<TransactWriteItemsResult>> WriteTransaction::claim() {
  std::vector<size_t> taken;
  claim_ = context_.store->claim(keys_, &taken);
  if (claim_ != nullptr) return std::nullopt;
  if (taken.back() == members_.size()) {
    return Error{ErrorType::kTransactionInProgress,
                 "A transaction with this ClientRequestToken is already in progress",
                 {}};
  }
  // A repetition of what is done already is not in conflict with anyone.
  auto replayed = replay_beside_others();
  if (!replayed.ok()) return std::move(replayed).error();
  if (*replayed) return **std::move(replayed);
  std::vector<CancellationReason> reasons(members_.size());
  for (const size_t i : taken) reasons[i] = conflict_reason();
  return transaction_canceled(std::move(reasons));
}

Outcome<std::optional<TransactWriteItemsResult>> WriteTransaction::replay_beside_others() {
  std::optional<TransactWriteItemsResult> none;
  if (!token_) return none;
  partition::PinnedValue value;
  std::vector<size_t> item_sizes;
  for (size_t i = 0; i < members_.size(); ++i) {
    const auto found =
        context_.store->get(keys_[i].keyspace, keys_[i].key, partition::ReadPoint::visible(), &value);
    if (!found.ok()) return error_of_store(found.status());
    item_sizes.push_back(0);
    if (!found->found) continue;
    VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView item, index::ItemView::open(value.slice()));
    item_sizes.back() = item.size_bytes();
  }
  const auto found =
      context_.store->get(context_.tokens->keyspace(), token_key_, partition::ReadPoint::visible(), &value);
  if (!found.ok()) return error_of_store(found.status());
  if (!found->found) return none;
  const Slice record = value.slice();
  VARVE_ASSIGN_OR_FAIL(const bool replayed, look_at_token(&record, item_sizes));
  if (!replayed) return none;
  return std::optional(std::move(result_));
}

Outcome<bool> WriteTransaction::look_at_token(const Slice* record, const std::vector<size_t>& item_sizes) {
  VARVE_ASSIGN_OR_FAIL_STATUS(const auto seen, TransactionTokens::look(record, token_->parameters));
  if (seen == TransactionTokens::Seen::kNever) return false;
  if (seen == TransactionTokens::Seen::kOtherParameters) {
    return Error{ErrorType::kIdempotentParameterMismatch,
                 "ClientRequestToken was used before with other parameters",
                 {}};
  }
  result_ = TransactWriteItemsResult{true, {}, {}};
  for (size_t i = 0; i < members_.size(); ++i) {
    add_transaction_units({members_[i].write->table().description.name, read_units(item_sizes[i], true), {}},
                          &result_.consumed_capacity);
  }
  return true;
}

Failure WriteTransaction::decide(std::span<const partition::Image> images, partition::WriteBatch* batch) {
  if (!token_) return apply_members(images, batch);
  const partition::Image& image = images.back();
  const Slice* const record = image.found ? &image.value : nullptr;
  if (record != nullptr) {
    std::vector<size_t> item_sizes(members_.size());
    for (size_t i = 0; i < members_.size(); ++i) {
      if (!images[i].found) continue;
      VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView item, index::ItemView::open(images[i].value));
      item_sizes[i] = item.size_bytes();
    }
    VARVE_ASSIGN_OR_FAIL(const bool replayed, look_at_token(record, item_sizes));
    if (replayed) return std::nullopt;
  }
  VARVE_RETURN_IF_FAILED(apply_members(images, batch));
  return failure_of(context_.tokens->put(token_->text, token_->parameters, record, batch));
}

// Every condition that is not met is told; a member that cannot be carried out is told alone.
Failure WriteTransaction::apply_members(std::span<const partition::Image> images,
                                        partition::WriteBatch* batch) {
  std::vector<CancellationReason> reasons(members_.size());
  bool canceled = false;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (Failure failure = members_[i].write->apply(images[i], batch)) {
      if (failure->type == ErrorType::kValidation) return canceled_at(members_.size(), i, *failure);
      if (failure->type != ErrorType::kConditionalCheckFailed) return failure;
      reasons[i] = reason_of(take_error(std::move(failure)), members_[i].is_insert);
      canceled = true;
      continue;
    }
    add_transaction_units(members_[i].write->result().consumed_capacity, &result_.consumed_capacity);
    if (batch->bytes() > kMaxTransactionWriteBytes) {
      return validation_error(
          "Transaction size cannot exceed 80 MB, the items that are written, their index entries and their "
          "stream records included");
    }
  }
  if (canceled) return transaction_canceled(std::move(reasons));
  return std::nullopt;
}

Status WriteTransaction::evaluate(std::span<const partition::Image> images, partition::WriteBatch* batch) {
  result_ = TransactWriteItemsResult{false, {}, {}};
  failure_ = decide(images, batch);
  if (!failure_) return {};
  batch->clear();
  return {ErrorCode::kConflict, "refused"};
}

Outcome<TransactWriteItemsResult> WriteTransaction::finish(const Result<partition::CommitResult>& committed) {
  claim_.reset();
  if (committed.ok()) {
    if (tell_item_collections_ && !result_.replayed) add_item_collections();
    return std::move(result_);
  }
  if (failure_ && committed.code() == ErrorCode::kConflict) return *std::move(failure_);
  return error_of_store(committed.status());
}

void WriteTransaction::add_item_collections() {
  for (const Member& member : members_) {
    add_collection_metrics(context_.store, member.write->table(), member.write->commit_key().key,
                           &result_.item_collection_metrics);
  }
}

partition::WriteOptions WriteTransaction::write_options() const {
  partition::WriteOptions options;
  options.claim = claim_.get();
  return options;
}

void WriteTransaction::note_token_use() {
  if (token_) context_.tokens->note_use();
}

Outcome<TransactWriteItemsResult> WriteTransaction::run(WriteTransaction* transaction) {
  if (auto refused = transaction->claim()) return *std::move(refused);
  const auto evaluate = [transaction](std::span<const partition::Image> images,
                                      partition::WriteBatch* batch) {
    return transaction->evaluate(images, batch);
  };
  partition::Store* const store = transaction->context_.store;
  auto outcome =
      transaction->finish(store->commit(transaction->keys_, evaluate, transaction->write_options()));
  transaction->note_token_use();
  return outcome;
}

void WriteTransaction::run_async(std::shared_ptr<WriteTransaction> transaction, Done done) {
  if (auto refused = transaction->claim()) return done(*std::move(refused));
  partition::WriteOptions options = transaction->write_options();
  options.on_overload = partition::OnOverload::kRefuse;
  const auto evaluate = [borrowed = transaction.get()](std::span<const partition::Image> images,
                                                       partition::WriteBatch* batch) {
    return borrowed->evaluate(images, batch);
  };
  const std::span<const partition::CommitKey> keys = transaction->keys_;
  TransactionTokens* const tokens = transaction->token_ ? transaction->context_.tokens : nullptr;
  partition::Store* const store = transaction->context_.store;
  store->commit_async(
      keys, evaluate, options,
      [transaction = std::move(transaction), done = std::move(done)](
          const Result<partition::CommitResult>& committed) { done(transaction->finish(committed)); });
  if (tokens != nullptr) tokens->note_use();
}

}  // namespace varve::api::dynamo
