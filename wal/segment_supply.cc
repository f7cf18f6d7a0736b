#include "wal/segment_supply.h"

#include "base/check.h"

namespace varve::wal {

void SegmentSupply::start() {
  {
    io::MutexLock lock(&mutex_);
    running_ = true;
  }
  thread_ = io::Thread("log-segments", [this] { run(); });
}

void SegmentSupply::stop() {
  {
    io::MutexLock lock(&mutex_);
    running_ = false;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void SegmentSupply::request(const SegmentHeader& header) {
  io::MutexLock lock(&mutex_);
  if (!running_ || state_ != State::kIdle) return;
  wanted_ = header;
  state_ = State::kRequested;
  changed_.notify_all();
}

bool SegmentSupply::ready() const {
  io::MutexLock lock(&mutex_);
  return state_ == State::kReady;
}

Result<std::unique_ptr<Segment>> SegmentSupply::take(const SegmentHeader& header) {
  {
    io::MutexLock lock(&mutex_);
    if (state_ == State::kRequested) state_ = State::kIdle;  // not begun: quicker to do it here
    while (state_ == State::kWorking) changed_.wait(&mutex_);
    if (state_ == State::kReady) {
      CHECK(segment_->header.segment == header.segment);
      state_ = State::kIdle;
      return std::move(segment_);
    }
    if (state_ == State::kFailed) return failure_;
  }
  return files_->make_ready(header);
}

void SegmentSupply::run() {
  io::MutexLock lock(&mutex_);
  while (running_) {
    if (state_ != State::kRequested) {
      changed_.wait(&mutex_);
      continue;
    }
    state_ = State::kWorking;
    const SegmentHeader header = wanted_;
    mutex_.unlock();
    Result<std::unique_ptr<Segment>> made = files_->make_ready(header);
    mutex_.lock();
    // Space may come back before the segment is needed, and take tries once more; a failed write or sync is final.
    const bool again = made.code() == ErrorCode::kNoSpace;
    state_ = made.ok() ? State::kReady : again ? State::kIdle : State::kFailed;
    failure_ = made.status();
    if (made.ok()) segment_ = std::move(made).value();
    changed_.notify_all();
  }
}

}  // namespace varve::wal
