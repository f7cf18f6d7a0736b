// IndexBuilder: the index of a table, a B+-tree written bottom-up while the data streams by. A leaf entry is
// (separator, handle of a data block); when an index block is full it is written and (its last separator, its
// handle) goes one level up. One block is left at the top: the root.
//
//   I1 A separator is >= every key of its block and < every key after it.
//   I2 Every block holds at least kMinFanout entries unless it is the last of its level, so levels stay few.
//
// Threads: one.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "lsm/sstable/block_builder.h"
#include "lsm/sstable/format.h"

namespace varve::lsm {

class IndexBuilder {
 public:
  static constexpr size_t kMinFanout = 4;
  // Writes one index block and says where.
  using WriteBlock = std::function<Result<BlockHandle>(Slice block)>;

  IndexBuilder(uint32_t block_size_bytes, WriteBlock write)
      : block_size_bytes_(block_size_bytes), write_(std::move(write)) {
    levels_.emplace_back(1);
  }

  Status add(Slice separator, const BlockHandle& handle) { return add_at(0, separator, handle); }
  // Writes all that is open; answers the root.
  Result<BlockHandle> finish();

  uint32_t levels() const { return static_cast<uint32_t>(levels_.size()); }
  uint64_t open_bytes() const;

 private:
  Status add_at(size_t level, Slice separator, const BlockHandle& handle);
  Status flush(size_t level);

  uint32_t block_size_bytes_;
  WriteBlock write_;
  std::vector<BlockBuilder> levels_;
};

// The shortest separator (I1) between `last` and `next`, neighbouring internal keys of two blocks.
std::string shortest_separator(Slice last, Slice next);

}  // namespace varve::lsm
