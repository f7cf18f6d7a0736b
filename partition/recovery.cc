// Opening a directory: lock, manifest, catalog, replay of the log, a new log generation. Every step may be cut short by
// a crash and run again.
//
//   1  the manifest gives the trees' files and the live log generations
//   2  the catalog's files give the keyspaces as of its last flush
//   3  replay applies each record above its tree's flushed_through, catalog entries as they come
//   4  a new generation begins in a fresh segment, headed by the records that nothing proves durable
//   5  one manifest edit ends the old generation and begins the new one: from here on the tail is decided for good
//   6  trees of dropped keyspaces are dropped, the flush gate opens, reads and writes are served
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/io/clock.h"
#include "base/io/entropy.h"
#include "partition/store_impl.h"

namespace varve::partition {

std::string log_directory(const std::string& directory) { return io::join_path(directory, "log"); }
std::string lsm_directory(const std::string& directory) { return io::join_path(directory, "lsm"); }
std::string lock_path(const std::string& directory) { return io::join_path(directory, "LOCK"); }

Status StoreImpl::open() {
  const uint64_t start_ns = io::monotonic_ns();
  Status status = prepare_directories();
  if (status.ok()) status = recover();
  recovery_info_.duration_ns = io::monotonic_ns() - start_ns;
  if (!status.ok()) {
    (void)close();
    return status;
  }
  if (recovery_info_.records_replayed > 0 || recovery_info_.torn_tail_bytes > 0) {
    say("recovery: " + std::to_string(recovery_info_.records_replayed) + " records, " +
        std::to_string(recovery_info_.bytes_replayed) + " bytes of log in " +
        std::to_string(recovery_info_.duration_ns / 1'000'000) + " ms; torn tail of " +
        std::to_string(recovery_info_.torn_tail_bytes) + " bytes dropped");
  }
  return {};
}

Status StoreImpl::prepare_directories() {
  VARVE_ASSIGN_OR_RETURN(const bool exists, driver_->exists(directory_));
  if (!exists) {
    if (!options_.create) return Status::not_found(directory_ + ": no such store");
    VARVE_RETURN_IF_ERROR(driver_->create_directory(directory_));
    VARVE_RETURN_IF_ERROR(driver_->sync_directory(io::parent_path(directory_)));
  }
  VARVE_ASSIGN_OR_RETURN(directory_lock_, driver_->lock(lock_path(directory_)));
  for (const std::string& child : {log_directory(directory_), lsm_directory(directory_)}) {
    VARVE_ASSIGN_OR_RETURN(const bool child_exists, driver_->exists(child));
    if (child_exists) continue;
    if (!options_.create)
      return Status::not_found(directory_ + ": no store here ('" + child + "' is missing)");
    VARVE_RETURN_IF_ERROR(driver_->create_directory(child));
  }
  return driver_->sync_directory(directory_);
}

lsm::TreeSetOptions StoreImpl::tree_set_options() {
  lsm::TreeSetOptions options;
  options.driver = driver_;
  options.directory = lsm_directory(directory_);
  options.write_buffer_bytes = options_.write_buffer_bytes;
  options.block_cache_bytes = options_.block_cache_bytes;
  options.block_bytes = options_.block_bytes;
  options.target_file_bytes = options_.target_file_bytes;
  options.level_base_bytes = options_.level_base_bytes;
  options.level0_compaction_trigger = options_.level0_compaction_trigger;
  options.compress = options_.compress;
  options.filter_prefix = options_.filter_prefix;
  options.background = options_.background;
  options.flush_gate = [this](SequenceNumber boundary) { return pass_flush_gate(boundary); };
  options.on_flushed = [this] { release_log(); };
  options.log_line = options_.log_line;
  return options;
}

wal::LogOptions StoreImpl::log_options() {
  wal::LogOptions options;
  options.driver = driver_;
  options.directory = log_directory(directory_);
  options.first_segment_bytes = options_.log_first_segment_bytes;
  options.max_segment_bytes = options_.log_max_segment_bytes;
  options.max_frame_bytes = std::min(options.max_frame_bytes, options_.log_max_segment_bytes / 4);
  options.sync_interval_ns = options_.durability == Durability::kInterval ? options_.sync_interval_ns : 0;
  options.on_durable = [this](SequenceNumber durable) { visibility_->mark_durable(durable); };
  options.on_failure = [this](const Status& status) {
    say("log: " + status.to_string() + "; the store acknowledges nothing until it is opened again");
    visibility_->mark_failed({ErrorCode::kOutcomeUnknown, "log: " + status.message()});
  };
  options.before_release = [this](SegmentNumber first_kept) { return note_release(first_kept); };
  options.manifest_edit = [this] { return trees_->last_manifest_edit(); };
  return options;
}

Status StoreImpl::recover() {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> segments, driver_->list(log_directory(directory_)));
  // A log without a manifest is a store that lost its manifest, not a new store.
  VARVE_ASSIGN_OR_RETURN(trees_, lsm::TreeSet::open(tree_set_options(), options_.create && segments.empty()));
  const std::map<std::string, std::string> attributes = trees_->attributes();
  const auto attribute = [&](const char* name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : found->second;
  };
  VARVE_ASSIGN_OR_RETURN(std::vector<wal::Generation> generations,
                         decode_generations(attribute(kGenerationsAttribute)));
  VARVE_ASSIGN_OR_RETURN(const SequenceNumber floor, decode_sequence(attribute(kSequenceFloorAttribute)));
  VARVE_ASSIGN_OR_RETURN(const SequenceNumber replay_from, decode_sequence(attribute(kReplayFromAttribute)));
  {
    io::MutexLock lock(&generations_mutex_);
    replay_from_ = replay_from;
  }
  VARVE_RETURN_IF_ERROR(load_catalog());

