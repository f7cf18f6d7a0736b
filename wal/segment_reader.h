// SegmentReader: positional reads of one segment file through a window, for recovery and dump.
//
// Reads bypass the page cache where the file system allows it: after a failed write the cache may show what the disk
// does not hold. Threads: one. Memory: the window, at most kWindowBytes or one frame, and never more than the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/io/aligned_buffer.h"
#include "base/io/driver.h"
#include "base/result.h"
#include "base/slice.h"
#include "wal/format.h"

namespace varve::wal {

class SegmentReader {
 public:
  static constexpr uint64_t kWindowBytes = 1u << 20;

  static Result<SegmentReader> open(io::Driver* driver, const std::string& path,
                                    uint64_t window_bytes = kWindowBytes);

  const std::string& path() const { return path_; }
  uint64_t size_bytes() const { return size_; }
  // Up to `length` bytes from `offset`; shorter only at the end of the file. Valid until the next call.
  Result<Slice> read(uint64_t offset, uint64_t length);

  enum class FrameState { kValid, kBad };
  // The frame at `offset`: kValid when header and body are intact and belong there. *body is valid until the next call.
  Result<FrameState> read_frame(uint64_t generation, SegmentNumber segment, uint64_t offset,
                                FrameHeader* header, Slice* body);

 private:
  SegmentReader(std::unique_ptr<io::File> file, std::string path, uint64_t size, uint64_t read_ahead)
      : file_(std::move(file)), path_(std::move(path)), size_(size), read_ahead_(read_ahead) {}

  std::unique_ptr<io::File> file_;
  std::string path_;
  uint64_t size_;
  uint64_t read_ahead_;
  io::AlignedBuffer window_;
  uint64_t window_offset_ = 0;
  uint64_t window_bytes_ = 0;
};

}  // namespace varve::wal
