// The Store behind partition/store.h. Four files: store.cc (opening, keyspaces, reads, closing), commit.cc (the write path),
// recovery.cc (what open does to a directory that was in use), and log_space.cc (which memtables and segments pin the log).
//
// Threads: callers', the log's, and the trees' flush and compaction workers. Order of locks: catalog_mutex_ before anything;
// latches before the log's append lock; generations_mutex_ before the manifest's; no lock is held while a callback runs.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/io/mutex.h"
#include "lsm/tree_set.h"
#include "partition/catalog.h"
#include "partition/key_claims.h"
#include "partition/latch_table.h"
#include "partition/store.h"
#include "partition/visibility.h"
#include "wal/log.h"

namespace varve::partition {

// A commit record: the payload is a WriteBatch. The only kind so far; unknown kinds must be understood.
inline constexpr wal::RecordKind kCommitRecord = 1 | wal::kMustUnderstand;

// Directory layout: LOCK, log/ (segments), lsm/ (manifest and SSTables).
std::string log_directory(const std::string& directory);
std::string lsm_directory(const std::string& directory);
std::string lock_path(const std::string& directory);

// Manifest attributes that the store keeps: the live log generations, the greatest sequence number when the last began, and the
// sequence number below which every record is in SSTables.
inline constexpr char kGenerationsAttribute[] = "log.generations";
inline constexpr char kSequenceFloorAttribute[] = "log.sequence_floor";
inline constexpr char kReplayFromAttribute[] = "log.replay_from";
std::string encode_generations(const std::vector<wal::Generation>& generations);
Result<std::vector<wal::Generation>> decode_generations(Slice bytes);
std::string encode_sequence(SequenceNumber sequence);
// 0 for an absent (empty) attribute.
Result<SequenceNumber> decode_sequence(Slice bytes);

class StoreImpl final : public Store {
 public:
  StoreImpl(std::string directory, const StoreOptions& options);
  ~StoreImpl() override;

  Status open();

  Result<KeyspaceId> create_keyspace(const std::string& name) override;
  Status drop_keyspace(KeyspaceId keyspace) override;
  std::optional<KeyspaceId> find_keyspace(const std::string& name) override;
  std::vector<KeyspaceInfo> keyspaces() override;

  Result<CommitResult> write(WriteBatch* batch, const WriteOptions& options) override;
  Result<CommitResult> commit(std::span<const CommitKey> keys, const Evaluate& evaluate,
                              const WriteOptions& options) override;
  void commit_async(std::span<const CommitKey> keys, const Evaluate& evaluate, const WriteOptions& options,
                    std::function<void(Result<CommitResult>)> done) override;

  std::unique_ptr<KeyClaim> claim(std::span<const CommitKey> keys, std::vector<size_t>* taken) override {
    return claims_.claim(keys, taken);
  }
  bool is_claimed(KeyspaceId keyspace, Slice key) const override { return claims_.is_claimed(keyspace, key); }

  Result<lsm::Lookup> get(KeyspaceId keyspace, Slice key, ReadPoint point, PinnedValue* value) override;
  Result<std::unique_ptr<Iterator>> iterate(KeyspaceId keyspace, const Bounds& bounds,
                                            ReadPoint point) override;
  std::unique_ptr<Snapshot> snapshot() override;
  SequenceNumber visible() const override { return visibility_->visible(); }
  Result<lsm::TreeStatistics> keyspace_statistics(KeyspaceId keyspace) override;

  Status sync() override;
  Status drain() override;
  Status flush() override;
  Status compact() override;
  Status quiesce() override;
  Status health() const override;
  const RecoveryInfo& recovery() const override { return recovery_info_; }
  StoreStatistics statistics() const override;
  Status close() override;

 private:
  // What a commit decided, before its answer may be told.
  struct Outcome {
    Status status;  // the refusal, or ok
    CommitResult result;
    SequenceNumber depends_on;  // the answer may be told once this is visible
  };