  VARVE_ASSIGN_OR_RETURN(
      wal::RecoveryReport report,
      wal::Log::recover(log_options(), generations, replay_from,
                        [this](const wal::ReplayedRecord& record) { return replay(record); }));
  if (report.last_manifest_edit > trees_->last_manifest_edit()) {
    return Status::corruption(lsm_directory(directory_) + ": the manifest ends at edit " +
                              std::to_string(trees_->last_manifest_edit()) + ", but the log knows of edit " +
                              std::to_string(report.last_manifest_edit));
  }
  const SequenceNumber logged = std::max(report.last_sequence, floor);
  if (trees_->greatest_sequence() > logged) {
    return Status::corruption(log_directory(directory_) + ": the log ends at sequence " +
                              std::to_string(logged.value) + ", but SSTables hold sequence " +
                              std::to_string(trees_->greatest_sequence().value));
  }
  report.last_sequence = logged;
  recovery_info_.segments = report.segments;
  recovery_info_.torn_tail_bytes = report.torn_tail_bytes;
  recovery_info_.records_rewritten = report.unproven.size();
  return start_log(std::move(report), std::move(generations));
}

Status StoreImpl::load_catalog() {
  VARVE_RETURN_IF_ERROR(keyspaces_.add({kCatalogKeyspace, "", kCatalogTree}, trees_->tree(kCatalogTree)));
  VARVE_ASSIGN_OR_RETURN(auto iterator, trees_->tree(kCatalogTree)->iterate({}, ReadPoint::applied()));
  for (iterator->seek_to_first(); iterator->valid(); iterator->next()) {
    VARVE_RETURN_IF_ERROR(replay_catalog_entry(
        iterator->sequence(),
        {kCatalogKeyspace, WriteBatch::Operation::kPut, iterator->key(), iterator->value()}));
  }
  return iterator->status();
}

Status StoreImpl::replay(const wal::ReplayedRecord& record) {
  if (record.kind != kCommitRecord) {
    return Status::unsupported("log: sequence " + std::to_string(record.sequence.value) +
                               " has record kind " + std::to_string(record.kind) +
                               ", which this version does not know");
  }
  ++recovery_info_.records_replayed;
  recovery_info_.bytes_replayed += record.payload.size();
  return WriteBatch::for_each(record.payload, [&](const WriteBatch::Entry& entry) {
    if (entry.keyspace != kCatalogKeyspace) return replay_data_entry(record.sequence, entry);
    lsm::Tree* catalog = trees_->tree(kCatalogTree);
    if (record.sequence < catalog->flushed_through()) return Status();
    catalog->apply(
        record.sequence,
        entry.operation == WriteBatch::Operation::kPut ? lsm::ValueKind::kPut : lsm::ValueKind::kDelete,
        entry.key, entry.value);
    return replay_catalog_entry(record.sequence, entry);
  });
}

