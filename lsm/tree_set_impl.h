// TreeSetImpl: the TreeSet of lsm/tree_set.h.
//
// Two workers, a thread each: flushes never wait behind a compaction. With background off the same jobs run on the
// callers of flush_all and compact_all.
//
// Locks, in the order they are taken:
//   job mutexes        one flush and one compaction at a time (workers, or inline callers)
//   manifest_mutex_    one edit at a time, held from the write to the installation of what it says
//   a tree's own       see tree_impl.h
//   pressure_mutex_    one look at all trees at a time
//   trees_mutex_       the map of trees
//   snapshots_mutex_, work_mutex_, the reclaimer's, the graveyard's: leaves
// Nothing that may free a state (and so bury a file) runs under trees_mutex_ or work_mutex_.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "lsm/compaction/leveled.h"
#include "lsm/filter/blocked_bloom.h"
#include "lsm/manifest/manifest.h"
#include "lsm/table_outputs.h"
#include "lsm/tree_impl.h"
#include "lsm/tree_set.h"

namespace varve::lsm {

class TreeSetImpl final : public TreeSet {
 public:
  explicit TreeSetImpl(const TreeSetOptions& options);
  ~TreeSetImpl() override;

  // Once, before anything else.
  Status recover(bool create);
  void start_workers();

  Tree* tree(TreeId id) override;
  Tree* find(TreeId id) override;
  void approach(std::span<const Place> places) override;
  std::vector<TreeId> tree_ids() override;
  Status drop(TreeId id) override;

  Status set_attributes(const std::map<std::string, std::string>& attributes) override;
  std::map<std::string, std::string> attributes() override;
  uint64_t last_manifest_edit() const override { return last_edit_.load(std::memory_order_acquire); }

  void publish_visible(SequenceNumber sequence) override;
  SequenceNumber visible() const override { return SequenceNumber(visible_.load(std::memory_order_acquire)); }
  SequenceNumber acquire_snapshot() override;
  void release_snapshot(SequenceNumber sequence) override;

  SequenceNumber oldest_unflushed() const override;
  SequenceNumber greatest_sequence() const override {
    return SequenceNumber(greatest_sequence_.load(std::memory_order_acquire));
  }

  bool overloaded() const override { return overloaded_.load(std::memory_order_acquire); }
  Status wait_for_room() override;
  Status flush_all(const std::function<SequenceNumber()>& boundary) override;
  Status compact_all() override;
  Status quiesce() override;
  Status background_status() const override;
  TreeSetStatistics statistics() const override;
  Status close() override;

 private:
  struct Change {
    TreeImpl* tree;
    VersionEdit edit;
    Version::Files added;
    Version::Files removed;
  };

  // recovery (tree_set_open.cc)
  Result<ManifestState> load_state(const std::vector<std::string>& names, bool create, uint64_t* last_edit);
  Status open_trees(const ManifestState& state);
  void remove_strays(const std::vector<std::string>& names, const ManifestState& state);

  // jobs (tree_set_jobs.cc)
  Status flush_one(TreeImpl* tree, const Memtable* memtable);
  Status flush_memtable(TreeImpl* tree, const Memtable* memtable);
  Status compact_one(TreeImpl* tree, const CompactionPick& pick, const Version& version);
  Status move_files(TreeImpl* tree, const CompactionPick& pick);
  Status merge_files(TreeImpl* tree, const CompactionPick& pick, const Version& version);
  // Writes the edit and, when it is durable, runs install and counts names. Drops the change when the tree was dropped.
  Status commit(Change change, const std::function<void()>& install);
  TableOptions table_options(Level level, bool bottom) const;
  std::vector<SequenceNumber> retained_sequences();

  // workers
  void run_flushes();
  void run_compactions();
  TreeImpl* next_to_flush(const Memtable** memtable);
  TreeImpl* next_to_compact();
  bool compaction_due();
  bool flush_due();
  // Remembers the first error for good, but a full disk only until a job succeeds: the work is tried again.
  void job_ended(const Status& status);
  // Something changed that a worker or a waiter may be looking for.
  void work_changed();
  void update_pressure();
  std::vector<TreeImpl*> all_trees() const;
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  void log(const std::string& line) const {
    if (options_.log_line) options_.log_line(line);
  }

  const TreeSetOptions options_;
  LeveledPolicy policy_;
  BlockedBloomPolicy filter_;
  BlockCache cache_;
  Graveyard graveyard_;
  StateReclaimer reclaimer_;
  TreeEnvironment tree_environment_;
  TableEnvironment table_environment_;
  std::shared_ptr<const Version> empty_version_;

  // Pairing: publish_visible releases, reads acquire.
  std::atomic<uint64_t> visible_{0};
  std::atomic<uint64_t> last_edit_{0};  // release after the edit is durable
  std::atomic<uint64_t> greatest_sequence_{0};
  std::atomic<uint64_t> next_file_{1};
  std::atomic<bool> overloaded_{false};
  std::atomic<bool> stopping_{false};

  io::Mutex flush_job_mutex_;
  io::Mutex compaction_job_mutex_;
  io::Mutex manifest_mutex_;
  std::unique_ptr<Manifest> manifest_ VARVE_GUARDED_BY(manifest_mutex_);
  bool closed_ VARVE_GUARDED_BY(manifest_mutex_) = false;

  mutable io::Mutex trees_mutex_;
  std::map<TreeId, std::unique_ptr<TreeImpl>> trees_ VARVE_GUARDED_BY(trees_mutex_);
  std::vector<std::unique_ptr<TreeImpl>> dropped_ VARVE_GUARDED_BY(trees_mutex_);

  io::Mutex pressure_mutex_;  // the last to look is the last to say
  io::Mutex snapshots_mutex_;
  std::map<SequenceNumber, uint64_t> snapshots_ VARVE_GUARDED_BY(snapshots_mutex_);

  mutable io::Mutex work_mutex_;
  io::CondVar work_condition_;
  uint64_t work_epoch_ VARVE_GUARDED_BY(work_mutex_) = 0;  // rises with work_changed()
  bool flushing_ VARVE_GUARDED_BY(work_mutex_) = false;
  bool compacting_ VARVE_GUARDED_BY(work_mutex_) = false;
  Status background_status_ VARVE_GUARDED_BY(work_mutex_);
  Status space_status_
      VARVE_GUARDED_BY(work_mutex_);  // kNoSpace of the last job, ok after one that succeeded
  Status work_status() const VARVE_REQUIRES(work_mutex_) {
    return background_status_.ok() ? space_status_ : background_status_;
  }

  std::atomic<uint64_t> flushes_{0}, flush_bytes_{0}, compactions_{0}, compaction_read_bytes_{0},
      compaction_write_bytes_{0};

  io::Thread flush_thread_, compaction_thread_;
};

}  // namespace varve::lsm
