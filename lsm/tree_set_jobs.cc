// The background work of a TreeSet: flushes, compactions, and the threads that run them.
#include <algorithm>

#include "lsm/compaction/compaction_job.h"
#include "lsm/compaction/retention.h"
#include "lsm/tree_set_impl.h"

namespace varve::lsm {

namespace {

// How often a worker looks again for replaced states that readers held when it last looked.
constexpr uint64_t kReclaimIntervalNs = 10'000'000;
// How long a worker waits after a job that could not be done yet (the disk was full) before it tries again.
constexpr uint64_t kRetryNs = 200'000'000;
constexpr int kMiddleCompressionLevel = 1;
constexpr int kBottomCompressionLevel = 3;

bool has_deeper_files(const Version& version, uint32_t level) {
  for (uint32_t n = level + 1; n < kLevels; ++n) {
    if (!version.level(n).empty()) return true;
  }
  return false;
}

}  // namespace

TableOptions TreeSetImpl::table_options(Level level, bool bottom) const {
  TableOptions options;
  options.block_size_bytes = static_cast<uint32_t>(options_.block_bytes);
  if (options_.filter_bits_per_key > 0) options.filter = &filter_;
  options.prefix_extractor = options_.filter_prefix;
  if (options_.compress && level.value > 0) {
    options.compression = Compression::kZstd;
    options.compression_level = bottom ? kBottomCompressionLevel : kMiddleCompressionLevel;
  }
  return options;
}

Status TreeSetImpl::commit(Change change, const std::function<void()>& install) {
  {
    io::MutexLock lock(&manifest_mutex_);
    if (change.tree->dropped()) {
      for (const VersionFilePointer& file : change.added) file->table->discard_unnamed();
      return {};
    }
    change.edit.next_file = FileNumber(next_file_.load(std::memory_order_relaxed));
    Status status = manifest_->append(std::move(change.edit), table_environment_.new_file_number);
    // After a failure the edit may survive all the same: its files stay, named by nobody, until the next open knows.
    VARVE_RETURN_IF_ERROR(status);
    last_edit_.store(manifest_->last_edit(), std::memory_order_release);
    greatest_sequence_.store(manifest_->state().greatest_sequence.value, std::memory_order_release);
    for (const VersionFilePointer& file : change.added) file->table->add_name();
    install();
    for (const VersionFilePointer& file : change.removed) file->table->remove_name();
  }
  reclaimer_.reclaim();
  return {};
}

Status TreeSetImpl::flush_one(TreeImpl* tree, const Memtable* memtable) {
  Status status = options_.flush_gate ? options_.flush_gate(memtable->boundary()) : Status();
  if (status.ok() && !tree->dropped()) status = flush_memtable(tree, memtable);
  memtable->unref();
  VARVE_RETURN_IF_ERROR(status);
  update_pressure();
  work_changed();
  if (options_.on_flushed) options_.on_flushed();
  return {};
}

Status TreeSetImpl::flush_memtable(TreeImpl* tree, const Memtable* memtable) {
  const SequenceNumber boundary = memtable->boundary();
  TableOutputs outputs(&table_environment_, table_options(Level(0), false), Level(0), boundary.value);
  Retention retention(retained_sequences());
  const auto keep_tombstones = [](Slice) { return false; };
  const std::unique_ptr<InternalIterator> cursor = memtable->iterate();
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    const Slice key = cursor->key();
    CHECK(sequence_of(key) < boundary);
    // What was written last is what is likely to be read next.
    if (retention.keep(key, keep_tombstones)) {
      VARVE_RETURN_IF_ERROR(outputs.add(key, cursor->value(), /*warm=*/true));
    }
  }
  VARVE_ASSIGN_OR_RETURN(Version::Files files, outputs.finish());
  Change change{tree, {}, files, {}};
  TreeEdit edit;
  edit.tree = tree->id();
  for (const VersionFilePointer& file : files) edit.added.push_back(file->metadata);
  edit.flushed_through = boundary;
  change.edit.trees.push_back(std::move(edit));
  VARVE_RETURN_IF_ERROR(commit(std::move(change), [&] { tree->install_flush(memtable, files); }));
  flushes_.fetch_add(1, std::memory_order_relaxed);
  flush_bytes_.fetch_add(outputs.bytes_written(), std::memory_order_relaxed);
  log("flush: tree " + std::to_string(tree->id().value) + ", " + std::to_string(memtable->entries()) +
      " entries, " + std::to_string(outputs.bytes_written()) + " bytes, through " +
      std::to_string(boundary.value));
  return {};
}

Status TreeSetImpl::compact_one(TreeImpl* tree, const CompactionPick& pick, const Version& version) {
  VARVE_RETURN_IF_ERROR(pick.trivial_move ? move_files(tree, pick) : merge_files(tree, pick, version));
  update_pressure();
  work_changed();
  return {};
}

