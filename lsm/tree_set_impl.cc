#include "lsm/tree_set_impl.h"

#include <algorithm>
#include <array>

namespace varve::lsm {

namespace {

// Writers are held back when a tree has this many memtables waiting, when all of them together hold this many write
// buffers, or when a tree has this many times the level-0 trigger in runs.
constexpr size_t kMaxSealedMemtables = 3;
constexpr uint64_t kMaxSealedBuffers = 4;
constexpr size_t kMaxLevel0Factor = 5;

BlockCache::Options cache_options(const TreeSetOptions& options) {
  BlockCache::Options out;
  out.budget_bytes = options.block_cache_bytes;
  out.expected_block_bytes = static_cast<uint32_t>(options.block_bytes);
  return out;
}

}  // namespace

TreeSetImpl::TreeSetImpl(const TreeSetOptions& options)
    : options_(options),
      policy_(options.level_base_bytes, options.level_fanout,
              std::max<uint32_t>(options.level0_compaction_trigger, 1)),
      filter_(static_cast<double>(std::max<uint32_t>(options.filter_bits_per_key, 1))),
      cache_(cache_options(options)),
      graveyard_(options.driver, [this] { work_changed(); }),
      empty_version_(std::make_shared<const Version>()) {
  tree_environment_.reclaimer = &reclaimer_;
  tree_environment_.visible = &visible_;
  tree_environment_.write_buffer_bytes = options.write_buffer_bytes;
  tree_environment_.filter_prefix = options.filter_prefix;
  tree_environment_.on_sealed = [this] {
    update_pressure();
    work_changed();
  };
  table_environment_ = {options.driver, options.directory, &cache_, &graveyard_,
                        [this] { return FileNumber(next_file_.fetch_add(1, std::memory_order_relaxed)); }};
}

TreeSetImpl::~TreeSetImpl() {
  // A caller that wants to know how closing went calls close() itself.
  Status ignored = close();
  std::map<TreeId, std::unique_ptr<TreeImpl>> trees;
  std::vector<std::unique_ptr<TreeImpl>> dropped;
  {
    io::MutexLock lock(&trees_mutex_);
    trees.swap(trees_);
    dropped.swap(dropped_);
  }
  trees.clear();
  dropped.clear();
  reclaimer_.reclaim();
  graveyard_.unlink_all();
}

Tree* TreeSetImpl::tree(TreeId id) {
  io::MutexLock lock(&trees_mutex_);
  std::unique_ptr<TreeImpl>& slot = trees_[id];
  if (slot == nullptr) {
    slot = std::make_unique<TreeImpl>(id, &tree_environment_, empty_version_, SequenceNumber());
  }
  return slot.get();
}

void TreeSetImpl::approach(std::span<const Place> places) {
  // As many as a core keeps fetches under way, about.
  constexpr size_t kTogether = 16;
  std::array<SkipList::Approach, kTogether> under_way;
  const ReadEpochs::Guard guard(reclaimer_.epochs());
  const auto begin_next = [&](SkipList::Approach* approach) {
    if (places.empty()) return false;
    *approach = static_cast<const TreeImpl*>(places.front().tree)->approach(places.front().key);
    places = places.subspan(1);
    return true;
  };
  size_t count = 0;
  while (count < kTogether && begin_next(&under_way[count])) ++count;
  while (count > 0) {
    for (size_t i = 0; i < count;) {
      if (under_way[i].step() || begin_next(&under_way[i])) {
        ++i;
      } else {
        under_way[i] = under_way[--count];
      }
    }
  }
}

Tree* TreeSetImpl::find(TreeId id) {
  io::MutexLock lock(&trees_mutex_);
  const auto at = trees_.find(id);
  return at == trees_.end() ? nullptr : at->second.get();
}

std::vector<TreeId> TreeSetImpl::tree_ids() {
  io::MutexLock lock(&trees_mutex_);
  std::vector<TreeId> ids;
  for (const auto& [id, tree] : trees_) ids.push_back(id);
  return ids;
}

std::vector<TreeImpl*> TreeSetImpl::all_trees() const {
  io::MutexLock lock(&trees_mutex_);
  std::vector<TreeImpl*> trees;
  trees.reserve(trees_.size());
  for (const auto& [id, tree] : trees_) trees.push_back(tree.get());
  return trees;
}

Status TreeSetImpl::drop(TreeId id) {
  Version::Files files;
  {
    io::MutexLock lock(&manifest_mutex_);
    if (closed_) return {ErrorCode::kClosed, "tree set closed"};
    TreeImpl* tree = nullptr;
    {
      io::MutexLock trees_lock(&trees_mutex_);
      const auto at = trees_.find(id);
      if (at != trees_.end()) tree = at->second.get();
    }
    if (manifest_->state().trees.contains(id)) {
      VersionEdit edit;
      edit.trees.push_back({id, true, {}, {}, {}});
      edit.next_file = FileNumber(next_file_.load(std::memory_order_relaxed));
      // The dropped tree's sequences must stay below the counter also when nothing else remembers them.
      edit.greatest_sequence = manifest_->state().greatest_sequence;
      VARVE_RETURN_IF_ERROR(manifest_->append(std::move(edit), table_environment_.new_file_number));
      last_edit_.store(manifest_->last_edit(), std::memory_order_release);
    }
    if (tree == nullptr) return {};
    files = tree->install_drop();
    io::MutexLock trees_lock(&trees_mutex_);
    const auto at = trees_.find(id);
    dropped_.push_back(std::move(at->second));  // callers may still hold the pointer
    trees_.erase(at);
  }
  for (const VersionFilePointer& file : files) file->table->remove_name();
  files.clear();
  reclaimer_.reclaim();
  if (!options_.background) graveyard_.unlink_all();
  update_pressure();
  work_changed();
  if (options_.on_flushed) options_.on_flushed();
  return {};
}

Status TreeSetImpl::set_attributes(const std::map<std::string, std::string>& attributes) {
  io::MutexLock lock(&manifest_mutex_);
  if (closed_) return {ErrorCode::kClosed, "tree set closed"};
  VersionEdit edit;
  edit.attributes = attributes;
  VARVE_RETURN_IF_ERROR(manifest_->append(std::move(edit), table_environment_.new_file_number));
  last_edit_.store(manifest_->last_edit(), std::memory_order_release);
  return {};
}

std::map<std::string, std::string> TreeSetImpl::attributes() {
  io::MutexLock lock(&manifest_mutex_);
  return manifest_->state().attributes;
}

void TreeSetImpl::publish_visible(SequenceNumber sequence) {
  uint64_t current = visible_.load(std::memory_order_relaxed);
  while (current < sequence.value &&
         !visible_.compare_exchange_weak(current, sequence.value, std::memory_order_acq_rel)) {
  }
}

SequenceNumber TreeSetImpl::acquire_snapshot() {
  // Under the lock that retained_sequences() takes: a job either knows this snapshot or began with a visible
  // sequence at or below it.
  io::MutexLock lock(&snapshots_mutex_);
  const SequenceNumber sequence = visible();
  ++snapshots_[sequence];
  return sequence;
}

void TreeSetImpl::release_snapshot(SequenceNumber sequence) {
  io::MutexLock lock(&snapshots_mutex_);
  const auto at = snapshots_.find(sequence);
  CHECK(at != snapshots_.end());
  if (--at->second == 0) snapshots_.erase(at);
}

std::vector<SequenceNumber> TreeSetImpl::retained_sequences() {
  io::MutexLock lock(&snapshots_mutex_);
  std::vector<SequenceNumber> retained{visible()};
  for (const auto& [sequence, count] : snapshots_) retained.push_back(sequence);
  return retained;
}

SequenceNumber TreeSetImpl::oldest_unflushed() const {
  io::MutexLock lock(&trees_mutex_);
  SequenceNumber oldest = kMaxSequence;
  for (const auto& [id, tree] : trees_) oldest = std::min(oldest, tree->oldest_unflushed());
  return oldest;
}

void TreeSetImpl::update_pressure() {
  if (!options_.background) return;  // nobody would relieve it
  io::MutexLock lock(&pressure_mutex_);
  uint64_t sealed_bytes = 0;
  bool over = false;
  for (const TreeImpl* tree : all_trees()) {
    const TreeImpl::Pressure pressure = tree->pressure();
    sealed_bytes += pressure.sealed_bytes;
    over =
        over || pressure.sealed >= kMaxSealedMemtables ||
        pressure.level0_runs >= kMaxLevel0Factor * std::max<uint32_t>(options_.level0_compaction_trigger, 1);
  }
  over = over || sealed_bytes >= kMaxSealedBuffers * options_.write_buffer_bytes;
  overloaded_.store(over, std::memory_order_release);
}

void TreeSetImpl::work_changed() {
  io::MutexLock lock(&work_mutex_);
  ++work_epoch_;
  work_condition_.notify_all();
}

void TreeSetImpl::job_ended(const Status& status) {
  if (status.code() == ErrorCode::kClosed) return;  // stopped, not failed
  if (!status.ok()) log("background work failed: " + status.to_string());
  io::MutexLock lock(&work_mutex_);
  if (status.ok() && space_status_.ok()) return;
  if (status.ok() || status.code() == ErrorCode::kNoSpace) {
    space_status_ = status;
  } else if (background_status_.ok()) {
    background_status_ = status;
  }
  ++work_epoch_;
  work_condition_.notify_all();
}

Status TreeSetImpl::background_status() const {
  io::MutexLock lock(&work_mutex_);
  return background_status_;
}

Status TreeSetImpl::wait_for_room() {
  io::MutexLock lock(&work_mutex_);
  while (overloaded() && work_status().ok() && !stopping()) work_condition_.wait(&work_mutex_);
  return overloaded() ? work_status() : background_status_;
}

TreeSetStatistics TreeSetImpl::statistics() const {
  TreeSetStatistics out;
  out.flushes = flushes_.load(std::memory_order_relaxed);
  out.flush_bytes = flush_bytes_.load(std::memory_order_relaxed);
  out.compactions = compactions_.load(std::memory_order_relaxed);
  out.compaction_read_bytes = compaction_read_bytes_.load(std::memory_order_relaxed);
  out.compaction_write_bytes = compaction_write_bytes_.load(std::memory_order_relaxed);
  out.manifest_edits = last_manifest_edit();
  const BlockCache::Counters cache = cache_.counters();
  out.cache_hits = cache.hits;
  out.cache_misses = cache.misses;
  out.block_reads = cache.misses - cache.shared_loads;
  out.filter_negatives = tree_environment_.filter_negatives.load(std::memory_order_relaxed);
  for (const TreeImpl* tree : all_trees()) {
    out.sealed_memtables += tree->pressure().sealed;
    out.memtable_bytes += tree->statistics().memtable_bytes;
  }
  return out;
}

Status TreeSetImpl::close() {
  stopping_.store(true, std::memory_order_release);
  work_changed();
  if (flush_thread_.joinable()) flush_thread_.join();
  if (compaction_thread_.joinable()) compaction_thread_.join();
  io::MutexLock lock(&manifest_mutex_);
  if (closed_ || manifest_ == nullptr) return {};
  closed_ = true;
  graveyard_.unlink_all();
  // A last edit that says nothing: it proves the one before it, so that damage there is no torn tail.
  return manifest_->append(VersionEdit(), table_environment_.new_file_number);
}

}  // namespace varve::lsm
