// Store: many LSM trees as one durable store in one directory. This is also Varve's plain ordered key-value face, for
// embedders who want no items.
//
//   auto store = Store::open("data", {});
//   auto users = (*store)->create_keyspace("users");
//   WriteBatch batch;
//   batch.put(*users, "alice", "1");
//   (*store)->write(&batch);                       // durable on return
//   PinnedValue value;
//   (*store)->get(*users, "alice", ReadPoint::visible(), &value);
//
// A keyspace is an ordered map of byte strings with a router of its own, which maps ranges of keys to partitions; each
// partition has one tree. A batch may touch many keyspaces: it is one log record with one sequence number, all or nothing.
//
// Invariants
//   I1 Visible is never ahead of what survives a crash (sync mode): a value that any reader saw is still there after a power cut.
//   I2 Commits become visible in sequence order, whole.
//   I3 An acknowledged write is visible and durable (sync), or visible (interval).
//   I4 A commit's evaluation saw the newest applied images of its keys, and no other commit touched them in between.
//   I5 An answer that depends on applied but not yet visible state is given only once that state is visible.
//
// Threads: every method from any thread. Ownership: the Store owns trees, log and threads; the driver is borrowed. Snapshots,
// iterators, claims and pinned values must be gone before the Store is destroyed.
// Errors: kBusy (the directory is in use), kCorruption (file and offset), kStoreFailed (an earlier log failure: reads go on,
// reopen the store), kOutcomeUnknown (the log failed under this write), kThrottled (see WriteOptions), kConflict (a write of a key that
// a transaction holds, see claim; WriteOptions::max_evaluations).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/io/driver.h"
#include "base/result.h"
#include "base/slice.h"
#include "lsm/pinned_value.h"
#include "lsm/tree.h"
#include "lsm/verify.h"
#include "partition/write_batch.h"

namespace varve::partition {

using lsm::Bounds;
using lsm::PinnedValue;
using lsm::ReadPoint;

enum class Durability {
  kSync,      // acknowledged means durable
  kInterval,  // acknowledged means applied; synced every sync_interval_ns, which is the most that a power cut or kill -9 takes
};

struct StoreOptions {
  io::Driver* driver = nullptr;  // null: io::default_driver()
  bool create = true;            // make the directory and the store when there is none
  Durability durability = Durability::kSync;
  uint64_t sync_interval_ns = 10'000'000;
  uint64_t memory_bytes = 512u << 20;     // memtables, block cache and buffers together
  uint64_t log_limit_bytes = 512u << 20;  // memtables that pin more log than this are flushed

  // Sizes below follow from memory_bytes unless set; tests set them small.
  uint64_t write_buffer_bytes = 0;
  uint64_t block_cache_bytes = 0;
  uint64_t target_file_bytes = 0;
  uint64_t level_base_bytes = 0;
  uint64_t block_bytes = 0;
  uint64_t log_first_segment_bytes = 0;
  uint64_t log_max_segment_bytes = 0;
  uint32_t level0_compaction_trigger = 0;
  bool compress = true;
  bool background = true;  // false: flushes and compactions run only in flush() and compact()

  // Asked by commit_async on its caller's thread (kSync): whether that thread may spend one durable write on an idle log,
  // which saves the hand-overs to the log's thread and back. For callers that have nothing else to do meanwhile. Null: never.
  std::function<bool()> caller_may_write_log;

  // The length of a key's prefix that filters also hold (the partition key of an item); null: none.
  size_t (*filter_prefix)(Slice key) = nullptr;
  // A line for people: recovery, flush, compaction, errors. Called from any thread.
  std::function<void(const std::string&)> log_line;
};

enum class OnOverload { kWait, kRefuse };

// Keys that a transaction holds until it lets go of this; see Store::claim.
class KeyClaim {
 public:
  virtual ~KeyClaim() = default;
};

struct WriteOptions {
  // What a write does when memory is short: wait for room (blocking callers), or answer kThrottled at once.
  OnOverload on_overload = OnOverload::kWait;
  // The claim that holds the commit's keys, when it is a transaction's. Borrowed until the commit is decided.
  const KeyClaim* claim = nullptr;
  // After how many evaluations that other commits made void a commit gives up with kConflict; 0: never. For commits of many keys that can as
  // well be made in parts, lest they are never faster than the writers of each of their keys.
  uint32_t max_evaluations = 0;
};

struct KeyspaceInfo {
  KeyspaceId id;
  std::string name;
};

// One key that a commit reads, checks and may write.
struct CommitKey {
  KeyspaceId keyspace;
  Slice key;
};

// The newest applied image of a CommitKey.
struct Image {
  bool found = false;
  Slice value;  // valid during evaluate
  SequenceNumber sequence;
};

// Decides a commit from the images of its keys, in the order they were given. Runs without any latch and may run again when another
// commit changed a key meanwhile, so it must depend on nothing else and start from the empty batch it is given. An error refuses
// the commit and is returned to the caller; an ok status with an empty batch is a no-op. It is also evaluated again when a flag that it gave to
// the batch is set (WriteBatch::void_if). The batch may write only the commit's keys and keys that no one else writes but under one of them (index entries, stream records).
using Evaluate = std::function<Status(std::span<const Image> images, WriteBatch* batch)>;

struct CommitResult {
  SequenceNumber sequence;  // 0: nothing was written
  uint64_t commit_time_us = 0;
};

struct RecoveryInfo {
  uint64_t records_replayed = 0, bytes_replayed = 0, segments = 0, torn_tail_bytes = 0, records_rewritten = 0;
  uint64_t duration_ns = 0;
};

struct StoreStatistics {
  uint64_t commits = 0, commit_retries = 0, log_bytes_in_use = 0, log_frames = 0, log_syncs = 0;
  uint64_t flushes = 0, flush_bytes = 0, compactions = 0, compaction_read_bytes = 0,
           compaction_write_bytes = 0;
  uint64_t cache_hits = 0, cache_misses = 0, block_reads = 0, memtable_bytes = 0;
};

// A consistent view over all keyspaces; releases itself.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual SequenceNumber sequence() const = 0;
  ReadPoint point() const { return ReadPoint::at(sequence()); }
};

