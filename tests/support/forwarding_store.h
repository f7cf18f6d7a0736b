// A Store that passes everything on to another, for decorators that change one thing.
//
// Threads: as the store it decorates, which it borrows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "partition/store.h"

namespace varve::partition {

class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store* inner) : inner_(inner) {}

  Result<CommitResult> commit(std::span<const CommitKey> keys, const Evaluate& evaluate,
                              const WriteOptions& options) override {
    return inner_->commit(keys, evaluate, options);
  }
  void commit_async(std::span<const CommitKey> keys, const Evaluate& evaluate, const WriteOptions& options,
                    std::function<void(Result<CommitResult>)> done) override {
    inner_->commit_async(keys, evaluate, options, std::move(done));
  }

  Result<KeyspaceId> create_keyspace(const std::string& name) override {
    return inner_->create_keyspace(name);
  }
  Status drop_keyspace(KeyspaceId keyspace) override { return inner_->drop_keyspace(keyspace); }
  std::optional<KeyspaceId> find_keyspace(const std::string& name) override {
    return inner_->find_keyspace(name);
  }
  std::vector<KeyspaceInfo> keyspaces() override { return inner_->keyspaces(); }
  Result<CommitResult> write(WriteBatch* batch, const WriteOptions& options) override {
    return inner_->write(batch, options);
  }
  std::unique_ptr<KeyClaim> claim(std::span<const CommitKey> keys, std::vector<size_t>* taken) override {
    return inner_->claim(keys, taken);
  }
  bool is_claimed(KeyspaceId keyspace, Slice key) const override { return inner_->is_claimed(keyspace, key); }
  Result<lsm::Lookup> get(KeyspaceId keyspace, Slice key, ReadPoint point, PinnedValue* value) override {
    return inner_->get(keyspace, key, point, value);
  }
  Result<std::unique_ptr<Iterator>> iterate(KeyspaceId keyspace, const Bounds& bounds,
                                            ReadPoint point) override {
    return inner_->iterate(keyspace, bounds, point);
  }
  std::unique_ptr<Snapshot> snapshot() override { return inner_->snapshot(); }
  SequenceNumber visible() const override { return inner_->visible(); }
  Result<lsm::TreeStatistics> keyspace_statistics(KeyspaceId keyspace) override {
    return inner_->keyspace_statistics(keyspace);
  }
  Status sync() override { return inner_->sync(); }
  Status drain() override { return inner_->drain(); }
  Status flush() override { return inner_->flush(); }
  Status compact() override { return inner_->compact(); }
  Status quiesce() override { return inner_->quiesce(); }
  Status health() const override { return inner_->health(); }
  const RecoveryInfo& recovery() const override { return inner_->recovery(); }
  StoreStatistics statistics() const override { return inner_->statistics(); }
  Status close() override { return inner_->close(); }

 protected:
  Store* const inner_;
};

}  // namespace varve::partition
