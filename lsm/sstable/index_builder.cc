#include "lsm/sstable/index_builder.h"

#include "lsm/internal_key.h"
#include "lsm/sstable/common_prefix.h"

namespace varve::lsm {

std::string shortest_separator(Slice last, Slice next) {
  const Slice a = user_key_of(last);
  const Slice b = user_key_of(next);
  // One byte of b past the common prefix is already above a; it separates if it is not all of b. Between
  // versions of one user key only the last key itself does.
  const size_t length = common_prefix_length(a, b) + 1;
  if (length >= b.size()) return std::string(last);
  std::string out;
  append_internal_key(&out, b.substr(0, length), pack_seek_trailer(kMaxSequence));
  return out.size() < last.size() ? out : std::string(last);
}

Status IndexBuilder::add_at(size_t level, Slice separator, const BlockHandle& handle) {
  const std::string value = handle.encode();
  if (levels_[level].entries() >= kMinFanout &&
      levels_[level].size_bytes_with(separator, value) > block_size_bytes_) {
    VARVE_RETURN_IF_ERROR(flush(level));
  }
  levels_[level].add(separator, value);
  return {};
}

Status IndexBuilder::flush(size_t level) {
  if (level + 1 == levels_.size()) {
    if (levels_.size() == kMaxIndexLevels) {
      return Status::resource_exhausted("SSTable index deeper than " + std::to_string(kMaxIndexLevels) +
                                        " levels");
    }
    levels_.emplace_back(1);
  }
  VARVE_ASSIGN_OR_RETURN(const BlockHandle handle, write_(levels_[level].finish()));
  const std::string separator(levels_[level].last_key());
  levels_[level].reset();
  return add_at(level + 1, separator, handle);
}

Result<BlockHandle> IndexBuilder::finish() {
  for (size_t level = 0; level + 1 < levels_.size(); ++level) VARVE_RETURN_IF_ERROR(flush(level));
  return write_(levels_.back().finish());
}

uint64_t IndexBuilder::open_bytes() const {
  uint64_t bytes = 0;
  for (const BlockBuilder& level : levels_) bytes += level.size_bytes();
  return bytes;
}

}  // namespace varve::lsm