Status StoreImpl::replay_catalog_entry(SequenceNumber sequence, const WriteBatch::Entry& entry) {
  if (entry.key == catalog_next_id_key()) {
    VARVE_ASSIGN_OR_RETURN(const uint64_t next_id, decode_next_id(entry.value));
    next_id_ = std::max(next_id_, next_id);
    return {};
  }
  const std::optional<KeyspaceId> id = parse_catalog_keyspace_key(entry.key);
  if (!id.has_value()) {
    return Status::corruption("catalog: unknown key at sequence " + std::to_string(sequence.value));
  }
  KeyspaceState* state = keyspaces_.find_any(*id);
  if (entry.operation == WriteBatch::Operation::kDelete) {
    if (state != nullptr && *id != kCatalogKeyspace) forget_keyspace(state);
    return {};
  }
  VARVE_ASSIGN_OR_RETURN(const KeyspaceRecord record, KeyspaceRecord::decode(*id, entry.value));
  if (state != nullptr)
    return Status::corruption("catalog: keyspace " + std::to_string(id->value) + " is created twice");
  return add_keyspace(record);
}

Status StoreImpl::replay_data_entry(SequenceNumber sequence, const WriteBatch::Entry& entry) {
  KeyspaceState* state = keyspaces_.find_any(entry.keyspace);
  if (state == nullptr) {
    // Below the counter: dropped, and the catalog's files already know.
    if (entry.keyspace.value < next_id_) return {};
    return Status::corruption("log: sequence " + std::to_string(sequence.value) + " writes to keyspace " +
                              std::to_string(entry.keyspace.value) + ", which was never created");
  }
  if (state->dropped.load(std::memory_order_relaxed)) return {};
  lsm::Tree* tree = state->router.route(entry.key);
  if (sequence < tree->flushed_through()) return {};
  tree->apply(sequence,
              entry.operation == WriteBatch::Operation::kPut ? lsm::ValueKind::kPut : lsm::ValueKind::kDelete,
              entry.key, entry.value);
  // One thread replays, in order: everything up to this record is applied, so the boundary is the next one. The memtable waits at
  // the flush gate until recovery is done.
  if (tree->wants_seal()) tree->seal([&] { return sequence.next(); });
  return {};
}

Status StoreImpl::start_log(wal::RecoveryReport report, std::vector<wal::Generation> generations) {
  visibility_ = std::make_unique<Visibility>(trees_.get(), options_.durability == Durability::kSync,
                                             report.last_sequence);
  VARVE_ASSIGN_OR_RETURN(log_, wal::Log::start(log_options(), generations, report, io::random_id()));

  if (!generations.empty() && !generations.back().ended) {
    generations.back().ended = true;
    generations.back().end = report.end;
  }
  generations.push_back(log_->generation());
  VARVE_RETURN_IF_ERROR(
      trees_->set_attributes({{kGenerationsAttribute, encode_generations(generations)},
                              {kSequenceFloorAttribute, encode_sequence(report.last_sequence)}}));
  {
    io::MutexLock lock(&generations_mutex_);
    generations_ = std::move(generations);
  }
  VARVE_RETURN_IF_ERROR(drop_forgotten_trees());
  started_.store(true, std::memory_order_release);
  {
    io::MutexLock lock(&serving_mutex_);
    serving_ = true;
    serving_changed_.notify_all();
  }
  release_log();
  return {};
}

Status StoreImpl::drop_forgotten_trees() {
  for (const TreeId id : trees_->tree_ids()) {
    bool wanted = id == kCatalogTree;
    for (KeyspaceState* state : keyspaces_.all()) wanted = wanted || state->record.first_tree == id;
    if (!wanted) VARVE_RETURN_IF_ERROR(trees_->drop(id));
  }
  return {};
}

}  // namespace varve::partition