  // --- commit.cc
  Status admit(const WriteOptions& options);
  Status check_batch(const WriteBatch& batch, const std::vector<WriteBatch::Entry>& entries) const;
  Outcome decide(std::span<const CommitKey> keys, const Evaluate& evaluate, const WriteOptions& options);
  template <typename Keys>
  void approach(const Keys& keys, std::optional<KeyspaceId> read = std::nullopt);
  Result<CommitResult> append_and_apply(WriteBatch* batch, const std::vector<WriteBatch::Entry>& entries,
                                        const std::vector<LatchTable::Stripe>& stripes);
  Outcome write_blind(WriteBatch* batch, const KeyClaim* claim);
  Result<CommitResult> wait_for(Outcome outcome);
  std::vector<LatchTable::Stripe> stripes_of(std::span<const CommitKey> keys) const;

  // --- log_space.cc
  void make_space(const std::vector<WriteBatch::Entry>& written, size_t bytes);
  void seal(lsm::Tree* tree);
  void limit_log();
  void limit_memtables();
  void release_log();
  Status note_release(SegmentNumber first_kept);
  Status pass_flush_gate(SequenceNumber boundary);

  // --- recovery.cc
  Status prepare_directories();
  lsm::TreeSetOptions tree_set_options();
  wal::LogOptions log_options();
  Status recover();
  Status load_catalog();
  Status replay(const wal::ReplayedRecord& record);
  Status replay_catalog_entry(SequenceNumber sequence, const WriteBatch::Entry& entry);
  Status replay_data_entry(SequenceNumber sequence, const WriteBatch::Entry& entry);
  Status start_log(wal::RecoveryReport report, std::vector<wal::Generation> generations);
  Status add_keyspace(const KeyspaceRecord& record);
  void forget_keyspace(KeyspaceState* state);
  Status drop_forgotten_trees();

  void say(const std::string& line) const {
    if (options_.log_line) options_.log_line(line);
  }

  const std::string directory_;
  StoreOptions options_;
  io::Driver* driver_;
  KeyClaims claims_;  // before visibility_, whose callbacks may hold some
  std::unique_ptr<io::DirectoryLock> directory_lock_;
  std::unique_ptr<lsm::TreeSet> trees_;
  std::unique_ptr<Visibility> visibility_;
  std::unique_ptr<wal::Log> log_;
  LatchTable latches_;
  RecoveryInfo recovery_info_;

  KeyspaceTable keyspaces_;
  io::Mutex catalog_mutex_;  // one change of the catalog at a time
  mutable io::Mutex names_mutex_;
  std::map<std::string, KeyspaceId, std::less<>> names_ VARVE_GUARDED_BY(names_mutex_);
  uint64_t next_id_ = kFirstFreeId;  // changed under catalog_mutex_, or during recovery

  io::Mutex generations_mutex_;
  std::vector<wal::Generation> generations_ VARVE_GUARDED_BY(generations_mutex_);
  SequenceNumber replay_from_ VARVE_GUARDED_BY(generations_mutex_);

  // The flush gate stays shut until recovery is done: nothing that recovery may still drop reaches an SSTable.
  io::Mutex serving_mutex_;
  io::CondVar serving_changed_;
  bool serving_ VARVE_GUARDED_BY(serving_mutex_) = false;
  bool closing_ VARVE_GUARDED_BY(serving_mutex_) = false;
  std::atomic<bool> started_{false};  // serving_, readable without the mutex

  io::Mutex seal_mutex_;
  std::atomic<uint64_t> log_limit_done_for_{0};  // oldest_segment_last_sequence that limit_log last acted on
  std::atomic<uint64_t> unchecked_bytes_{0};     // written since limit_memtables last looked

  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> commit_retries_{0};
  io::Mutex close_mutex_;
  bool closed_ VARVE_GUARDED_BY(close_mutex_) = false;
};

}  // namespace varve::partition
