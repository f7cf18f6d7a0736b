// SegmentSupply: one thread that makes the next segment ready before the log needs it. It is apart from the log thread
// because zero-writing 64 MiB takes as long as hundreds of frames.
//
// Threads: request and take from whoever owns the log's write side (one at a time); stop from any.
#pragma once

#include <memory>

#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "base/result.h"
#include "wal/segment_files.h"

namespace varve::wal {

class SegmentSupply {
 public:
  explicit SegmentSupply(SegmentFiles* files) : files_(files) {}
  ~SegmentSupply() { stop(); }
  SegmentSupply(const SegmentSupply&) = delete;
  SegmentSupply& operator=(const SegmentSupply&) = delete;

  // Until start, and after stop, take makes the segment itself and request does nothing.
  void start() VARVE_EXCLUDES(mutex_);
  void stop() VARVE_EXCLUDES(mutex_);

  // Asks for the segment of this header soon. Its error comes back from take, except that a full disk is tried again.
  void request(const SegmentHeader& header) VARVE_EXCLUDES(mutex_);
  bool ready() const VARVE_EXCLUDES(mutex_);
  // The segment of this header: the one that was requested, or one made now.
  Result<std::unique_ptr<Segment>> take(const SegmentHeader& header) VARVE_EXCLUDES(mutex_);

 private:
  enum class State { kIdle, kRequested, kWorking, kReady, kFailed };
  void run() VARVE_EXCLUDES(mutex_);

  SegmentFiles* const files_;
  io::Thread thread_;
  mutable io::Mutex mutex_;
  io::CondVar changed_;
  State state_ VARVE_GUARDED_BY(mutex_) = State::kIdle;
  bool running_ VARVE_GUARDED_BY(mutex_) = false;
  SegmentHeader wanted_ VARVE_GUARDED_BY(mutex_);
  Status failure_ VARVE_GUARDED_BY(mutex_);
  std::unique_ptr<Segment> segment_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::wal
