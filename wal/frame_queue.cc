#include "wal/frame_queue.h"

#include <algorithm>

#include "base/check.h"
#include "base/coding.h"

namespace varve::wal {
namespace {

// A fragment shorter than this is not worth its header; it also keeps a record header in one piece.
constexpr uint64_t kSmallestFragment = 64;

}  // namespace

void FrameBuffer::clear() {
  body_bytes = records = last_sequence = touched_sequence = 0;
  first_commit_time_us = last_commit_time_us = 0;
  continues = promise = false;
}

std::unique_ptr<FrameBuffer> FrameQueue::fresh() {
  if (spares_.empty()) return std::make_unique<FrameBuffer>(frame_limit_);
  std::unique_ptr<FrameBuffer> frame = std::move(spares_.back());
  spares_.pop_back();
  frame->clear();
  return frame;
}

FrameBuffer* FrameQueue::open_frame(uint64_t room_bytes, bool continues) {
  if (frames_.empty() || body_limit_ - frames_.back()->body_bytes < room_bytes) {
    frames_.push_back(fresh());
    frames_.back()->continues = continues;
  }
  return frames_.back().get();
}

void FrameQueue::add(const RecordHeader& header, Slice payload) {
  DCHECK(header.payload_bytes == payload.size());
  Slice head(reinterpret_cast<const char*>(&header), sizeof(header));
  bool first = true;
  while (first || !payload.empty()) {
    const uint64_t left = head.size() + payload.size();
    FrameBuffer* frame = open_frame(kFragmentHeaderBytes + std::min(left, kSmallestFragment), !first);
    const uint64_t length = std::min(left, body_limit_ - frame->body_bytes - kFragmentHeaderBytes);
    const bool last = length == left;
    char* out = frame->body() + frame->body_bytes;
    store_little(out,
                 static_cast<uint32_t>(length) | (first ? kFragmentFirst : 0) | (last ? kFragmentLast : 0));
    out += kFragmentHeaderBytes;
    head.copy(out, head.size());
    const uint64_t from_payload = length - head.size();
    payload.copy(out + head.size(), from_payload);
    payload.remove_prefix(from_payload);
    head = Slice();
    first = false;

    frame->body_bytes += kFragmentHeaderBytes + length;
    frame->touched_sequence = header.sequence;
    if (last) {
      if (frame->records++ == 0) frame->first_commit_time_us = header.commit_time_us;
      frame->last_sequence = header.sequence;
      frame->last_commit_time_us = header.commit_time_us;
    }
    pending_bytes_ += kFragmentHeaderBytes + length;
  }
}

std::unique_ptr<FrameBuffer> FrameQueue::take_first() {
  if (frames_.empty()) return fresh();
  std::unique_ptr<FrameBuffer> frame = std::move(frames_.front());
  frames_.pop_front();
  pending_bytes_ -= frame->body_bytes;
  return frame;
}

void FrameQueue::give_back(std::unique_ptr<FrameBuffer> frame) {
  if (spares_.size() < kSpareFrames) spares_.push_back(std::move(frame));
}

}  // namespace varve::wal
