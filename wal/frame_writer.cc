#include "wal/frame_writer.h"

#include <algorithm>

#include "base/check.h"

namespace varve::wal {

FrameWriter::FrameWriter(const LogOptions& options, SegmentSupply* supply, Rolled rolled)
    : options_(options), supply_(supply), rolled_(std::move(rolled)) {}

Status FrameWriter::open(const Start& start) {
  sealed_sequence_ = touched_sequence_ = start.last_sequence;
  sealed_commit_time_us_ = start.last_commit_time_us;
  SegmentHeader header;
  header.generation = start.generation;
  header.segment = start.segment.value;
  header.segment_bytes = options_.first_segment_bytes;
  // Active at once: it begins the generation, and its header never changes again.
  header.state = kSegmentActive;
  header.predecessor_sequence = start.last_sequence;
  header.predecessor_commit_time_us = start.last_commit_time_us;
  VARVE_ASSIGN_OR_RETURN(segment_, supply_->take(header));
  return {};
}

SegmentHeader FrameWriter::next_header() const {
  SegmentHeader header;
  header.generation = segment_->header.generation;
  header.segment = segment_->header.segment + 1;
  header.segment_bytes = std::max(options_.first_segment_bytes,
                                  std::min(2 * segment_->header.segment_bytes, options_.max_segment_bytes));
  header.state = kSegmentPrepared;
  return header;
}

bool FrameWriter::fits(uint64_t body_bytes) const {
  return offset_ + frame_bytes(body_bytes) <= segment_->header.segment_bytes;
}

Status FrameWriter::roll(bool continues) {
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<Segment> next, supply_->take(next_header()));
  next->header.state = kSegmentActive;
  if (continues) next->header.flags |= kSegmentContinuesRecord;
  next->header.predecessor_segment = segment_->header.segment;
  next->header.predecessor_offset = offset_;
  next->header.predecessor_frame = next_frame_ - 1;
  next->header.predecessor_frame_hash = previous_hash_;
  next->header.predecessor_sequence = sealed_sequence_;
  next->header.predecessor_commit_time_us = sealed_commit_time_us_;
  filled_ = {segment_->number(), segment_->header.segment_bytes, SequenceNumber(touched_sequence_)};
  segment_ = std::move(next);
  offset_ = kBlockBytes;
  header_due_ = true;
  requested_ = false;
  return {};
}

void FrameWriter::completed() {
  durable_through_ = next_frame_ - 1;
  // Only now may the filled segment be freed: the log can begin in the next one since its header is active on disk.
  if (filled_.number.value != 0) rolled_(filled_, *segment_);
  filled_ = {};
}

Result<FrameWriter::Sealed> FrameWriter::seal(FrameBuffer* frame) {
  CHECK(durable_through_ == next_frame_ - 1);  // I3
  if (!fits(frame->body_bytes)) VARVE_RETURN_IF_ERROR(roll(frame->continues));
  CHECK(fits(frame->body_bytes));

  FrameHeader header;
  header.flags = frame->promise ? kFramePromise : 0;
  header.generation = segment_->header.generation;
  header.segment = segment_->header.segment;
  header.number = next_frame_;
  header.body_bytes = static_cast<uint32_t>(frame->body_bytes);
  header.first_sequence = sealed_sequence_ + 1;
  header.last_sequence = sealed_sequence_ + frame->records;
  CHECK(frame->records == 0 || header.last_sequence == frame->last_sequence);  // I1
  header.first_commit_time_us = frame->records == 0 ? sealed_commit_time_us_ : frame->first_commit_time_us;
  header.last_commit_time_us = frame->records == 0 ? sealed_commit_time_us_ : frame->last_commit_time_us;
  header.durable_through = durable_through_;
  header.manifest_edit = options_.manifest_edit ? options_.manifest_edit() : 0;
  header.previous_hash = previous_hash_;
  previous_hash_ = seal_frame(&header, offset_, frame->frame());

  Sealed sealed;
  sealed.file = segment_->file.get();
  sealed.frame_bytes = frame_bytes(frame->body_bytes);
  if (header_due_) {
    encode_segment_header(segment_->header, frame->segment_header());
    sealed.offset = 0;
    sealed.bytes = Slice(frame->segment_header(), kBlockBytes + sealed.frame_bytes);
    header_due_ = false;
  } else {
    sealed.offset = offset_;
    sealed.bytes = Slice(frame->frame(), sealed.frame_bytes);
  }
  offset_ += sealed.frame_bytes;
  ++next_frame_;
  sealed_sequence_ = header.last_sequence;
  sealed_commit_time_us_ = header.last_commit_time_us;
  touched_sequence_ = std::max(touched_sequence_, frame->touched_sequence);
  if (!requested_ && 2 * offset_ >= segment_->header.segment_bytes) {
    supply_->request(next_header());
    requested_ = true;
  }
  return sealed;
}

}  // namespace varve::wal
