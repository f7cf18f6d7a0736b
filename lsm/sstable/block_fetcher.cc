#include "lsm/sstable/block_fetcher.h"

#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "lsm/sstable/compression.h"

namespace varve::lsm {

Status BlockFetcher::read_window(uint64_t offset, size_t size_bytes, ReadWindow* window) const {
  const uint64_t begin = io::align_down(offset);
  const uint64_t end = io::align_up(offset + size_bytes);
  if (window->buffer.size() < end - begin) window->buffer = io::AlignedBuffer(end - begin);
  window->offset = begin;
  window->size_bytes = 0;
  VARVE_ASSIGN_OR_RETURN(const size_t got,
                         file_->read_at(begin, MutableSlice(window->buffer.data(), end - begin)));
  window->size_bytes = got;
  if (!window->holds(offset, offset + size_bytes)) {
    return corruption(offset,
                      "read of " + std::to_string(size_bytes) + " bytes came up short: the file was cut");
  }
  return {};
}

Status BlockFetcher::check_handle(const BlockHandle& handle, BlockKind kind) const {
  const uint64_t limit = max_stored_bytes(kind);
  if (handle.offset < kTableHeaderBytes || handle.offset > blocks_end_ || handle.size_bytes > limit ||
      handle.end() > blocks_end_) {
    return corruption(handle.offset,
                      "block handle out of bounds: " + std::to_string(handle.size_bytes) + " bytes");
  }
  return {};
}

Result<Compression> BlockFetcher::check_block(Slice stored, const BlockHandle& handle, BlockKind kind) const {
  const Slice covered = stored.substr(0, handle.size_bytes + 1);
  const auto got = load_little<uint64_t>(stored.data() + covered.size());
  const uint64_t expected = block_checksum(uuid_, handle.offset, kind, covered);
  if (got != expected) {
    return corruption(handle.offset, "block checksum, expected " + std::to_string(expected) + ", got " +
                                         std::to_string(got));
  }
  const auto type = static_cast<uint8_t>(covered.back());
  if (type > static_cast<uint8_t>(Compression::kZstd)) {
    return corruption(handle.offset, "unknown compression type " + std::to_string(type));
  }
  return static_cast<Compression>(type);
}

Result<BlockBuffer> BlockFetcher::read(const BlockHandle& handle, BlockKind kind,
                                       const ReadWindow* window) const {
  VARVE_RETURN_IF_ERROR(check_handle(handle, kind));
  const size_t stored_size = handle.size_bytes + kBlockTrailerBytes;
  BlockBuffer plain;
  ReadWindow own;
  Slice stored;
  if (window != nullptr && window->holds(handle.offset, handle.end())) {
    stored = window->at(handle.offset, stored_size);
  } else if (file_->direct()) {
    VARVE_RETURN_IF_ERROR(read_window(handle.offset, stored_size, &own));
    stored = own.at(handle.offset, stored_size);
  } else {
    plain = BlockBuffer(stored_size);
    VARVE_ASSIGN_OR_RETURN(const size_t got,
                           file_->read_at(handle.offset, MutableSlice(plain.data(), stored_size)));
    if (got != stored_size) return corruption(handle.offset, "block cut short: the file was cut");
    stored = plain.slice();
  }
  VARVE_ASSIGN_OR_RETURN(const Compression type, check_block(stored, handle, kind));
  if (type == Compression::kZstd) {
    Result<BlockBuffer> block = decompress_block(stored.substr(0, handle.size_bytes), max_stored_bytes(kind));
    if (!block.ok()) return corruption(handle.offset, block.status().message());
    return block;
  }
  if (plain.size() == 0) {
    plain = BlockBuffer(handle.size_bytes);
    std::memcpy(plain.data(), stored.data(), handle.size_bytes);
  }
  plain.shrink(handle.size_bytes);
  return plain;
}

Result<CacheHandle> BlockFetcher::fetch(const BlockHandle& handle, BlockKind kind,
                                        CachePriority priority) const {
  if (CacheHandle hit = peek(handle)) return hit;
  return load(handle, kind, priority, true);
}

Result<CacheHandle> BlockFetcher::load(const BlockHandle& handle, BlockKind kind, CachePriority priority,
                                       bool fill, const ReadWindow* window) const {
  if (cache_ == nullptr || !fill) {
    VARVE_ASSIGN_OR_RETURN(BlockBuffer block, read(handle, kind, window));
    return CacheHandle::uncached(std::move(block));
  }
  return cache_->load({number_, handle.offset}, priority, [&] { return read(handle, kind, window); });
}

}  // namespace varve::lsm