Status TreeSetImpl::move_files(TreeImpl* tree, const CompactionPick& pick) {
  Change change{tree, {}, {}, pick.inputs};
  TreeEdit edit;
  edit.tree = tree->id();
  for (const VersionFilePointer& file : pick.inputs) {
    FileMetadata moved = file->metadata;
    moved.level = pick.to;
    moved.run_order = 0;
    edit.removed.push_back(moved.number);
    edit.added.push_back(moved);
    change.added.push_back(std::make_shared<const VersionFile>(VersionFile{std::move(moved), file->table}));
  }
  const std::vector<FileNumber> removed = edit.removed;
  const Version::Files added = change.added;
  change.edit.trees.push_back(std::move(edit));
  return commit(std::move(change), [&] { tree->install_compaction(removed, added); });
}

Status TreeSetImpl::merge_files(TreeImpl* tree, const CompactionPick& pick, const Version& version) {
  const bool bottom = !has_deeper_files(version, pick.to.value);
  TableOutputs outputs(&table_environment_, table_options(pick.to, bottom), pick.to, 0);
  const CompactionRequest request{&pick, &version, retained_sequences(), options_.target_file_bytes,
                                  [this, tree] { return stopping() || tree->dropped(); }};
  VARVE_RETURN_IF_ERROR(run_compaction(request, &outputs));
  VARVE_ASSIGN_OR_RETURN(Version::Files files, outputs.finish());
  Change change{tree, {}, files, pick.inputs};
  change.removed.insert(change.removed.end(), pick.overlaps.begin(), pick.overlaps.end());
  TreeEdit edit;
  edit.tree = tree->id();
  uint64_t read_bytes = 0;
  for (const VersionFilePointer& file : change.removed) {
    edit.removed.push_back(file->metadata.number);
    read_bytes += file->metadata.size_bytes;
  }
  for (const VersionFilePointer& file : files) edit.added.push_back(file->metadata);
  const std::vector<FileNumber> removed = edit.removed;
  change.edit.trees.push_back(std::move(edit));
  VARVE_RETURN_IF_ERROR(commit(std::move(change), [&] { tree->install_compaction(removed, files); }));
  compactions_.fetch_add(1, std::memory_order_relaxed);
  compaction_read_bytes_.fetch_add(read_bytes, std::memory_order_relaxed);
  compaction_write_bytes_.fetch_add(outputs.bytes_written(), std::memory_order_relaxed);
  log("compaction: tree " + std::to_string(tree->id().value) + ", level " + std::to_string(pick.from.value) +
      " to " + std::to_string(pick.to.value) + ", " + std::to_string(removed.size()) + " files in, " +
      std::to_string(files.size()) + " out, " + std::to_string(read_bytes) + " bytes read, " +
      std::to_string(outputs.bytes_written()) + " written");
  return {};
}

TreeImpl* TreeSetImpl::next_to_flush(const Memtable** memtable) {
  TreeImpl* best = nullptr;
  *memtable = nullptr;
  for (TreeImpl* tree : all_trees()) {
    const Memtable* candidate = tree->oldest_sealed();
    if (candidate == nullptr) continue;
    // The oldest boundary first: it is what holds the log.
    if (best == nullptr || candidate->boundary() < (*memtable)->boundary()) {
      if (*memtable != nullptr) (*memtable)->unref();
      best = tree;
      *memtable = candidate;
    } else {
      candidate->unref();
    }
  }
  return best;
}

TreeImpl* TreeSetImpl::next_to_compact() {
  TreeImpl* best = nullptr;
  double best_score = 0;
  for (TreeImpl* tree : all_trees()) {
    const double score = policy_.score(*tree->version());
    if (score >= 1 && score > best_score) {
      best = tree;
      best_score = score;
    }
  }
  return best;
}

bool TreeSetImpl::flush_due() {
  const std::vector<TreeImpl*> trees = all_trees();
  return std::any_of(trees.begin(), trees.end(),
                     [](const TreeImpl* tree) { return tree->pressure().sealed > 0; });
}

bool TreeSetImpl::compaction_due() { return next_to_compact() != nullptr; }

void TreeSetImpl::start_workers() {
  if (!options_.background) return;
  flush_thread_ = io::Thread("varve-flush", [this] { run_flushes(); });
  compaction_thread_ = io::Thread("varve-compact", [this] { run_compactions(); });
}

