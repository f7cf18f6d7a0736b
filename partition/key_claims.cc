#include "partition/key_claims.h"

#include "base/check.h"

namespace varve::partition {

class KeyClaims::Held final : public KeyClaim {
 public:
  Held(KeyClaims* claims, std::vector<Key> keys) : claims_(claims), keys_(std::move(keys)) {}
  ~Held() override { claims_->release(keys_); }

 private:
  KeyClaims* const claims_;
  const std::vector<Key> keys_;
};

std::unique_ptr<KeyClaim> KeyClaims::claim(std::span<const CommitKey> keys, std::vector<size_t>* taken) {
  taken->clear();
  std::vector<Key> owned;
  owned.reserve(keys.size());
  for (const CommitKey& key : keys) owned.push_back({key.keyspace, std::string(key.key)});
  {
    io::MutexLock lock(&mutex_);
    for (size_t i = 0; i < owned.size(); ++i) {
      if (claimed_.contains(owned[i])) taken->push_back(i);
    }
    if (!taken->empty()) return nullptr;
    for (const Key& key : owned) CHECK(claimed_.insert(key).second);
    count_.store(claimed_.size(), std::memory_order_release);
  }
  return std::make_unique<Held>(this, std::move(owned));
}

bool KeyClaims::is_claimed(KeyspaceId keyspace, Slice key) const {
  if (!any()) return false;
  io::MutexLock lock(&mutex_);
  return claimed_.contains(CommitKey{keyspace, key});
}

void KeyClaims::release(const std::vector<Key>& keys) {
  io::MutexLock lock(&mutex_);
  for (const Key& key : keys) claimed_.erase(key);
  count_.store(claimed_.size(), std::memory_order_release);
}

}  // namespace varve::partition
