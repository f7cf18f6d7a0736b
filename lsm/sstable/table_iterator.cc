#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "lsm/sstable/open_table.h"

namespace varve::lsm {

namespace {

// Walks the leaves of the index tree and the data block under the current leaf.
//
//   I1 levels_[0] is the root; levels_[i + 1] is the block under levels_[i]'s current entry; data_ the block
//   under the
//      last level's. All stand on an entry while valid_.
//   I2 Blocks lie in the file in key order, so moving forward must raise the data offset and moving back must
//   lower it:
//      an index that leads in circles is corruption, not an endless scan.
class TableIterator final : public InternalIterator {
 public:
  TableIterator(const OpenTable* table, const TableIteratorOptions& options)
      : table_(table),
        priority_(options.priority),
        fill_cache_(options.fill_cache),
        readahead_bytes_(options.readahead_bytes),
        levels_(table->properties.index_levels) {
    if (options.lower.has_value()) lower_ = make_seek_key(*options.lower, kMaxSequence);
    if (options.upper.has_value()) upper_ = make_seek_key(*options.upper, kMaxSequence);
    levels_[0].offset = table->footer.index_root.offset;
    levels_[0].block = table->root;
  }

  bool valid() const override { return valid_; }
  Slice key() const override { return data_.at.key(); }
  Slice value() const override { return data_.at.value(); }
  bool warm() const override { return data_warm_; }
  Status status() const override { return status_; }

  void seek(Slice target) override { seek_by_steps(target); }
  void begin_seek(Slice target) override;
  bool seek_step() override;
  void seek_for_prev(Slice target) override;
  void seek_to_first() override;
  void seek_to_last() override;
  void next() override;
  void prev() override;

 private:
  struct Level {
    CacheHandle pin;
    Block block;
    uint64_t offset = 0;
    bool loaded = false;
    BlockIterator at;
  };
  enum class Direction { kForward, kBackward };
  // What a seek has to do next.
  enum class SeekStep { kNothing, kOpenBlock, kFindEntry };

  void restart();
  void end() { valid_ = false; }
  bool fail(Status status);
  bool fail_at(const Level& level, const char* what) {
    return fail(table_->fetcher.corruption(level.offset, what));
  }

  // Stands the index levels below `depth` and data_ on the first or last of what `depth` points to.
  bool descend(size_t depth, Direction direction);
  // Moves level `depth` to its neighbour entry, climbing where its block ends; false at the table's end or an
  // error.
  bool step_index(size_t depth, Direction direction);
  bool load_child(size_t depth, Level* child);
  // Its two halves: a child that is not the one already loaded is open only after the second.
  bool fetch_child(size_t depth, Level* child);
  bool open_child(Level* child);
  Result<CacheHandle> fetch_data(const BlockHandle& handle);
  bool step_block(Direction direction);
  // After data_ moved: ends where the bound is crossed, else publishes.
  void settle_forward();
  void settle_backward();
  bool check_kind();

