// Space: when memtables are sealed, which log segments they pin, and the gate that keeps a flush behind the log.
#include <algorithm>

#include "base/coding.h"
#include "partition/store_impl.h"

namespace varve::partition {

// After a commit, with no latch held: seals what has grown too large. None of it waits for I/O.
void StoreImpl::make_space(const std::vector<WriteBatch::Entry>& written, size_t bytes) {
  for (const WriteBatch::Entry& entry : written) {
    lsm::Tree* tree = keyspaces_.find_any(entry.keyspace)->router.route(entry.key);
    if (tree->wants_seal()) {
      io::MutexLock lock(&seal_mutex_);
      if (tree->wants_seal()) seal(tree);
    }
  }
  // The sum over all trees, and the log, are looked at once in a while.
  const uint64_t check_every = std::max<uint64_t>(options_.write_buffer_bytes / 8, 4096);
  if (unchecked_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes >= check_every) {
    unchecked_bytes_.store(0, std::memory_order_relaxed);
    io::MutexLock lock(&seal_mutex_);
    limit_memtables();
    limit_log();
  }
}

void StoreImpl::seal(lsm::Tree* tree) {
  tree->seal([this] { return log_->next_sequence(); });
}

// Many small memtables can be too much together: the largest go first.
void StoreImpl::limit_memtables() {
  const uint64_t budget = std::max(options_.memory_bytes / 4, 2 * options_.write_buffer_bytes);
  if (trees_->statistics().memtable_bytes <= budget) return;
  lsm::Tree* largest = nullptr;
  uint64_t largest_bytes = 0;
  for (const TreeId id : trees_->tree_ids()) {
    lsm::Tree* tree = trees_->find(id);
    const uint64_t bytes = tree == nullptr ? 0 : tree->statistics().memtable_bytes;
    if (bytes > largest_bytes) {
      largest = tree;
      largest_bytes = bytes;
    }
  }
  if (largest != nullptr) seal(largest);
}

// Over its limit, the log's oldest segment is freed by flushing whatever still needs it.
void StoreImpl::limit_log() {
  if (log_->bytes_in_use() <= options_.log_limit_bytes) return;
  const SequenceNumber pin = log_->oldest_segment_last_sequence();
  if (pin == kNoSequence || log_limit_done_for_.exchange(pin.value, std::memory_order_relaxed) == pin.value)
    return;
  for (const TreeId id : trees_->tree_ids()) {
    lsm::Tree* tree = trees_->find(id);
    if (tree != nullptr && tree->oldest_unflushed() <= pin) seal(tree);
  }
}

// Everything below b must be applied, durable and visible before a memtable with boundary b becomes a file.
Status StoreImpl::pass_flush_gate(SequenceNumber boundary) {
  {
    io::MutexLock lock(&serving_mutex_);
    while (!serving_ && !closing_) serving_changed_.wait(&serving_mutex_);
    if (!serving_) return {ErrorCode::kClosed, "store: closed before recovery was done"};
  }
  const SequenceNumber last(boundary.value - 1);
  VARVE_RETURN_IF_ERROR(log_->sync(last));
  return visibility_->wait(last);
}

void StoreImpl::release_log() {
  if (!started_.load(std::memory_order_acquire)) return;
  // The prefixes are read first: a commit that is reserved but not yet in a memtable is above the applied one. The durable one
  // counts because entries of dropped trees are in no memtable, whether the log has them or not.
  const SequenceNumber settled = std::min(visibility_->applied(), log_->durable_sequence());
  const SequenceNumber bound = std::min(settled.next(), trees_->oldest_unflushed());
  {
    io::MutexLock lock(&generations_mutex_);
    replay_from_ = std::max(replay_from_, bound);
  }
  const Status status = log_->release_before(bound);
  if (!status.ok()) say("log: segments could not be released: " + status.to_string());
}

Status StoreImpl::note_release(SegmentNumber first_kept) {
  io::MutexLock lock(&generations_mutex_);
  std::vector<wal::Generation> kept;
  for (size_t i = 0; i < generations_.size(); ++i) {
    const bool last = i + 1 == generations_.size();
    if (!last && generations_[i + 1].first_segment <= first_kept) continue;
    kept.push_back(generations_[i]);
    kept.back().first_segment = std::max(kept.back().first_segment, first_kept);
  }
  VARVE_RETURN_IF_ERROR(trees_->set_attributes({{kGenerationsAttribute, encode_generations(kept)},
                                                {kReplayFromAttribute, encode_sequence(replay_from_)}}));
  generations_ = std::move(kept);
  return {};
}

std::string encode_generations(const std::vector<wal::Generation>& generations) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.varint(generations.size());
  for (const wal::Generation& generation : generations) {
    std::string one;
    generation.encode(&one);
    writer.string(one);
  }
  return bytes;
}

Result<std::vector<wal::Generation>> decode_generations(Slice bytes) {
  std::vector<wal::Generation> generations;
  if (bytes.empty()) return generations;
  ByteReader reader(bytes);
  for (uint64_t count = reader.varint(); count > 0 && !reader.failed(); --count) {
    VARVE_ASSIGN_OR_RETURN(wal::Generation generation, wal::Generation::decode(reader.string()));
    generations.push_back(generation);
  }
  if (!reader.done()) return Status::corruption("manifest: the list of log generations is malformed");
  return generations;
}

std::string encode_sequence(SequenceNumber sequence) {
  std::string bytes;
  ByteWriter(&bytes).u64(sequence.value);
  return bytes;
}

Result<SequenceNumber> decode_sequence(Slice bytes) {
  if (bytes.empty()) return kNoSequence;
  ByteReader reader(bytes);
  const SequenceNumber sequence(reader.u64());
  if (!reader.done()) return Status::corruption("manifest: a sequence number of the log is malformed");
  return sequence;
}

}  // namespace varve::partition
