#include "api/dynamo/transaction_tokens.h"

#include <vector>

#include "base/coding.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr Slice kKeyspaceName = "transaction-tokens";
constexpr char kByTime = 'q';
constexpr char kByToken = 't';
constexpr uint8_t kRecordVersion = 1;

bool is_old(uint64_t done_us, uint64_t now_us) { return done_us + kTokenLifetimeUs <= now_us; }

}  // namespace

// A sweep under way: the entries by time that it found, with the keys of their tokens.
struct TransactionTokens::Sweep {
  std::vector<std::string> time_keys;
  std::vector<std::string> token_keys;
  std::vector<partition::CommitKey> commit_keys;
};

std::string encode_token_record(const TokenRecord& record) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.u8(kRecordVersion);
  out.u64(record.done_us);
  for (const uint64_t hash : record.parameters) out.u64(hash);
  return bytes;
}

Result<TokenRecord> decode_token_record(Slice bytes) {
  ByteReader in(bytes);
  TokenRecord record;
  const uint8_t version = in.u8();
  record.done_us = in.u64();
  for (uint64_t& hash : record.parameters) hash = in.u64();
  if (version != kRecordVersion || !in.done()) {
    return Status::corruption("transaction token: a record of " + std::to_string(bytes.size()) +
                              " bytes and version " + std::to_string(version));
  }
  return record;
}

std::string token_key(Slice token) { return std::string(1, kByToken).append(token); }

std::string token_time_key(uint64_t done_us, Slice token) {
  std::string key(1 + sizeof(done_us), kByTime);
  store_big64(key.data() + 1, done_us);
  return key.append(token);
}

Result<std::unique_ptr<TransactionTokens>> TransactionTokens::open(partition::Store* store) {
  const std::string name(kKeyspaceName);
  std::optional<KeyspaceId> keyspace = store->find_keyspace(name);
  if (!keyspace) {
    VARVE_ASSIGN_OR_RETURN(keyspace, store->create_keyspace(name));
  }
  return std::unique_ptr<TransactionTokens>(new TransactionTokens(store, *keyspace));
}

Result<TransactionTokens::Seen> TransactionTokens::look(const Slice* record,
                                                        const ParametersHash& parameters) {
  if (record == nullptr) return Seen::kNever;
  VARVE_ASSIGN_OR_RETURN(const TokenRecord seen, decode_token_record(*record));
  if (is_old(seen.done_us, io::wall_us())) return Seen::kNever;
  return seen.parameters == parameters ? Seen::kSame : Seen::kOtherParameters;
}

Status TransactionTokens::put(Slice token, const ParametersHash& parameters, const Slice* old_record,
                              partition::WriteBatch* batch) const {
  const TokenRecord record{io::wall_us(), parameters};
  const std::string new_time_key = token_time_key(record.done_us, token);
  if (old_record != nullptr) {
    VARVE_ASSIGN_OR_RETURN(const TokenRecord old, decode_token_record(*old_record));
    const std::string old_time_key = token_time_key(old.done_us, token);
    if (old_time_key != new_time_key) batch->remove(keyspace_, old_time_key);
  }
  batch->put(keyspace_, token_key(token), encode_token_record(record));
  batch->put(keyspace_, new_time_key, {});
  return {};
}

void TransactionTokens::note_use() {
  if (uses_.fetch_add(1, std::memory_order_relaxed) % kSweepEvery == kSweepEvery - 1) sweep();
}

Status TransactionTokens::find_old(Sweep* sweep) {
  const uint64_t now_us = io::wall_us();
  const std::string first(1, kByTime);
  const std::string end = token_time_key(now_us < kTokenLifetimeUs ? 0 : now_us - kTokenLifetimeUs, {});
  if (swept_to_ >= end) return {};
  lsm::Bounds bounds{swept_to_.empty() ? Slice(first) : Slice(swept_to_), Slice(end)};
  VARVE_ASSIGN_OR_RETURN(const auto iterator,
                         store_->iterate(keyspace_, bounds, partition::ReadPoint::visible()));
  for (iterator->seek_to_first(); iterator->valid(); iterator->next()) {
    if (sweep->time_keys.size() == kSweepMost) break;
    const Slice key = iterator->key();
    if (key.size() <= 1 + sizeof(uint64_t)) return Status::corruption("transaction token: a key by time");
    sweep->time_keys.emplace_back(key);
    sweep->token_keys.push_back(token_key(key.substr(1 + sizeof(uint64_t))));
  }
  VARVE_RETURN_IF_ERROR(iterator->status());
  for (const std::string& key : sweep->token_keys) sweep->commit_keys.push_back({keyspace_, key});
  return {};
}

void TransactionTokens::sweep() {
  if (sweeping_.exchange(true, std::memory_order_acquire)) return;
  auto sweep = std::make_shared<Sweep>();
  // A sweep that fails leaves its work to the next.
  if (!find_old(sweep.get()).ok() || sweep->commit_keys.empty()) {
    return sweeping_.store(false, std::memory_order_release);
  }
  const auto evaluate = [this, borrowed = sweep.get()](std::span<const partition::Image> images,
                                                       partition::WriteBatch* batch) {
    const uint64_t now_us = io::wall_us();
    for (size_t i = 0; i < images.size(); ++i) {
      // A token used again since then has a new entry by time, and lost the old one.
      if (!images[i].found) continue;
      VARVE_ASSIGN_OR_RETURN(const TokenRecord record, decode_token_record(images[i].value));
      if (!is_old(record.done_us, now_us)) continue;
      batch->remove(keyspace_, borrowed->token_keys[i]);
      batch->remove(keyspace_, borrowed->time_keys[i]);
    }
    return Status();
  };
  partition::WriteOptions options;
  options.on_overload = partition::OnOverload::kRefuse;
  const std::span<const partition::CommitKey> keys = sweep->commit_keys;
  store_->commit_async(keys, evaluate, options, [this, sweep](const Result<partition::CommitResult>& done) {
    if (done.ok()) swept_to_ = sweep->time_keys.back();
    sweeping_.store(false, std::memory_order_release);
  });
}

}  // namespace varve::api::dynamo