  const OpenTable* table_;
  const CachePriority priority_;
  const bool fill_cache_;
  const uint32_t readahead_bytes_;
  std::optional<std::string> lower_;  // seek keys: before every version of the bound
  std::optional<std::string> upper_;
  std::vector<Level> levels_;
  Level data_;
  bool data_below_upper_ = false;  // no key of the data block can reach upper_
  bool data_warm_ = false;         // the data block was in the cache
  bool valid_ = false;
  SeekStep seek_step_ = SeekStep::kNothing;
  Slice seek_target_;
  Status status_;
  std::optional<ReadWindow> window_;
};

bool TableIterator::fail(Status status) {
  status_ = std::move(status);
  valid_ = false;
  return false;
}

void TableIterator::restart() {
  status_ = Status();
  valid_ = false;
  seek_step_ = SeekStep::kNothing;
  levels_[0].at.reset(levels_[0].block);
}

Result<CacheHandle> TableIterator::fetch_data(const BlockHandle& handle) {
  CacheHandle hit = table_->fetcher.peek(handle);
  data_warm_ = static_cast<bool>(hit);
  if (hit) return hit;
  if (readahead_bytes_ == 0) return table_->fetcher.load(handle, BlockKind::kData, priority_, fill_cache_);
  const uint64_t limit = table_->footer.file_size_bytes;
  if (handle.end() > limit || handle.end() < handle.offset) {
    return table_->fetcher.corruption(handle.offset, "block handle out of bounds");
  }
  if (!window_.has_value()) window_.emplace();
  if (!window_->holds(handle.offset, handle.end())) {
    const uint64_t wanted = std::max<uint64_t>(readahead_bytes_, handle.end() - handle.offset);
    if (wanted > readahead_bytes_ && handle.size_bytes > kMaxBlockBytes) {
      return table_->fetcher.corruption(handle.offset, "block handle out of bounds");
    }
    VARVE_RETURN_IF_ERROR(
        table_->fetcher.read_window(handle.offset, std::min(wanted, limit - handle.offset), &*window_));
  }
  return table_->fetcher.load(handle, BlockKind::kData, priority_, fill_cache_, &*window_);
}

bool TableIterator::load_child(size_t depth, Level* child) {
  return fetch_child(depth, child) && open_child(child);
}

bool TableIterator::fetch_child(size_t depth, Level* child) {
  const Level& parent = levels_[depth];
  Result<BlockHandle> handle = table_->child(parent.at.value(), parent.offset);
  if (!handle.ok()) return fail(handle.status());
  const bool is_data = depth + 1 == levels_.size();
  // A seek near the last one often stays in the block.
  if (!child->loaded || child->offset != handle->offset) {
    child->loaded = false;
    Result<CacheHandle> pin = is_data
                                  ? fetch_data(*handle)
                                  : table_->fetcher.fetch(*handle, BlockKind::kIndex, CachePriority::kHigh);
    if (!pin.ok()) return fail(pin.status());
    // A compaction makes its inputs useless.
    if (!fill_cache_) child->pin.release_cold();
    child->pin = *std::move(pin);
    child->offset = handle->offset;
  }
  if (is_data) data_below_upper_ = !upper_.has_value() || compare_internal(parent.at.key(), *upper_) < 0;
  return true;
}

bool TableIterator::open_child(Level* child) {
  if (!child->loaded) {
    Result<Block> block = table_->parse(child->pin.bytes(), child->offset);
    if (!block.ok()) return fail(block.status());
    child->block = *block;
    child->loaded = true;
  }
  child->at.reset(child->block);
  return true;
}

bool TableIterator::descend(size_t depth, Direction direction) {
  for (; depth < levels_.size(); ++depth) {
    Level* child = depth + 1 == levels_.size() ? &data_ : &levels_[depth + 1];
    if (!load_child(depth, child)) return false;
    if (direction == Direction::kForward) {
      child->at.seek_to_first();
    } else {
      child->at.seek_to_last();
    }
    if (!child->at.valid()) return fail_at(*child, "malformed or empty block");
  }
  return true;
}

bool TableIterator::step_index(size_t depth, Direction direction) {
  Level& level = levels_[depth];
  if (direction == Direction::kForward) {
    level.at.next();
  } else {
    level.at.prev();
  }
  if (level.at.valid()) return true;
  if (level.at.corrupt()) return fail_at(level, "malformed index block");
  if (depth == 0 || !step_index(depth - 1, direction)) return false;
  if (!load_child(depth - 1, &level)) return false;
  if (direction == Direction::kForward) {
    level.at.seek_to_first();
  } else {
    level.at.seek_to_last();
  }
  return level.at.valid() || fail_at(level, "malformed or empty block");
}

bool TableIterator::step_block(Direction direction) {
  const uint64_t from = data_.offset;
  Level& leaf = levels_.back();
  // All that follows is greater than this block's separator.
  if (direction == Direction::kForward && !data_below_upper_) return false;
  if (!step_index(levels_.size() - 1, direction)) return false;
  // All keys of the block before are at most its separator.
  if (direction == Direction::kBackward && lower_.has_value() &&
      compare_internal(leaf.at.key(), *lower_) < 0) {
    return false;
  }
  if (!descend(levels_.size() - 1, direction)) return false;
  const bool moved_on = direction == Direction::kForward ? data_.offset > from : data_.offset < from;
  return moved_on || fail_at(data_, "index entries out of order");
}

bool TableIterator::check_kind() {
  const auto kind = static_cast<uint8_t>(trailer_of(data_.at.key()) & 0xff);
  return is_known_kind(kind) || fail_at(data_, "entry of unknown kind");
}

void TableIterator::settle_forward() {
  if (!data_below_upper_ && compare_internal(data_.at.key(), *upper_) >= 0) {
    end();
    return;
  }
  valid_ = check_kind();
}

void TableIterator::settle_backward() {
  if (lower_.has_value() && compare_internal(data_.at.key(), *lower_) < 0) {
    end();
    return;
  }
  valid_ = check_kind();
}

void TableIterator::begin_seek(Slice target) {
  restart();
  if (lower_.has_value() && compare_internal(target, *lower_) < 0) target = *lower_;
  if (upper_.has_value() && compare_internal(target, *upper_) >= 0) return;
  seek_target_ = target;
  for (size_t depth = 0; depth < levels_.size(); ++depth) {
    Level& level = levels_[depth];
    level.at.seek(target);
    if (!level.at.valid()) {
      if (level.at.corrupt())
        fail_at(level, "malformed index block");
      else if (depth > 0)
        fail_at(level, "index block ends before its separator");
      return;
    }
    if (depth + 1 == levels_.size()) {
      if (!fetch_child(depth, &data_)) return;
      Block::prefetch_end(data_.pin.bytes());
      seek_step_ = SeekStep::kOpenBlock;
    } else if (!load_child(depth, &levels_[depth + 1])) {
      return;
    }
  }
}

bool TableIterator::seek_step() {
  switch (std::exchange(seek_step_, SeekStep::kNothing)) {
    case SeekStep::kNothing:
      return false;
    case SeekStep::kOpenBlock:
      if (!open_child(&data_)) return false;
      data_.block.prefetch_restarts();
      seek_step_ = SeekStep::kFindEntry;
      return true;
    case SeekStep::kFindEntry:
      break;
  }
  data_.at.seek(seek_target_);
  if (data_.at.corrupt()) {
    fail_at(data_, "malformed data block");
    return false;
  }
  // The target lies between the block's last key and its separator.
  if (data_.at.valid() || step_block(Direction::kForward)) settle_forward();
  return false;
}

void TableIterator::seek_for_prev(Slice target) {
  restart();
  // upper_ sorts before every version of its user key, so the last entry <= it lies below the bound.
  if (upper_.has_value() && compare_internal(target, *upper_) > 0) target = *upper_;
  if (lower_.has_value() && compare_internal(target, *lower_) < 0) return;
  for (size_t depth = 0; depth < levels_.size(); ++depth) {
    Level& level = levels_[depth];
    level.at.seek(target);
    if (level.at.corrupt()) {
      fail_at(level, "malformed index block");
      return;
    }
    if (!level.at.valid()) {
      if (depth > 0) {
        fail_at(level, "index block ends before its separator");
        return;
      }
      level.at.seek_to_last();
      if (!level.at.valid()) {
        if (level.at.corrupt()) fail_at(level, "malformed index block");
        return;  // an empty table
      }
      if (!descend(depth, Direction::kBackward)) return;
      settle_backward();
      return;
    }
    if (!load_child(depth, depth + 1 == levels_.size() ? &data_ : &levels_[depth + 1])) return;
  }
  data_.at.seek_for_prev(target);
  if (data_.at.corrupt()) {
    fail_at(data_, "malformed data block");
    return;
  }
  if (!data_.at.valid() && !step_block(Direction::kBackward)) return;
  settle_backward();
}

void TableIterator::seek_to_first() {
  if (lower_.has_value()) {
    seek(*lower_);
    return;
  }
  restart();
  levels_[0].at.seek_to_first();
  if (levels_[0].at.corrupt()) fail_at(levels_[0], "malformed index block");
  if (!levels_[0].at.valid() || !descend(0, Direction::kForward)) return;
  settle_forward();
}

void TableIterator::seek_to_last() {
  if (upper_.has_value()) {
    seek_for_prev(*upper_);
    return;
  }
  restart();
  levels_[0].at.seek_to_last();
  if (levels_[0].at.corrupt()) fail_at(levels_[0], "malformed index block");
  if (!levels_[0].at.valid() || !descend(0, Direction::kBackward)) return;
  settle_backward();
}

void TableIterator::next() {
  DCHECK(valid_);
  valid_ = false;
  data_.at.next();
  if (!data_.at.valid()) {
    if (data_.at.corrupt()) {
      fail_at(data_, "malformed data block");
      return;
    }
    if (!step_block(Direction::kForward)) return;
  }
  settle_forward();
}

void TableIterator::prev() {
  DCHECK(valid_);
  valid_ = false;
  data_.at.prev();
  if (!data_.at.valid()) {
    if (data_.at.corrupt()) {
      fail_at(data_, "malformed data block");
      return;
    }
    if (!step_block(Direction::kBackward)) return;
  }
  settle_backward();
}

}  // namespace

std::unique_ptr<InternalIterator> make_table_iterator(const OpenTable* table,
                                                      const TableIteratorOptions& options) {
  return std::make_unique<TableIterator>(table, options);
}

}  // namespace varve::lsm
