#include "lsm/sstable/block.h"

#include "base/check.h"
#include "lsm/sstable/common_prefix.h"
#include "lsm/sstable/table_options.h"

namespace varve::lsm {

namespace {

// The top bits of the restart count are kept for features (an in-block hash index).
constexpr uint32_t kMaxRestarts = (1u << 28) - 1;
constexpr uint32_t kPrefetchedRestarts = 16;
constexpr uint32_t kPrefetchedLines = 24;

}  // namespace

bool Block::parse(Slice bytes) {
  *this = Block();
  if (bytes.size() < sizeof(uint32_t) || bytes.size() > UINT32_MAX) return false;
  const auto restarts = load_little<uint32_t>(bytes.data() + bytes.size() - sizeof(uint32_t));
  if (restarts > kMaxRestarts || restarts > bytes.size() / sizeof(uint32_t) - 1) return false;
  bytes_ = bytes;
  restarts_ = restarts;
  entries_end_ = static_cast<uint32_t>(bytes.size() - (size_t{restarts} + 1) * sizeof(uint32_t));
  // Entries and restarts come together: entries that no restart leads to would be silently invisible.
  if (restarts == 0 || entries_end_ == 0) return restarts == 0 && entries_end_ == 0;
  return restart_offset(0) == 0;
}

bool Block::decode(uint32_t offset, Entry* entry) const {
  if (offset >= entries_end_ || entries_end_ - offset < 3 + kTrailerBytes) return false;
  const char* at = bytes_.data() + offset;
  const char* end = bytes_.data() + entries_end_;
  uint64_t shared = static_cast<uint8_t>(at[0]);
  uint64_t unshared = static_cast<uint8_t>(at[1]);
  uint64_t value_size = static_cast<uint8_t>(at[2]);
  if ((shared | unshared | value_size) < 0x80) {
    at += 3;
  } else {
    at = load_varint64(at, end, &shared);
    if (at != nullptr) at = load_varint64(at, end, &unshared);
    if (at != nullptr) at = load_varint64(at, end, &value_size);
    if (at == nullptr) return false;
  }
  const auto left = static_cast<uint64_t>(end - at);
  if (left < kTrailerBytes || unshared > left - kTrailerBytes ||
      value_size > left - kTrailerBytes - unshared || shared > kMaxUserKeyBytes) {
    return false;
  }
  entry->shared = static_cast<uint32_t>(shared);
  entry->unshared = static_cast<uint32_t>(unshared);
  entry->delta = at;
  entry->value = Slice(at + unshared + kTrailerBytes, value_size);
  entry->next = static_cast<uint32_t>(entry->value.data() + value_size - bytes_.data());
  return true;
}

bool Block::well_formed() const {
  uint32_t restart = 0;
  uint32_t in_interval = 0;
  std::string last;
  BlockIterator at;
  at.reset(*this);
  for (at.seek_to_first(); at.valid(); at.next()) {
    Entry entry;
    if (!decode(at.offset_, &entry)) return false;
    if (restart < restarts_ && restart_offset(restart) == at.offset_) {
      if (entry.shared != 0) return false;
      ++restart;
      in_interval = 0;
    } else if (entry.shared != common_prefix_length(user_key_of(last), user_key_of(at.key()))) {
      return false;
    }
    if (++in_interval > kMaxRestartInterval) return false;
    last.assign(at.key());
  }
  return !at.corrupt() && restart == restarts_;
}

void Block::prefetch_end(Slice bytes) {
  if (bytes.size() < 2 * 64) return;
  __builtin_prefetch(bytes.data() + bytes.size() - 1);
  __builtin_prefetch(bytes.data() + bytes.size() - 65);
}

void Block::prefetch_restarts() const {
  if (restarts_ > kPrefetchedRestarts) return;
  for (uint32_t i = 1; i < restarts_; ++i) prefetch(restart_offset(i));
}

bool Block::find_restart(Slice user_key, uint64_t trailer, uint32_t* index) const {
  uint32_t low = 0;
  uint32_t high = restarts_ - 1;
  // A data block of the usual size has few restarts: fetching them all at once costs one memory latency where
  // the search, which learns each address from the last comparison, would cost one a step.
  prefetch_restarts();
  while (low < high) {
    const uint32_t middle = low + (high - low + 1) / 2;
    Entry entry;
    if (!decode(restart_offset(middle), &entry) || entry.shared != 0) return false;
    int order = compare_user(Slice(entry.delta, entry.unshared), user_key);
    if (order == 0) order = compare_trailer(entry.trailer(), trailer);
    if (order < 0) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  *index = low;
  return true;
}

// Each entry says where the next one is: fetched on demand, their lines would come one memory latency apart.
void Block::prefetch_interval(uint32_t restart) const {
  const uint32_t begin = restart_offset(restart);
  const uint32_t end = restart + 1 < restarts_ ? restart_offset(restart + 1) : entries_end_;
  for (uint64_t at = begin, lines = 0; at < end && lines < kPrefetchedLines; at += 64, ++lines) prefetch(at);
}

// Walks one interval keeping only `matched`, the length of the common prefix of the previous user key and the
// target. With the previous entry < target, and `shared` the exact common prefix of neighbours:
//   shared > matched   this key leaves the target where the previous one did: still smaller
//   shared < matched   this key rose above the previous one inside the matched part: larger
//   shared = matched   only the rest has to be compared
// so most entries cost one integer comparison and no key is ever built.
Block::Found Block::lower_bound(Slice user_key, uint64_t trailer) const {
  Found found;
  if (restarts_ == 0) return found;
  uint32_t restart = 0;
  if (!find_restart(user_key, trailer, &restart)) {
    found.outcome = Found::kCorrupt;
    return found;
  }
  size_t matched = 0;
  uint32_t offset = restart_offset(restart);
  prefetch_interval(restart);
  for (bool first = true; offset < entries_end_; first = false) {
    Entry entry;
    if (!decode(offset, &entry) || (first && entry.shared != 0)) {
      found.outcome = Found::kCorrupt;
      return found;
    }
    // A later restart inside the walk has shared = 0 whatever its neighbour shares: compare it in full.
    if (entry.shared == 0) matched = 0;
    bool at_or_after = false;
    if (entry.shared < matched) {
      at_or_after = true;
    } else if (entry.shared == matched) {
      const Slice rest(entry.delta, entry.unshared);
      const Slice wanted = user_key.substr(matched);
      const size_t same = common_prefix_length(rest, wanted);
      matched += same;
      if (same == rest.size() && same == wanted.size()) {
        found.same_user_key = at_or_after = compare_trailer(entry.trailer(), trailer) >= 0;
      } else if (same == rest.size()) {
        at_or_after = false;
      } else {
        at_or_after =
            same == wanted.size() || static_cast<uint8_t>(rest[same]) > static_cast<uint8_t>(wanted[same]);
      }
    }
    if (at_or_after) {
      found.outcome = Found::kEntry;
      found.trailer = entry.trailer();
      found.value = entry.value;
      return found;
    }
    offset = entry.next;
  }
  if (offset != entries_end_) found.outcome = Found::kCorrupt;
  return found;
}

void BlockIterator::reset(const Block& block) {
  clear();
  block_ = block;
}

void BlockIterator::clear() {
  block_ = Block();
  corrupt_ = false;
  set_end();
}

void BlockIterator::fail() {
  set_end();
  corrupt_ = true;
}

void BlockIterator::set_end() {
  valid_ = false;
  key_ = {};
  value_ = {};
  unpacked_.clear();
}

bool BlockIterator::load(uint32_t offset) {
  Block::Entry entry;
  if (!block_.decode(offset, &entry) || (entry.shared != 0 && entry.shared + kTrailerBytes > key_.size())) {
    fail();
    return false;
  }
  const size_t delta_size = entry.unshared + kTrailerBytes;
  if (entry.shared == 0) {
    key_ = Slice(entry.delta, delta_size);
  } else {
    if (key_.data() == key_buffer_.data()) {
      key_buffer_.resize(entry.shared);
    } else {
      key_buffer_.assign(key_.substr(0, entry.shared));
    }
    key_buffer_.append(entry.delta, delta_size);
    key_ = key_buffer_;
  }
  if (key_.size() > kMaxUserKeyBytes + kTrailerBytes) {
    fail();
    return false;
  }
  value_ = entry.value;
  offset_ = offset;
  next_ = entry.next;
  valid_ = true;
  return true;
}

bool BlockIterator::rewind_to_restart(uint32_t index) {
  unpacked_.clear();
  key_ = {};
  restart_index_ = index;
  return load(block_.restart_offset(index));
}

void BlockIterator::seek(Slice target) {
  corrupt_ = false;
  set_end();
  if (block_.restarts_ == 0) return;
  uint32_t index = 0;
  if (!block_.find_restart(user_key_of(target), trailer_of(target), &index)) {
    fail();
    return;
  }
  block_.prefetch_interval(index);
  if (!rewind_to_restart(index)) return;
  while (valid_ && compare_internal(key_, target) < 0) next();
}

void BlockIterator::seek_for_prev(Slice target) {
  seek(target);
  if (valid_) {
    if (compare_internal(key_, target) != 0) prev();
  } else if (!corrupt_) {
    seek_to_last();
  }
}

void BlockIterator::seek_to_first() {
  corrupt_ = false;
  set_end();
  if (block_.restarts_ != 0) rewind_to_restart(0);
}

void BlockIterator::seek_to_last() {
  corrupt_ = false;
  set_end();
  if (block_.restarts_ != 0) unpack_before(block_.restarts_ - 1, block_.entries_end_);
}

void BlockIterator::next() {
  DCHECK(valid_);
  if (next_ >= block_.entries_end_) {
    set_end();
    return;
  }
  // key_ may lie in unpacked_keys_, which stays; only the list of entries before is void now.
  unpacked_.clear();
  if (!load(next_)) return;
  if (restart_index_ + 1 < block_.restarts_ && block_.restart_offset(restart_index_ + 1) <= offset_) {
    ++restart_index_;
  }
}

void BlockIterator::prev() {
  DCHECK(valid_);
  if (unpacked_.size() > 1) {
    unpacked_.pop_back();
    show(unpacked_.back());
    return;
  }
  uint32_t index = restart_index_;
  while (block_.restart_offset(index) >= offset_) {
    if (index == 0) {
      set_end();
      return;
    }
    --index;
  }
  unpack_before(index, offset_);
}

void BlockIterator::unpack_before(uint32_t index, uint32_t limit) {
  if (!rewind_to_restart(index)) return;
  unpacked_keys_.clear();
  while (true) {
    unpacked_.push_back({offset_, next_, unpacked_keys_.size(), key_.size(), value_});
    unpacked_keys_.append(key_);
    if (next_ >= limit) break;
    // No builder makes longer intervals, and unpacking one that shares its keys could take memory without
    // bound.
    if (unpacked_.size() == kMaxRestartInterval) {
      fail();
      return;
    }
    if (!load(next_)) return;
  }
  // A restart that does not lead to the entry we came from: the block contradicts itself.
  if (next_ != limit) {
    fail();
    return;
  }
  show(unpacked_.back());
}

void BlockIterator::show(const Unpacked& entry) {
  offset_ = entry.offset;
  next_ = entry.next;
  key_ = Slice(unpacked_keys_).substr(entry.key_begin, entry.key_size);
  value_ = entry.value;
  valid_ = true;
}

}  // namespace varve::lsm
