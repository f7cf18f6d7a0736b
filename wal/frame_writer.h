// FrameWriter: the write side of the log. Gives frames their number and place, seals them, rolls from segment to
// segment.
//
// The caller seals one frame, has its bytes written (Sealed says where), and reports completion before it seals the
// next: that is invariant I3. An error of any method, or of the write, ends the log (I4).
//
// Threads: one at a time; the Log hands it from thread to thread under its lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/io/driver.h"
#include "base/result.h"
#include "wal/frame_queue.h"
#include "wal/log.h"
#include "wal/segment_supply.h"

namespace varve::wal {

class FrameWriter {
 public:
  struct Start {
    uint64_t generation = 0;
    SegmentNumber segment;
    uint64_t last_sequence = 0;
    uint64_t last_commit_time_us = 0;
  };
  // Told of a segment that was filled, and of the one that follows, once a frame of the latter is durable.
  using Rolled = std::function<void(const RecoveryReport::RetainedSegment& filled, const Segment& next)>;

  FrameWriter(const LogOptions& options, SegmentSupply* supply, Rolled rolled);

  // Makes the generation's first segment. Call once, first.
  Status open(const Start& start);

  // Whether the next frame of this many body bytes needs no new segment.
  bool fits(uint64_t body_bytes) const;

  struct Sealed {
    io::File* file = nullptr;
    uint64_t offset = 0;
    Slice bytes;  // within the frame buffer
    uint64_t frame_bytes = 0;
  };
  Result<Sealed> seal(FrameBuffer* frame);
  // The sealed frame is durable.
  void completed();

  SegmentNumber segment() const { return segment_->number(); }
  uint64_t segment_bytes() const { return segment_->header.segment_bytes; }
  uint64_t sealed_sequence() const { return sealed_sequence_; }

 private:
  SegmentHeader next_header() const;
  Status roll(bool continues);

  const LogOptions& options_;
  SegmentSupply* const supply_;
  const Rolled rolled_;
  std::unique_ptr<Segment> segment_;
  RecoveryReport::RetainedSegment filled_;  // rolled from, and not told of yet
  uint64_t offset_ = kBlockBytes;
  bool header_due_ = false;  // the segment's header goes out with its first frame
  bool requested_ = false;
  uint64_t next_frame_ = 1;
  uint64_t durable_through_ = 0;
  uint64_t previous_hash_ = 0;
  uint64_t sealed_sequence_ = 0;
  uint64_t sealed_commit_time_us_ = 0;
  uint64_t touched_sequence_ = 0;
};

}  // namespace varve::wal
