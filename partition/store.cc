#include "partition/store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "partition/store_impl.h"

namespace varve::partition {

namespace {

class SnapshotImpl final : public Snapshot {
 public:
  explicit SnapshotImpl(lsm::TreeSet* trees) : trees_(trees), sequence_(trees->acquire_snapshot()) {}
  ~SnapshotImpl() override { trees_->release_snapshot(sequence_); }
  SequenceNumber sequence() const override { return sequence_; }

 private:
  lsm::TreeSet* trees_;
  SequenceNumber sequence_;
};

// Sizes that follow from the one memory number, where the caller left them open.
StoreOptions with_derived_sizes(StoreOptions options) {
  const auto derive = [](uint64_t* value, uint64_t derived) {
    if (*value == 0) *value = derived;
  };
  constexpr uint64_t kMiB = 1u << 20;
  derive(&options.write_buffer_bytes, std::clamp<uint64_t>(options.memory_bytes / 8, 64u << 10, 64 * kMiB));
  derive(&options.block_cache_bytes, options.memory_bytes / 2);
  derive(&options.target_file_bytes, 32 * kMiB);
  derive(&options.level_base_bytes, 4 * options.write_buffer_bytes);
  derive(&options.block_bytes, 8u << 10);
  derive(&options.log_first_segment_bytes, kMiB);
  derive(&options.log_max_segment_bytes, std::max(64 * kMiB, options.log_first_segment_bytes));
  if (options.level0_compaction_trigger == 0) options.level0_compaction_trigger = 4;
  if (options.driver == nullptr) options.driver = io::default_driver();
  return options;
}

// One stripe per 64 KiB of memory, within reason: enough that concurrent writers seldom meet by accident.
size_t latch_stripes(const StoreOptions& options) {
  return std::clamp<size_t>(options.memory_bytes / (64u << 10), 64, 4096);
}

Status no_such_keyspace(KeyspaceId id) {
  return Status::not_found("keyspace " + std::to_string(id.value) + " does not exist");
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, const StoreOptions& options) {
  auto store = std::make_unique<StoreImpl>(directory, options);
  VARVE_RETURN_IF_ERROR(store->open());
  return std::unique_ptr<Store>(std::move(store));
}

StoreImpl::StoreImpl(std::string directory, const StoreOptions& options)
    : directory_(std::move(directory)),
      options_(with_derived_sizes(options)),
      driver_(options_.driver),
      latches_(latch_stripes(options_)) {}

StoreImpl::~StoreImpl() { (void)close(); }

Status StoreImpl::close() {
  io::MutexLock lock(&close_mutex_);
  if (closed_) return {};
  closed_ = true;
  {
    io::MutexLock serving_lock(&serving_mutex_);
    closing_ = true;
    serving_changed_.notify_all();
  }
  // The workers stop first: their flushes wait for the log, which must still be there.
  Status status;
  if (trees_ != nullptr) status = trees_->close();
  if (log_ != nullptr) {
    Status log_status = log_->close();
    if (status.ok()) status = std::move(log_status);
  }
  directory_lock_.reset();
  return status;
}

Result<KeyspaceId> StoreImpl::create_keyspace(const std::string& name) {
  if (name.empty() || name.size() > kMaxKeyspaceNameBytes) {
    return Status::invalid_argument("keyspace name: must be 1 to " + std::to_string(kMaxKeyspaceNameBytes) +
                                    " bytes");
  }
  io::MutexLock lock(&catalog_mutex_);
  if (find_keyspace(name).has_value()) return Status::already_exists("keyspace '" + name + "' exists");
  if (next_id_ + 2 >= KeyspaceTable::kMaxKeyspaces)
    return Status::resource_exhausted("catalog: ids are used up");

  const KeyspaceRecord record{KeyspaceId(next_id_), name, TreeId(next_id_ + 1)};
  next_id_ += 2;
  WriteBatch batch;
  batch.put(kCatalogKeyspace, catalog_keyspace_key(record.id), record.encode_value());
  batch.put(kCatalogKeyspace, catalog_next_id_key(), encode_next_id(next_id_));
  VARVE_RETURN_IF_ERROR(write(&batch, {}).status());
  VARVE_RETURN_IF_ERROR(sync());
  VARVE_RETURN_IF_ERROR(add_keyspace(record));
  return record.id;
}

Status StoreImpl::drop_keyspace(KeyspaceId id) {
  io::MutexLock lock(&catalog_mutex_);
  KeyspaceState* state = keyspaces_.find(id);
  if (state == nullptr || id == kCatalogKeyspace) return no_such_keyspace(id);
  WriteBatch batch;
  batch.remove(kCatalogKeyspace, catalog_keyspace_key(id));
  VARVE_RETURN_IF_ERROR(write(&batch, {}).status());
  VARVE_RETURN_IF_ERROR(sync());
  forget_keyspace(state);
  // The files go after the catalog says so: a crash in between is finished by the next open.
  return trees_->drop(state->record.first_tree);
}

Status StoreImpl::add_keyspace(const KeyspaceRecord& record) {
  VARVE_RETURN_IF_ERROR(keyspaces_.add(record, trees_->tree(record.first_tree)));
  io::MutexLock lock(&names_mutex_);
  names_[record.name] = record.id;
  return {};
}

void StoreImpl::forget_keyspace(KeyspaceState* state) {
  state->dropped.store(true, std::memory_order_release);
  io::MutexLock lock(&names_mutex_);
  names_.erase(state->record.name);
}

std::optional<KeyspaceId> StoreImpl::find_keyspace(const std::string& name) {
  io::MutexLock lock(&names_mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::vector<KeyspaceInfo> StoreImpl::keyspaces() {
  std::vector<KeyspaceInfo> infos;
  io::MutexLock lock(&names_mutex_);
  for (const auto& [name, id] : names_) infos.push_back({id, name});
  return infos;
}

Result<lsm::Lookup> StoreImpl::get(KeyspaceId id, Slice key, ReadPoint point, PinnedValue* value) {
  KeyspaceState* state = keyspaces_.find(id);
  if (state == nullptr) return no_such_keyspace(id);
  return state->router.route(key)->get(key, point, value);
}

Result<std::unique_ptr<Iterator>> StoreImpl::iterate(KeyspaceId id, const Bounds& bounds, ReadPoint point) {
  KeyspaceState* state = keyspaces_.find(id);
  if (state == nullptr) return no_such_keyspace(id);
  // Every keyspace is one partition until splits exist.
  CHECK(state->router.ranges().size() == 1);
  return state->router.ranges()[0].tree->iterate(bounds, point);
}

std::unique_ptr<Snapshot> StoreImpl::snapshot() { return std::make_unique<SnapshotImpl>(trees_.get()); }

Result<lsm::TreeStatistics> StoreImpl::keyspace_statistics(KeyspaceId id) {
  KeyspaceState* state = keyspaces_.find(id);
  if (state == nullptr) return no_such_keyspace(id);
  return state->router.ranges()[0].tree->statistics();
}

Status StoreImpl::sync() {
  const SequenceNumber last = log_->last_appended();
  VARVE_RETURN_IF_ERROR(log_->sync(last));
  return visibility_->wait(last);
}

Status StoreImpl::flush() {
  VARVE_RETURN_IF_ERROR(trees_->flush_all([this] { return log_->next_sequence(); }));
  release_log();
  return {};
}

Status StoreImpl::compact() { return trees_->compact_all(); }

Status StoreImpl::quiesce() { return trees_->quiesce(); }

Status StoreImpl::health() const {
  const Status log_status = visibility_->failure();
  if (!log_status.ok()) return {ErrorCode::kStoreFailed, log_status.message()};
  return trees_->background_status();
}

StoreStatistics StoreImpl::statistics() const {
  const wal::LogStatistics log = log_->statistics();
  const lsm::TreeSetStatistics trees = trees_->statistics();
  StoreStatistics result;
  result.commits = commits_.load(std::memory_order_relaxed);
  result.commit_retries = commit_retries_.load(std::memory_order_relaxed);
  result.log_bytes_in_use = log_->bytes_in_use();
  result.log_frames = log.frames;
  result.log_syncs = log.syncs;
  result.flushes = trees.flushes;
  result.flush_bytes = trees.flush_bytes;
  result.compactions = trees.compactions;
  result.compaction_read_bytes = trees.compaction_read_bytes;
  result.compaction_write_bytes = trees.compaction_write_bytes;
  result.cache_hits = trees.cache_hits;
  result.cache_misses = trees.cache_misses;
  result.block_reads = trees.block_reads;
  result.memtable_bytes = trees.memtable_bytes;
  return result;
}

}  // namespace varve::partition
