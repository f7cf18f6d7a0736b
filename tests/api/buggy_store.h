// A Store with a planted bug, for tests of what is derived from writes: each is one classic way in which an index and its table come to
// differ. A test that stays green with one of these in place proves nothing.
//
//   StaleImage         a commit is evaluated on images read before, and written without the check that they are still the newest
//   LeftBehind         a commit's removals from indexes are lost
//   StaleBackfill      as StaleImage, but only pages of a backfill: they overwrite entries of newer writes
//   OldCatalog         a write that knows only the table without a new index is not found out
//
// Threads: as the store it decorates, which it borrows.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/io/clock.h"
#include "partition/store.h"

namespace varve::partition {

enum class PlantedBug { kNone, kStaleImage, kLeftBehind, kStaleBackfill, kOldCatalog };

class BuggyStore final : public Store {
 public:
  BuggyStore(PlantedBug bug, Store* inner) : bug_(bug), inner_(inner) {}

  Result<CommitResult> commit(std::span<const CommitKey> keys, const Evaluate& evaluate,
                              const WriteOptions& options) override {
    if (bug_ == PlantedBug::kStaleImage || bug_ == PlantedBug::kStaleBackfill) {
      if (auto done = commit_stale(keys, evaluate, options)) return *std::move(done);
    }
    const auto changed = [&](std::span<const Image> images, WriteBatch* batch) -> Status {
      WriteBatch whole;
      VARVE_RETURN_IF_ERROR(evaluate(images, &whole));
      if (bug_ == PlantedBug::kOldCatalog) {
        io::sleep_ns(1'000'000);
        return copy(&whole, false, batch);
      }
      if (bug_ == PlantedBug::kLeftBehind) return copy(&whole, true, batch);
      *batch = std::move(whole);
      return {};
    };
    return inner_->commit(keys, changed, options);
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
  Status drain() override { return bug_ == PlantedBug::kOldCatalog ? Status() : inner_->drain(); }
  Status flush() override { return inner_->flush(); }
  Status compact() override { return inner_->compact(); }
  Status quiesce() override { return inner_->quiesce(); }
  Status health() const override { return inner_->health(); }
  const RecoveryInfo& recovery() const override { return inner_->recovery(); }
  StoreStatistics statistics() const override { return inner_->statistics(); }
  Status close() override { return inner_->close(); }

 private:
  // nullopt: not one that the bug is about.
  std::optional<Result<CommitResult>> commit_stale(std::span<const CommitKey> keys, const Evaluate& evaluate,
                                                   const WriteOptions& options) {
    std::vector<PinnedValue> values(keys.size());
    std::vector<Image> images(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      auto found = inner_->get(keys[i].keyspace, keys[i].key, ReadPoint::visible(), &values[i]);
      if (!found.ok()) return found.status();
      images[i] = {found->found, found->found ? values[i].slice() : Slice(), found->sequence};
    }
    WriteBatch batch;
    Status status = evaluate(images, &batch);
    if (bug_ == PlantedBug::kStaleBackfill && !is_backfill_page(&batch)) return std::nullopt;
    if (!status.ok()) return status;
    io::sleep_ns(1'000'000);  // time for others to write
    if (batch.empty()) return CommitResult();
    return inner_->write(&batch, options);
  }

  bool is_backfill_page(WriteBatch* batch) {
    const auto positions = inner_->find_keyspace("backfill");
    bool found = false;
    const MutableSlice payload = batch->payload();
    (void)WriteBatch::for_each(Slice(payload.data(), payload.size()), [&](const WriteBatch::Entry& entry) {
      found = found || entry.keyspace == positions;
      return Status();
    });
    return found;
  }

  // The operations of a batch, without its flags; without removals from indexes when `forget_removals`.
  Status copy(WriteBatch* from, bool forget_removals, WriteBatch* to) {
    std::set<uint64_t> indexes;
    for (const KeyspaceInfo& keyspace : inner_->keyspaces()) {
      if (keyspace.name.starts_with("index/")) indexes.insert(keyspace.id.value);
    }
    const MutableSlice payload = from->payload();
    return WriteBatch::for_each(Slice(payload.data(), payload.size()), [&](const WriteBatch::Entry& entry) {
      if (entry.operation == WriteBatch::Operation::kPut) {
        to->put(entry.keyspace, entry.key, entry.value);
      } else if (!forget_removals || !indexes.contains(entry.keyspace.value)) {
        to->remove(entry.keyspace, entry.key);
      }
      return Status();
    });
  }

  const PlantedBug bug_;
  Store* const inner_;
};

}  // namespace varve::partition