// Walks the live keys of a keyspace range in order at one sequence. See lsm::TreeIterator for the contract.
using Iterator = lsm::TreeIterator;

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& directory, const StoreOptions& options);
  virtual ~Store() = default;  // closes

  // Durable on return. kAlreadyExists when the name is taken.
  virtual Result<KeyspaceId> create_keyspace(const std::string& name) = 0;
  // Durable on return; the space is reclaimed in the background. Reads of it then answer kNotFound.
  virtual Status drop_keyspace(KeyspaceId keyspace) = 0;
  virtual std::optional<KeyspaceId> find_keyspace(const std::string& name) = 0;
  virtual std::vector<KeyspaceInfo> keyspaces() = 0;

  // Blind write of a whole batch (which is consumed: its sequence slots are filled in).
  virtual Result<CommitResult> write(WriteBatch* batch, const WriteOptions& options = {}) = 0;
  // Read, decide, write, as one atomic step.
  virtual Result<CommitResult> commit(std::span<const CommitKey> keys, const Evaluate& evaluate,
                                      const WriteOptions& options = {}) = 0;
  // commit, but `done` is called once the outcome may be told: from the calling thread when it is known at once, else
  // from the log's thread, where it must not block. Reads happen on the calling thread.
  virtual void commit_async(std::span<const CommitKey> keys, const Evaluate& evaluate,
                            const WriteOptions& options, std::function<void(Result<CommitResult>)> done) = 0;

  // For transactions: holds distinct keys until the claim is destroyed, which should be when the outcome is told. A write of one of
  // them without WriteOptions::claim is refused with kConflict; so is no read. nullptr when others hold some of the keys: *taken has
  // their positions.
  virtual std::unique_ptr<KeyClaim> claim(std::span<const CommitKey> keys, std::vector<size_t>* taken) = 0;
  virtual bool is_claimed(KeyspaceId keyspace, Slice key) const = 0;

  virtual Result<lsm::Lookup> get(KeyspaceId keyspace, Slice key, ReadPoint point, PinnedValue* value) = 0;
  virtual Result<std::unique_ptr<Iterator>> iterate(KeyspaceId keyspace, const Bounds& bounds,
                                                    ReadPoint point) = 0;
  virtual std::unique_ptr<Snapshot> snapshot() = 0;
  virtual SequenceNumber visible() const = 0;

  // Entries and bytes of a keyspace, from file properties and memtables: an estimate (overwritten and deleted entries count).
  virtual Result<lsm::TreeStatistics> keyspace_statistics(KeyspaceId keyspace) = 0;

  // Everything written so far is durable on return (of use in interval mode).
  virtual Status sync() = 0;
  // Every commit that was under way is visible on return, and those that are still to be applied have seen the flags that were set
  // before (WriteBatch::void_if). Passes through every latch: for rare changes of what commits rest on.
  virtual Status drain() = 0;
  // Memtables to files; merges until no level needs it. For tools, benches and tests.
  virtual Status flush() = 0;
  virtual Status compact() = 0;
  virtual Status quiesce() = 0;

  // Once kStoreFailed, writes are refused until the store is opened anew.
  virtual Status health() const = 0;
  virtual const RecoveryInfo& recovery() const = 0;
  virtual StoreStatistics statistics() const = 0;
  // Stops the threads, syncs the log, writes its promise frame. Idempotent.
  virtual Status close() = 0;
};

// Checks a closed store's directory whole: superblock, manifest, every SSTable, every log frame.
Result<lsm::VerifyReport> verify_store(io::Driver* driver, const std::string& directory,
                                       const std::function<void(uint64_t, uint64_t)>& progress = nullptr);

}  // namespace varve::partition
