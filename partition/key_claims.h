// KeyClaims: the keys that transactions hold, from before they read until their outcome is told. Whoever else would write a claimed
// key is refused at once, never made to wait, so claims cannot deadlock; a reader takes no notice of them.
//
// Claims decide who is refused, not what is right: a commit that slipped past (it looked before the claim was made) is caught by the
// versions of the latches, and the transaction evaluates again. That can happen only to commits under way when the claim was made, so a
// transaction that holds its claim is not starved by the writers that come after it. Keys are compared whole: a shared hash or stripe
// never refuses anyone.
//
// Invariants
//   I1 A key is in at most one claim.
//   I2 A commit that begins after claim() returned, and before the claim is released, sees the claim.
//
// Threads: any. Ownership: a claim is let go before the table. Memory: the keys of the transactions under way.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/io/mutex.h"
#include "partition/store.h"

namespace varve::partition {

class KeyClaims {
 public:
  // Claims all keys, or none: then *taken has the positions of those that others hold. Keys are distinct.
  std::unique_ptr<KeyClaim> claim(std::span<const CommitKey> keys, std::vector<size_t>* taken);
  bool is_claimed(KeyspaceId keyspace, Slice key) const;
  // False in a store without a transaction under way: one load of a counter that nobody is writing then.
  bool any() const { return count_.load(std::memory_order_acquire) != 0; }

 private:
  class Held;
  struct Key {
    KeyspaceId keyspace;
    std::string bytes;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Key& key) const { return hash64(key.bytes, key.keyspace.value); }
    size_t operator()(const CommitKey& key) const { return hash64(key.key, key.keyspace.value); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return a == b; }
    bool operator()(const CommitKey& a, const Key& b) const {
      return a.keyspace == b.keyspace && a.key == b.bytes;
    }
    bool operator()(const Key& a, const CommitKey& b) const { return (*this)(b, a); }
  };
  void release(const std::vector<Key>& keys);

  mutable io::Mutex mutex_;
  std::unordered_set<Key, Hash, Equal> claimed_ VARVE_GUARDED_BY(mutex_);
  // The size of claimed_, changed under mutex_ (release); pairs with any().
  std::atomic<size_t> count_{0};
};

}  // namespace varve::partition
