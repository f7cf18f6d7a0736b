// The write path: read, decide, latch, check, reserve, apply, unlatch, wait for visible (design: reads and decisions come first,
// without any latch; nothing fails after the reserve).
#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "partition/store_impl.h"

namespace varve::partition {

namespace {

Status parse_all(WriteBatch* batch, std::vector<WriteBatch::Entry>* entries) {
  entries->clear();
  entries->reserve(batch->count());
  const MutableSlice payload = batch->payload();
  return WriteBatch::for_each(Slice(payload.data(), payload.size()), [&](const WriteBatch::Entry& entry) {
    entries->push_back(entry);
    return Status();
  });
}

void sort_unique(std::vector<LatchTable::Stripe>* stripes) {
  std::sort(stripes->begin(), stripes->end());
  stripes->erase(std::unique(stripes->begin(), stripes->end()), stripes->end());
}

// Refuses a commit of keys (anything with a keyspace and a key) that a transaction holds. Without transactions this is one load.
template <typename Keys>
Status check_claims(const KeyClaims& claims, const Keys& keys) {
  if (!claims.any()) return {};
  for (const auto& key : keys) {
    if (claims.is_claimed(key.keyspace, key.key)) {
      return {ErrorCode::kConflict, "store: a transaction holds the key"};
    }
  }
  return {};
}

}  // namespace

Status StoreImpl::admit(const WriteOptions& options) {
  if (log_->has_room() && !trees_->overloaded()) return {};
  if (options.on_overload == OnOverload::kRefuse) {
    return {ErrorCode::kThrottled, "store: memory for writes is used up; flushes are under way, try again"};
  }
  log_->wait_for_room();
  return trees_->wait_for_room();
}

Status StoreImpl::check_batch(const WriteBatch& batch, const std::vector<WriteBatch::Entry>& entries) const {
  for (const WriteBatch::Entry& entry : entries) {
    if (keyspaces_.find(entry.keyspace) == nullptr && entry.keyspace != kCatalogKeyspace) {
      return Status::not_found("keyspace " + std::to_string(entry.keyspace.value) + " does not exist");
    }
  }
  // Two operations on one key would share a sequence number. Batches are small: sorted views are cheaper than a set.
  if (entries.size() > 1) {
    std::vector<std::pair<uint64_t, Slice>> keys;
    keys.reserve(entries.size());
    for (const WriteBatch::Entry& entry : entries) keys.emplace_back(entry.keyspace.value, entry.key);
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
      return Status::invalid_argument("write batch: two operations on one key");
    }
  }
  CHECK(entries.size() == batch.count());
  return {};
}

std::vector<LatchTable::Stripe> StoreImpl::stripes_of(std::span<const CommitKey> keys) const {
  std::vector<LatchTable::Stripe> stripes;
  stripes.reserve(keys.size());
  for (const CommitKey& key : keys) stripes.push_back(latches_.stripe_of(key.keyspace, key.key));
  sort_unique(&stripes);
  return stripes;
}

// What reading or applying several keys (anything with a keyspace and a key) would wait for, memory, is waited for once for all of them;
// and before latches are taken, so that they are held for less long. Those of the keyspace `read` were just read, and need no waiting.
template <typename Keys>
void StoreImpl::approach(const Keys& keys, std::optional<KeyspaceId> read) {
  const auto count = std::ranges::count_if(keys, [&](const auto& key) { return key.keyspace != read; });
  if (count < 2) return;
  std::vector<lsm::TreeSet::Place> places;
  places.reserve(static_cast<size_t>(count));
  for (const auto& key : keys) {
    if (key.keyspace == read) continue;
    const KeyspaceState* const keyspace = keyspaces_.find_any(key.keyspace);
    if (keyspace != nullptr) places.push_back({keyspace->router.route(key.key), key.key});
  }
  trees_->approach(places);
}

Result<CommitResult> StoreImpl::append_and_apply(WriteBatch* batch,
                                                 const std::vector<WriteBatch::Entry>& entries,
                                                 const std::vector<LatchTable::Stripe>& stripes) {
  auto appended = log_->append(kCommitRecord, 0, batch->payload(), batch->slots());
  if (!appended.ok()) return appended.status();
  const SequenceNumber sequence = appended->sequence;
  for (const WriteBatch::Entry& entry : entries) {
    KeyspaceState* keyspace = keyspaces_.find_any(entry.keyspace);
    CHECK(keyspace != nullptr);
    keyspace->router.route(entry.key)->apply(
        sequence,
        entry.operation == WriteBatch::Operation::kPut ? lsm::ValueKind::kPut : lsm::ValueKind::kDelete,
        entry.key, entry.value);
  }
  for (LatchTable::Stripe stripe : stripes) latches_.set_version(stripe, sequence);
  visibility_->mark_applied(sequence);
  commits_.fetch_add(1, std::memory_order_relaxed);
  return CommitResult{sequence, appended->commit_time_us};
}

StoreImpl::Outcome StoreImpl::write_blind(WriteBatch* batch, const KeyClaim* claim) {
  std::vector<WriteBatch::Entry> entries;
  Status status = parse_all(batch, &entries);
  if (status.ok()) status = check_batch(*batch, entries);
  if (status.ok() && claim == nullptr) status = check_claims(claims_, entries);
  if (!status.ok()) return {std::move(status), {}, {}};
  if (entries.empty()) return {};

  std::vector<LatchTable::Stripe> stripes;
  stripes.reserve(entries.size());
  for (const WriteBatch::Entry& entry : entries)
    stripes.push_back(latches_.stripe_of(entry.keyspace, entry.key));
  sort_unique(&stripes);
  approach(entries);
  Result<CommitResult> committed = [&] {
    LatchTable::Holder holder(&latches_, stripes);
    return append_and_apply(batch, entries, stripes);
  }();
  if (!committed.ok()) return {committed.status(), {}, {}};
  make_space(entries, batch->bytes());
  return {{}, *committed, committed->sequence};
}

