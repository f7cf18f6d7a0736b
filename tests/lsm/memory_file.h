// MemoryFile: an io::File over a string that several files may share, so that a test can read, flip and cut
// what was written and count how it is read. With `direct`, it insists on direct I/O's alignment.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "base/io/aligned_buffer.h"
#include "base/io/driver.h"

namespace varve::lsm {

class MemoryFile final : public io::File {
 public:
  struct Contents {
    std::string bytes;
    std::atomic<uint64_t> reads{0};
    std::atomic<uint64_t> read_bytes{0};
    // At and after this offset reads fail with EIO.
    std::atomic<uint64_t> unreadable_from{UINT64_MAX};
    uint64_t capacity_bytes = UINT64_MAX;
  };

  explicit MemoryFile(std::shared_ptr<Contents> contents, bool direct = false)
      : contents_(std::move(contents)), direct_(direct) {}

  Result<size_t> read_at(uint64_t offset, MutableSlice out) override {
    if (!aligned(offset, out.data(), out.size())) return Status::invalid_argument("unaligned direct read");
    ++contents_->reads;
    contents_->read_bytes += out.size();
    if (offset + out.size() > contents_->unreadable_from) return Status::io_error("memory.sst: EIO");
    if (offset >= contents_->bytes.size()) return size_t{0};
    const size_t count = std::min<uint64_t>(out.size(), contents_->bytes.size() - offset);
    std::memcpy(out.data(), contents_->bytes.data() + offset, count);
    return count;
  }
  Status write_at(uint64_t offset, Slice bytes) override {
    if (!aligned(offset, bytes.data(), bytes.size()))
      return Status::invalid_argument("unaligned direct write");
    if (offset + bytes.size() > contents_->capacity_bytes)
      return Status(ErrorCode::kNoSpace, "memory.sst: full");
    if (contents_->bytes.size() < offset + bytes.size()) contents_->bytes.resize(offset + bytes.size());
    contents_->bytes.replace(offset, bytes.size(), bytes);
    return {};
  }
  Status write_at_durable(uint64_t offset, Slice bytes) override { return write_at(offset, bytes); }
  Status sync() override { return {}; }
  Status truncate(uint64_t size_bytes) override {
    contents_->bytes.resize(size_bytes);
    return {};
  }
  Result<uint64_t> size() override { return uint64_t{contents_->bytes.size()}; }
  bool direct() const override { return direct_; }
  const std::string& path() const override { return path_; }

 private:
  bool aligned(uint64_t offset, const char* data, size_t size) const {
    return !direct_ || (offset % io::kIoAlignment == 0 && size % io::kIoAlignment == 0 &&
                        reinterpret_cast<uintptr_t>(data) % io::kIoAlignment == 0);
  }
  std::shared_ptr<Contents> contents_;
  bool direct_;
  std::string path_ = "memory.sst";
};

}  // namespace varve::lsm
