// A Store with a planted fault, for tests of what is derived from writes: each is one classic way in which a table and its indexes, its
// stream or its expiry index come to differ. A test that stays green with one of these in place proves nothing.
//
//   StaleImage         a commit is evaluated on images read before, and written without the check that they are still the newest
//   IndexLeftBehind    a commit's removals from indexes are lost
//   SparseLeftBehind   of those, the ones of an item that leaves an index for good
//   ExpiryLeftBehind   a commit's removals from expiry indexes are lost
//   RecordApart        stream records are a commit of their own, after the one that they tell of
//   NoRecord           stream records are lost
//   OldCatalog         a write that knows only a table's form before its last change is not found out
//
// Who writes through it has the fault: all of a database, or only its backfill, or only its housekeeping.
//
// Threads: as the store it decorates, which it borrows.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/io/clock.h"
#include "tests/support/forwarding_store.h"

namespace varve::partition {

enum class Fault {
  kNone,
  kStaleImage,
  kIndexLeftBehind,
  kSparseLeftBehind,
  kExpiryLeftBehind,
  kRecordApart,
  kNoRecord,
  kOldCatalog,
};

class BuggyStore final : public ForwardingStore {
 public:
  BuggyStore(Fault fault, Store* inner) : ForwardingStore(inner), fault_(fault) {}

  Result<CommitResult> commit(std::span<const CommitKey> keys, const Evaluate& evaluate,
                              const WriteOptions& options) override {
    if (fault_ == Fault::kNone) return inner_->commit(keys, evaluate, options);
    if (fault_ == Fault::kStaleImage) {
      if (auto done = commit_stale(keys, evaluate, options)) return *std::move(done);
      return inner_->commit(keys, evaluate, options);
    }
    WriteBatch records;
    const auto changed = [&](std::span<const Image> images, WriteBatch* batch) -> Status {
      WriteBatch whole;
      VARVE_RETURN_IF_ERROR(evaluate(images, &whole));
      if (fault_ == Fault::kOldCatalog) {
        io::sleep_ns(1'000'000);  // time for a change of the table
      } else {
        batch->void_with(whole);
      }
      records.clear();
      return copy(&whole, batch, &records);
    };
    auto committed = inner_->commit(keys, changed, options);
    if (fault_ == Fault::kRecordApart && committed.ok() && !records.empty()) {
      VARVE_RETURN_IF_ERROR(inner_->write(&records, {}).status());
    }
    return committed;
  }
  Status drain() override { return fault_ == Fault::kOldCatalog ? Status() : inner_->drain(); }

 private:
  // nullopt: the table has changed meanwhile, which is not what this fault is about.
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
    if (!status.ok()) return status;
    io::sleep_ns(1'000'000);  // time for others to write
    if (batch.is_void()) return std::nullopt;
    if (batch.empty()) return CommitResult();
    return inner_->write(&batch, options);
  }

  // The batch's entries as the fault lets them through; stream records that it does not go to *records.
  Status copy(WriteBatch* from, WriteBatch* to, WriteBatch* records) {
    std::set<KeyspaceId> indexes, expiries, streams;
    for (const KeyspaceInfo& keyspace : inner_->keyspaces()) {
      if (keyspace.name.starts_with("index/")) indexes.insert(keyspace.id);
      if (keyspace.name.starts_with("expiry/")) expiries.insert(keyspace.id);
      if (keyspace.name.starts_with("stream/")) streams.insert(keyspace.id);
    }
    const MutableSlice bytes = from->payload();
    const Slice payload(bytes.data(), bytes.size());
    std::set<KeyspaceId> stays_in;  // keyspaces that the batch also puts into
    VARVE_RETURN_IF_ERROR(WriteBatch::for_each(payload, [&](const WriteBatch::Entry& entry) {
      if (entry.operation == WriteBatch::Operation::kPut) stays_in.insert(entry.keyspace);
      return Status();
    }));
    const bool takes_records = fault_ == Fault::kRecordApart || fault_ == Fault::kNoRecord;
    const auto is_lost = [&](KeyspaceId keyspace) {
      switch (fault_) {
        case Fault::kIndexLeftBehind:
          return indexes.contains(keyspace);
        case Fault::kSparseLeftBehind:
          return indexes.contains(keyspace) && !stays_in.contains(keyspace);
        case Fault::kExpiryLeftBehind:
          return expiries.contains(keyspace);
        default:
          return false;
      }
    };
    return WriteBatch::for_each(payload, [&](const WriteBatch::Entry& entry) {
      if (streams.contains(entry.keyspace)) {
        // As put_stamped wrote it: 8 bytes for the time stand before the value.
        (takes_records ? records : to)->put_stamped(entry.keyspace, entry.value.substr(8));
      } else if (entry.operation == WriteBatch::Operation::kPut) {
        to->put(entry.keyspace, entry.key, entry.value);
      } else if (!is_lost(entry.keyspace)) {
        to->remove(entry.keyspace, entry.key);
      }
      return Status();
    });
  }

  const Fault fault_;
};

}  // namespace varve::partition
