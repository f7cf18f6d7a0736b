// BlockFetcher: from a block handle to checked, decompressed bytes, out of the cache or the file. The one
// place where a table's bytes are read.
//
// Threads: all methods from any. Ownership: owns the file, borrows the cache; a ReadWindow belongs to one
// caller.
#pragma once

#include <memory>
#include <string>

#include "base/io/aligned_buffer.h"
#include "base/io/driver.h"
#include "base/result.h"
#include "lsm/cache/block_cache.h"
#include "lsm/sstable/format.h"

namespace varve::lsm {

// A piece of the file in memory, from which blocks are cut instead of being read one by one.
struct ReadWindow {
  io::AlignedBuffer buffer;
  uint64_t offset = 0;
  size_t size_bytes = 0;
  bool holds(uint64_t begin, uint64_t end) const { return begin >= offset && end <= offset + size_bytes; }
  Slice at(uint64_t begin, size_t size) const { return {buffer.data() + (begin - offset), size}; }
};

class BlockFetcher {
 public:
  BlockFetcher(std::unique_ptr<io::File> file, FileNumber number, BlockCache* cache)
      : file_(std::move(file)), number_(number), cache_(cache) {}

  // Known once the header is read; before, blocks cannot be checked. Blocks end at or before blocks_end.
  void bind(const FileUuid& uuid, uint64_t blocks_end) {
    uuid_ = uuid;
    blocks_end_ = blocks_end;
  }

  // Bytes [offset, offset + size) of the file, which must all be there; aligned I/O where the file wants it.
  Status read_window(uint64_t offset, size_t size_bytes, ReadWindow* window) const;

  // One block from the file, or out of `window` when that holds it.
  Result<BlockBuffer> read(const BlockHandle& handle, BlockKind kind,
                           const ReadWindow* window = nullptr) const;

  // Through the cache.
  Result<CacheHandle> fetch(const BlockHandle& handle, BlockKind kind, CachePriority priority) const;
  // After a peek in vain. fill: leave it in the cache.
  Result<CacheHandle> load(const BlockHandle& handle, BlockKind kind, CachePriority priority, bool fill,
                           const ReadWindow* window = nullptr) const;
  // Only if the cache has it.
  CacheHandle peek(const BlockHandle& handle) const {
    return cache_ == nullptr ? CacheHandle() : cache_->lookup({number_, handle.offset});
  }

  Status corruption(uint64_t offset, std::string_view what) const {
    return Status::corruption(file_->path(), offset, what);
  }
  io::File* file() const { return file_.get(); }

 private:
  Status check_handle(const BlockHandle& handle, BlockKind kind) const;
  // Checks the trailer of payload + trailer; `stored` is both.
  Result<Compression> check_block(Slice stored, const BlockHandle& handle, BlockKind kind) const;

  std::unique_ptr<io::File> file_;
  FileNumber number_;
  BlockCache* cache_;
  FileUuid uuid_;
  uint64_t blocks_end_ = 0;
};

}  // namespace varve::lsm
