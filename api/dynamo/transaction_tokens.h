// TransactionTokens: which ClientRequestTokens were carried out lately, and with which parameters. A token is written in the
// transaction's own commit, so it is there exactly when the transaction is, also after a crash; a cancelled transaction leaves none.
//
// Durable in the keyspace "transaction-tokens" (bytes: FORMAT.md beside this file), which holds two entries a token: the token itself, and
// one ordered by time. Every kSweepEvery tokens, up to kSweepMost tokens older than kTokenLifetimeUs are removed from its old end, so what
// is kept stays within a constant of what ten minutes brought.
//
// Threads: any. Ownership: borrows the store. A sweep runs on its caller's thread as far as the commit, and ends on the log's thread.
// Errors: kCorruption for an entry that this class would not have written.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "partition/store.h"

namespace varve::api::dynamo {

inline constexpr uint64_t kTokenLifetimeUs = 10ull * 60 * 1'000'000;
inline constexpr uint64_t kSweepEvery = 32;
inline constexpr size_t kSweepMost = 128;

// Two hashes of a request's parameters: 128 bits, so that two requests with one token are not taken for one.
using ParametersHash = std::array<uint64_t, 2>;

// What is kept of a token, and its two keys.
struct TokenRecord {
  uint64_t done_us = 0;  // when its transaction was carried out
  ParametersHash parameters{};
  bool operator==(const TokenRecord&) const = default;
};
std::string encode_token_record(const TokenRecord& record);
Result<TokenRecord> decode_token_record(Slice bytes);
std::string token_key(Slice token);
std::string token_time_key(uint64_t done_us, Slice token);

class TransactionTokens {
 public:
  enum class Seen {
    kNever,  // or longer ago than kTokenLifetimeUs
    kSame,
    kOtherParameters,
  };

  static Result<std::unique_ptr<TransactionTokens>> open(partition::Store* store);

  KeyspaceId keyspace() const { return keyspace_; }

  // What a record (nullptr: there is none) says of a token's use now.
  static Result<Seen> look(const Slice* record, const ParametersHash& parameters);
  // Adds the token's use to the batch of its transaction. `old_record`: nullptr, or the one that is replaced.
  Status put(Slice token, const ParametersHash& parameters, const Slice* old_record,
             partition::WriteBatch* batch) const;

  // Called after each transaction with a token; removes old ones now and then.
  void note_use();
  // Removes up to kSweepMost old tokens. At most one sweep runs at a time: the others return at once.
  void sweep();

 private:
  struct Sweep;
  TransactionTokens(partition::Store* store, KeyspaceId keyspace) : store_(store), keyspace_(keyspace) {}
  Status find_old(Sweep* sweep);

  partition::Store* const store_;
  const KeyspaceId keyspace_;
  std::atomic<uint64_t> uses_{0};
  // Held by whoever sweeps (acquire), handed on at its end (release): guards swept_to_.
  std::atomic<bool> sweeping_{false};
  // Sweeps begin here, past the tombstones of those before. A clock that jumps back hides a few tokens until the next open.
  std::string swept_to_;
};

}  // namespace varve::api::dynamo