StoreImpl::Outcome StoreImpl::decide(std::span<const CommitKey> keys, const Evaluate& evaluate,
                                     const WriteOptions& options) {
  if (options.claim == nullptr) {
    Status status = check_claims(claims_, keys);
    if (!status.ok()) return {std::move(status), {}, {}};
  }
  const std::vector<LatchTable::Stripe> stripes = stripes_of(keys);
  std::vector<SequenceNumber> versions(stripes.size());
  std::vector<PinnedValue> values(keys.size());
  std::vector<Image> images(keys.size());
  std::vector<WriteBatch::Entry> entries;
  WriteBatch batch;

  for (uint32_t evaluations = 0;; ++evaluations) {
    if (options.max_evaluations != 0 && evaluations == options.max_evaluations) {
      return {Status(ErrorCode::kConflict, "commit: its keys are written all the time"), {}, {}};
    }
    for (size_t i = 0; i < stripes.size(); ++i) versions[i] = latches_.version(stripes[i]);
    SequenceNumber newest_image;
    approach(keys);
    for (size_t i = 0; i < keys.size(); ++i) {
      auto lookup = get(keys[i].keyspace, keys[i].key, ReadPoint::applied(), &values[i]);
      if (!lookup.ok()) return {lookup.status(), {}, {}};
      images[i] = {lookup->found, lookup->found ? values[i].slice() : Slice(), lookup->sequence};
      newest_image = std::max(newest_image, lookup->sequence);
    }
    batch.clear();
    Status status = evaluate(images, &batch);
    if (status.ok()) status = parse_all(&batch, &entries);
    if (status.ok()) status = check_batch(batch, entries);
    // Also for a refusal: a keyspace that is gone, say, may be gone because of what the flag tells.
    if (batch.is_void()) {
      commit_retries_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    const bool writes = status.ok() && !entries.empty();
    // One image is one moment; only several need the check that they are of the same one.
    if (!writes && keys.size() <= 1) return {std::move(status), {}, newest_image};

    if (writes) {
      approach(entries, keys.empty() ? std::nullopt : std::optional(keys.front().keyspace));
    }
    std::optional<Result<CommitResult>> committed;
    {
      LatchTable::Holder holder(&latches_, stripes);
      bool unchanged = !batch.is_void();
      for (size_t i = 0; i < stripes.size(); ++i)
        unchanged = unchanged && latches_.version(stripes[i]) == versions[i];
      if (!unchanged) {
        commit_retries_.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      if (!writes) return {std::move(status), {}, newest_image};
      committed = append_and_apply(&batch, entries, stripes);
    }
    if (!committed->ok()) return {committed->status(), {}, {}};
    make_space(entries, batch.bytes());
    return {{}, **committed, (*committed)->sequence};
  }
}

// Whoever found its batch not void did so under a latch, and lets go of it only after the commit was applied: passing through all
// latches once comes after all of them.
Status StoreImpl::drain() {
  latches_.pass_through();
  return sync();
}

Result<CommitResult> StoreImpl::wait_for(Outcome outcome) {
  if (visibility_->visible() < outcome.depends_on) {
    if (options_.durability == Durability::kSync) VARVE_RETURN_IF_ERROR(log_->sync(outcome.depends_on));
    VARVE_RETURN_IF_ERROR(visibility_->wait(outcome.depends_on));
  }
  if (!outcome.status.ok()) return outcome.status;
  return outcome.result;
}

Result<CommitResult> StoreImpl::write(WriteBatch* batch, const WriteOptions& options) {
  VARVE_RETURN_IF_ERROR(admit(options));
  return wait_for(write_blind(batch, options.claim));
}

Result<CommitResult> StoreImpl::commit(std::span<const CommitKey> keys, const Evaluate& evaluate,
                                       const WriteOptions& options) {
  VARVE_RETURN_IF_ERROR(admit(options));
  return wait_for(decide(keys, evaluate, options));
}

void StoreImpl::commit_async(std::span<const CommitKey> keys, const Evaluate& evaluate,
                             const WriteOptions& options, std::function<void(Result<CommitResult>)> done) {
  Status admitted = admit(options);
  if (!admitted.ok()) {
    done(std::move(admitted));
    return;
  }
  Outcome outcome = decide(keys, evaluate, options);
  const SequenceNumber depends_on = outcome.depends_on;
  if (visibility_->visible() < depends_on && options_.durability == Durability::kSync) {
    const bool lends = options_.caller_may_write_log && options_.caller_may_write_log();
    lends ? log_->write_or_request_sync() : log_->request_sync();
  }
  visibility_->when_visible(depends_on,
                            [outcome = std::move(outcome), done = std::move(done)](Status visible) mutable {
                              if (!visible.ok()) {
                                done(std::move(visible));
                              } else if (!outcome.status.ok()) {
                                done(std::move(outcome.status));
                              } else {
                                done(outcome.result);
                              }
                            });
}

}  // namespace varve::partition