void TreeSetImpl::run_flushes() {
  while (true) {
    uint64_t epoch = 0;
    {
      io::MutexLock lock(&work_mutex_);
      if (stopping() || !background_status_.ok()) return;
      epoch = work_epoch_;
      flushing_ = true;
    }
    const Memtable* memtable = nullptr;
    Status status;
    {
      io::MutexLock job(&flush_job_mutex_);
      TreeImpl* tree = next_to_flush(&memtable);
      if (tree != nullptr) status = flush_one(tree, memtable);
    }
    if (memtable != nullptr) job_ended(status);
    io::MutexLock lock(&work_mutex_);
    flushing_ = false;
    // A full disk, or a gate that is closing: not at once again.
    if (!status.ok() && background_status_.ok() && !stopping()) {
      work_condition_.wait_for(&work_mutex_, kRetryNs);
    }
    if (memtable != nullptr) continue;
    work_condition_.notify_all();
    while (work_epoch_ == epoch && !stopping()) work_condition_.wait(&work_mutex_);
  }
}

void TreeSetImpl::run_compactions() {
  while (true) {
    uint64_t epoch = 0;
    {
      io::MutexLock lock(&work_mutex_);
      if (stopping() || !background_status_.ok()) return;
      epoch = work_epoch_;
      compacting_ = true;
    }
    Status status;
    TreeImpl* tree = nullptr;
    {
      io::MutexLock job(&compaction_job_mutex_);
      tree = next_to_compact();
      if (tree != nullptr) {
        const std::shared_ptr<const Version> version = tree->version();
        const std::optional<CompactionPick> pick = policy_.pick(*version);
        if (pick) status = compact_one(tree, *pick, *version);
      }
    }
    if (tree != nullptr) job_ended(status);
    const bool clean = reclaimer_.reclaim();
    graveyard_.unlink_all();
    io::MutexLock lock(&work_mutex_);
    compacting_ = false;
    if (status.code() == ErrorCode::kNoSpace && !stopping()) work_condition_.wait_for(&work_mutex_, kRetryNs);
    if (tree != nullptr) continue;
    work_condition_.notify_all();
    while (work_epoch_ == epoch && !stopping()) {
      if (clean) {
        work_condition_.wait(&work_mutex_);
      } else if (!work_condition_.wait_for(&work_mutex_, kReclaimIntervalNs)) {
        break;
      }
    }
  }
}

Status TreeSetImpl::flush_all(const std::function<SequenceNumber()>& boundary) {
  std::vector<std::pair<TreeImpl*, SequenceNumber>> targets;
  for (TreeImpl* tree : all_trees()) {
    tree->seal(boundary);
    const SequenceNumber target = tree->newest_boundary();
    if (target.value != 0) targets.emplace_back(tree, target);
  }
  if (!options_.background) {
    io::MutexLock job(&flush_job_mutex_);
    const Memtable* memtable = nullptr;
    while (TreeImpl* tree = next_to_flush(&memtable)) {
      const Status status = flush_one(tree, memtable);
      job_ended(status);
      VARVE_RETURN_IF_ERROR(status);
    }
    reclaimer_.reclaim();
    graveyard_.unlink_all();
    return {};
  }
  io::MutexLock lock(&work_mutex_);
  const auto done = [&targets] {
    return std::all_of(targets.begin(), targets.end(), [](const auto& target) {
      return target.first->dropped() || target.first->flushed_through() >= target.second;
    });
  };
  while (!done()) {
    if (!work_status().ok()) return work_status();
    if (stopping()) return {ErrorCode::kClosed, "tree set closed"};
    work_condition_.wait(&work_mutex_);
  }
  return {};
}

Status TreeSetImpl::compact_all() {
  if (options_.background) return quiesce();
  io::MutexLock job(&compaction_job_mutex_);
  while (TreeImpl* tree = next_to_compact()) {
    const std::shared_ptr<const Version> version = tree->version();
    const std::optional<CompactionPick> pick = policy_.pick(*version);
    CHECK(pick.has_value());
    const Status status = compact_one(tree, *pick, *version);
    job_ended(status);
    VARVE_RETURN_IF_ERROR(status);
  }
  reclaimer_.reclaim();
  graveyard_.unlink_all();
  return {};
}

Status TreeSetImpl::quiesce() {
  if (!options_.background) return {};
  while (true) {
    uint64_t epoch = 0;
    {
      io::MutexLock lock(&work_mutex_);
      epoch = work_epoch_;
    }
    const bool due = flush_due() || compaction_due();
    io::MutexLock lock(&work_mutex_);
    if (!work_status().ok()) return work_status();
    if (stopping()) return {ErrorCode::kClosed, "tree set closed"};
    if (!due && !flushing_ && !compacting_ && work_epoch_ == epoch) return {};
    while (work_epoch_ == epoch && (due || flushing_ || compacting_) && work_status().ok() && !stopping()) {
      work_condition_.wait(&work_mutex_);
    }
  }
}

}  // namespace varve::lsm
