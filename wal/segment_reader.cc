#include "wal/segment_reader.h"

#include <algorithm>

namespace varve::wal {

Result<SegmentReader> SegmentReader::open(io::Driver* driver, const std::string& path,
                                          uint64_t window_bytes) {
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                         driver->open(path, io::OpenMode::kRead, io::Caching::kDirect));
  VARVE_ASSIGN_OR_RETURN(const uint64_t size, file->size());
  return SegmentReader(std::move(file), path, size, window_bytes);
}

Result<Slice> SegmentReader::read(uint64_t offset, uint64_t length) {
  if (offset >= size_) return Slice();
  length = std::min(length, size_ - offset);
  if (offset < window_offset_ || offset + length > window_offset_ + window_bytes_) {
    const uint64_t start = io::align_down(offset);
    const uint64_t wanted =
        io::align_up(std::min(std::max(offset + length - start, read_ahead_), size_ - start));
    if (window_.size() < wanted) window_ = io::AlignedBuffer(wanted);
    window_bytes_ = 0;
    VARVE_ASSIGN_OR_RETURN(window_bytes_, file_->read_at(start, window_.span().first(wanted)));
    window_offset_ = start;
    // The file became shorter since it was opened.
    if (offset + length > window_offset_ + window_bytes_) {
      return Status::io_error(path_ + ": short read at offset " + std::to_string(offset));
    }
  }
  return Slice(window_.data() + (offset - window_offset_), length);
}

Result<SegmentReader::FrameState> SegmentReader::read_frame(uint64_t generation, SegmentNumber segment,
                                                            uint64_t offset, FrameHeader* header,
                                                            Slice* body) {
  VARVE_ASSIGN_OR_RETURN(Slice bytes, read(offset, kFrameHeaderBytes));
  if (!decode_frame_header(bytes, generation, segment, offset, header)) return FrameState::kBad;
  if (header->version != kFrameVersion) {
    return Status::unsupported(path_ + ": log frame of version " + std::to_string(header->version) +
                               " at offset " + std::to_string(offset));
  }
  const uint64_t total = kFrameHeaderBytes + header->body_bytes;
  if (total > size_ - offset) return FrameState::kBad;
  VARVE_ASSIGN_OR_RETURN(bytes, read(offset, total));
  *body = bytes.substr(kFrameHeaderBytes);
  return frame_body_intact(*header, offset, *body) ? FrameState::kValid : FrameState::kBad;
}

}  // namespace varve::wal
