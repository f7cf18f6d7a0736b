// FrameQueue: the frames that were appended to and not yet written. Records are copied into the last one; the first is
// taken when the log is free to write.
//
// Threads: none of its own; the log's append lock guards it. Memory: each frame is one buffer of the log's frame
// size; up to kSpareFrames empty ones are kept.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/io/aligned_buffer.h"
#include "base/slice.h"
#include "wal/format.h"

namespace varve::wal {

// One frame in memory: a block for a segment header (used when the frame opens a segment), then the frame.
class FrameBuffer {
 public:
  explicit FrameBuffer(uint64_t frame_limit_bytes) : bytes_(kBlockBytes + frame_limit_bytes) {}

  char* segment_header() { return bytes_.data(); }
  char* frame() { return bytes_.data() + kBlockBytes; }
  char* body() { return frame() + kFrameHeaderBytes; }

  uint64_t body_bytes = 0;
  uint64_t records = 0;           // that end in this frame
  uint64_t last_sequence = 0;     // of the last record that ends in it; 0: none
  uint64_t touched_sequence = 0;  // of the last record with a fragment in it; 0: none
  uint64_t first_commit_time_us = 0;
  uint64_t last_commit_time_us = 0;
  bool continues = false;  // begins inside a record
  bool promise = false;

  void clear();

 private:
  io::AlignedBuffer bytes_;
};

class FrameQueue {
 public:
  static constexpr size_t kSpareFrames = 4;

  // frame_limit_bytes: a multiple of 4096.
  explicit FrameQueue(uint64_t frame_limit_bytes)
      : frame_limit_(frame_limit_bytes), body_limit_(frame_limit_bytes - kFrameHeaderBytes) {}

  void add(const RecordHeader& header, Slice payload);

  bool empty() const { return frames_.empty(); }
  // A frame behind the first one exists, so the first will not grow any more.
  bool first_is_full() const { return frames_.size() > 1; }
  uint64_t first_body_bytes() const { return frames_.empty() ? 0 : frames_.front()->body_bytes; }
  uint64_t pending_bytes() const { return pending_bytes_; }

  // The first frame, closed; an empty one when nothing is pending.
  std::unique_ptr<FrameBuffer> take_first();
  // Gives a taken frame's buffer back.
  void give_back(std::unique_ptr<FrameBuffer> frame);

 private:
  FrameBuffer* open_frame(uint64_t room_bytes, bool continues);
  std::unique_ptr<FrameBuffer> fresh();

  const uint64_t frame_limit_;
  const uint64_t body_limit_;
  std::deque<std::unique_ptr<FrameBuffer>> frames_;
  std::vector<std::unique_ptr<FrameBuffer>> spares_;
  uint64_t pending_bytes_ = 0;  // of bodies
};

}  // namespace varve::wal
