#include "wal/log_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/coding.h"
#include "base/io/clock.h"

namespace varve::wal {
namespace {

constexpr unsigned kMaxVainGathers = 6;
constexpr uint64_t kShortestSleepNs = 20'000;

// A frame fits into every segment, the smallest included, behind the header block.
uint64_t frame_limit(const LogOptions& options) {
  const uint64_t wanted = std::min(options.max_frame_bytes, options.first_segment_bytes - kBlockBytes);
  return io::align_down(std::max<uint64_t>(wanted, kBlockBytes));
}

LogOptions rounded(LogOptions options) {
  options.first_segment_bytes =
      std::max<uint64_t>(io::align_up(options.first_segment_bytes), 2 * kBlockBytes);
  options.max_segment_bytes = std::max(io::align_up(options.max_segment_bytes), options.first_segment_bytes);
  options.max_record_bytes = std::min<uint64_t>(options.max_record_bytes, 1u << 30);  // lengths have 32 bits
  return options;
}

}  // namespace

LogWriter::LogWriter(const LogOptions& options, uint64_t generation_id)
    : options_(rounded(options)),
      generation_id_(generation_id),
      files_(options_.driver, options_.directory),
      supply_(&files_),
      writer_(options_, &supply_,
              [this](const RecoveryReport::RetainedSegment& rolled, const Segment& next) {
                io::MutexLock lock(&segments_mutex_);
                retained_.push_back(rolled);
                current_segment_ = next.number();
                current_segment_bytes_ = next.header.segment_bytes;
              }),
      queue_(frame_limit(options_)) {}

LogWriter::~LogWriter() { (void)close(); }

// ---- appending ----

Result<Log::Appended> LogWriter::append(RecordKind kind, uint64_t origin, MutableSlice payload,
                                        std::span<const Slot> slots,
                                        const std::function<void(const Appended&)>* reserved) {
  if (payload.size() > options_.max_record_bytes) {
    return Status::invalid_argument("log record of " + std::to_string(payload.size()) + " bytes, at most " +
                                    std::to_string(options_.max_record_bytes));
  }
  for (const Slot& slot : slots) {
    if (payload.size() < 8 || slot.offset > payload.size() - 8) {
      return Status::invalid_argument("slot outside the record");
    }
  }
  const uint64_t now_us = io::wall_us();
  io::MutexLock lock(&mutex_);
  if (failed_.load(std::memory_order_relaxed)) {
    return Status(ErrorCode::kStoreFailed, "the log failed: " + failure_.message());
  }
  if (closing_) return Status(ErrorCode::kStoreFailed, "the log is closed");
  last_commit_time_us_ = std::max(last_commit_time_us_, now_us);
  const Appended appended{SequenceNumber(next_sequence_), last_commit_time_us_};
  ++next_sequence_;
  for (const Slot& slot : slots) {
    store_big64(payload.data() + slot.offset,
                slot.kind == Slot::Kind::kSequence ? appended.sequence.value : appended.commit_time_us);
  }
  if (reserved != nullptr) (*reserved)(appended);

  RecordHeader header;
  header.payload_bytes = static_cast<uint32_t>(payload.size());
  header.kind = kind;
  header.sequence = appended.sequence.value;
  header.commit_time_us = appended.commit_time_us;
  header.origin = origin;
  queue_.add(header, Slice(payload.data(), payload.size()));
  pending_bytes_.store(queue_.pending_bytes(), std::memory_order_relaxed);
  last_appended_.store(appended.sequence.value, std::memory_order_release);
  ++statistics_.records;
  statistics_.record_bytes += payload.size();

  if (next_sequence_ >= gather_goal_) gathered_.notify_one();
  if (options_.sync_interval_ns != 0 && interval_deadline_ns_ == 0) {
    interval_deadline_ns_ = io::monotonic_ns() + options_.sync_interval_ns;
    if (interval_deadline_ns_ < log_thread_sleeps_until_ns_) log_wake_.notify_one();
  }
  if (!writing_ && queue_.first_is_full()) log_wake_.notify_one();
  return appended;
}

SequenceNumber LogWriter::next_sequence() {
  io::MutexLock lock(&mutex_);
  return SequenceNumber(next_sequence_);
}

void LogWriter::wait_for_room() {
  if (has_room()) return;
  io::MutexLock lock(&mutex_);
  while (!has_room()) {
    sync_target_ = next_sequence_ - 1;
    if (!writing_) log_wake_.notify_one();
    room_.wait(&mutex_);
  }
}

// ---- making durable ----

Status LogWriter::outcome_unknown() const {
  io::MutexLock lock(&mutex_);
  return Status(ErrorCode::kOutcomeUnknown, "the log failed under this write: " + failure_.message());
}

Status LogWriter::sync(SequenceNumber sequence) {
  if (durable_.load(std::memory_order_acquire) >= sequence.value) return {};
  std::unique_ptr<FrameBuffer> frame;
  {
    io::MutexLock lock(&mutex_);
    if (sequence.value >= next_sequence_)
      return Status::invalid_argument("sync of a sequence never appended");
    sync_target_ = std::max(sync_target_, sequence.value);
    if (failed_.load(std::memory_order_relaxed) ||
        durable_.load(std::memory_order_relaxed) >= sequence.value) {
      // Decided already; told below.
    } else if (frame = take_if_idle(); frame == nullptr) {
      ++(sequence.value <= sealed_through_ ? waiters_in_flight_ : waiters_pending_);
      if (!writing_) log_wake_.notify_one();
    }
  }
  if (frame != nullptr) write_as_committer(std::move(frame));

  {
    io::MutexLock lock(&wait_mutex_);
    ++blocked_;
    while (durable_.load(std::memory_order_acquire) < sequence.value && !failed_.load()) {
      durable_changed_.wait(&wait_mutex_);
    }
    --blocked_;
  }
  return durable_.load(std::memory_order_acquire) >= sequence.value ? Status() : outcome_unknown();
}

void LogWriter::request_sync() {
  io::MutexLock lock(&mutex_);
  sync_target_ = next_sequence_ - 1;
  if (!writing_ && wanted()) log_wake_.notify_one();
}

void LogWriter::write_or_request_sync() {
  std::unique_ptr<FrameBuffer> frame;
  {
    io::MutexLock lock(&mutex_);
    sync_target_ = next_sequence_ - 1;
    if (!wanted() || failed_.load(std::memory_order_relaxed)) return;
    frame = take_if_idle();
    if (frame == nullptr && !writing_) log_wake_.notify_one();
  }
  if (frame != nullptr) write_as_committer(std::move(frame));
}

// The first frame, for the calling thread to write: when nobody writes, or is about to, and it needs no new segment.
std::unique_ptr<FrameBuffer> LogWriter::take_if_idle() {
  if (writing_ || handed_over_ || closing_ || !writer_.fits(queue_.first_body_bytes())) return nullptr;
  writing_ = true;
  return take_frame();
}

std::unique_ptr<FrameBuffer> LogWriter::take_frame() {
  std::unique_ptr<FrameBuffer> frame = queue_.take_first();
  pending_bytes_.store(queue_.pending_bytes(), std::memory_order_relaxed);
  if (queue_.empty()) interval_deadline_ns_ = 0;
  sealed_through_ = std::max(sealed_through_, frame->last_sequence);
  waiters_in_flight_ += std::exchange(waiters_pending_, 0);
  room_.notify_all();
  return frame;
}

void LogWriter::write_as_committer(std::unique_ptr<FrameBuffer> frame) {
  Result<FrameWriter::Sealed> sealed = writer_.seal(frame.get());
  Status status = sealed.status();
  if (status.ok()) status = sealed->file->write_at_durable(sealed->offset, sealed->bytes);
  complete(std::move(frame), status, sealed.ok() ? sealed->frame_bytes : 0);
  {
    io::MutexLock lock(&mutex_);
    writing_ = false;
    handed_over_ = wanted() && !failed_.load();
    if (handed_over_) ++woken_;  // this committer is likely to be back as well
    // Asleep without a deadline it would miss the promise that is due when nobody writes any more.
    if (handed_over_ || closing_ || log_thread_sleeps_until_ns_ == UINT64_MAX) log_wake_.notify_one();
  }
  wake_waiters();
}

void LogWriter::complete(std::unique_ptr<FrameBuffer> frame, const Status& status, uint64_t bytes) {
  if (!status.ok()) {
    fail(status);
    return;
  }
  writer_.completed();
  const uint64_t durable = writer_.sealed_sequence();
  if (frame->records != 0 && options_.on_durable) options_.on_durable(SequenceNumber(durable));
  const uint64_t now = io::monotonic_ns();
  io::MutexLock lock(&mutex_);
  durable_.store(durable, std::memory_order_release);
  last_completion_ns_ = now;
  promise_wanted_ = !frame->promise;
  woken_ = frame->records != 0 ? std::exchange(waiters_in_flight_, 0) : 0;
  ++statistics_.frames;
  ++statistics_.syncs;
  statistics_.promise_frames += frame->promise ? 1 : 0;
  statistics_.frame_bytes += bytes;
  queue_.give_back(std::move(frame));
}

void LogWriter::fail(const Status& status) {
  {
    io::MutexLock lock(&mutex_);
    if (failed_.load()) return;
    failure_ = status;
    failed_.store(true);
    room_.notify_all();
    log_wake_.notify_all();
    gathered_.notify_all();
  }
  if (options_.on_failure) options_.on_failure(status);
  wake_waiters();
}

void LogWriter::wake_waiters() {
  // The lock orders the change of durable_ or failed_ before any waiter's next look.
  {
    io::MutexLock lock(&wait_mutex_);
  }
  durable_changed_.notify_all();
}

// ---- the log thread ----

bool LogWriter::promise_due() const {
  if (!promise_wanted_) return false;
  if (closing_) return true;
  return options_.idle_promise_ns != 0 && queue_.empty() &&
         io::monotonic_ns() >= last_completion_ns_ + options_.idle_promise_ns;
}

uint64_t LogWriter::next_deadline_ns() const {
  uint64_t deadline = UINT64_MAX;
  if (failed_.load()) return deadline;
  if (promise_wanted_ && options_.idle_promise_ns != 0 && queue_.empty()) {
    deadline = last_completion_ns_ + options_.idle_promise_ns;
  }
  if (interval_deadline_ns_ != 0) deadline = std::min(deadline, interval_deadline_ns_);
  return deadline;
}

void LogWriter::run() {
  // A ring over blocking calls would do the write in flush(), before the waiters are woken.
  if (std::string_view(options_.driver->name()) != "posix") {
    if (auto ring = options_.driver->make_ring(4); ring.ok()) ring_ = std::move(ring).value();
  }
  io::MutexLock lock(&mutex_);
  for (;;) {
    if (!writing_ && !failed_.load()) {
      if (interval_deadline_ns_ != 0 && io::monotonic_ns() >= interval_deadline_ns_)
        sync_target_ = next_sequence_ - 1;
      const bool more = wanted();
      if (more || promise_due()) {
        writing_ = true;
        handed_over_ = false;
        mutex_.unlock();
        write_frames(!more);
        mutex_.lock();
        writing_ = false;
        continue;
      }
    }
    if (closing_ && !writing_) return;
    const uint64_t now = io::monotonic_ns();
    const uint64_t deadline = next_deadline_ns();
    // Past its deadline only a committer at work holds it up, and that one notifies a thread that sleeps untimed.
    log_thread_sleeps_until_ns_ = deadline > now ? deadline : writing_ ? UINT64_MAX : now + kShortestSleepNs;
    if (log_thread_sleeps_until_ns_ == UINT64_MAX) {
      log_wake_.wait(&mutex_);
    } else {
      log_wake_.wait_for(&mutex_, log_thread_sleeps_until_ns_ - now);
    }
    log_thread_sleeps_until_ns_ = 0;
  }
}

void LogWriter::write_frames(bool promise) {
  std::unique_ptr<FrameBuffer> frame;
  uint64_t baseline = 0;
  uint64_t expected = 0;
  {
    io::MutexLock lock(&mutex_);
    baseline = next_sequence_;
    expected = promise ? 0 : std::exchange(woken_, 0);
  }
  if (expected != 0) gather(baseline, expected);
  {
    io::MutexLock lock(&mutex_);
    frame = take_frame();
    // Records that came since the promise was decided on make it a frame like any other.
    frame->promise = promise && frame->body_bytes == 0;
  }
  bool wake_due = false;
  while (frame != nullptr) {
    Result<FrameWriter::Sealed> sealed = writer_.seal(frame.get());
    const Status status = sealed.ok() ? write_through_ring(*sealed, &wake_due) : sealed.status();
    if (wake_due) wake_waiters();  // not submitted
    wake_due = false;
    if (!status.ok()) {
      if (ring_ != nullptr && ring_->outstanding() != 0) stranded_ = std::move(frame);
      fail(status);
      return;
    }
    complete(std::move(frame), status, sealed->frame_bytes);
    frame = nullptr;

    bool more = false;
    {
      io::MutexLock lock(&mutex_);
      more = wanted();
      expected = std::exchange(woken_, 0);
      baseline = next_sequence_;
      if (queue_.first_is_full() || (more && expected == 0)) {
        frame = take_frame();
        wake_due = true;
        continue;
      }
    }
    wake_waiters();
    // One lone writer is better served by an idle log, which lets it write its own frame.
    if (expected > 1 || (expected == 1 && more)) gather(baseline, expected);
    io::MutexLock lock(&mutex_);
    if (wanted()) frame = take_frame();
  }
}

// At most gather_ns, for as many appends behind `baseline` as writers were woken. Where writers do not come back (they
// were the last of a burst, say) ever more of the waits are left out.
void LogWriter::gather(uint64_t baseline, uint64_t expected) {
  if (gathers_to_skip_ != 0) {
    --gathers_to_skip_;
    return;
  }
  const uint64_t deadline = io::monotonic_ns() + options_.gather_ns;
  io::MutexLock lock(&mutex_);
  gather_goal_ = baseline + expected;
  while (next_sequence_ < gather_goal_ && !queue_.first_is_full() && !closing_) {
    const uint64_t now = io::monotonic_ns();
    if (now >= deadline) break;
    gathered_.wait_for(&mutex_, deadline - now);
  }
  gather_goal_ = UINT64_MAX;
  vain_gathers_ = next_sequence_ == baseline ? std::min(vain_gathers_ + 1, kMaxVainGathers) : 0;
  if (vain_gathers_ != 0) gathers_to_skip_ = (1u << vain_gathers_) - 1;
}

Status LogWriter::write_through_ring(const FrameWriter::Sealed& sealed, bool* wake_due) {
  if (ring_ == nullptr) {
    if (std::exchange(*wake_due, false)) wake_waiters();
    return sealed.file->write_at_durable(sealed.offset, sealed.bytes);
  }
  io::Ring::Request request;
  request.operation = io::Ring::Operation::kWriteDurable;
  request.file = sealed.file;
  request.offset = sealed.offset;
  request.data = const_cast<char*>(sealed.bytes.data());
  request.size = sealed.bytes.size();
  VARVE_RETURN_IF_ERROR(ring_->submit(request));
  const Status flushed = ring_->flush();
  if (std::exchange(*wake_due, false)) wake_waiters();
  // The buffer belongs to the kernel until the completion is here, whatever flush said.
  std::vector<io::Ring::Completion> completions;
  const Status waited = ring_->wait(1, &completions);
  if (!completions.empty()) return completions.front().status;
  return waited.ok() ? flushed : waited;
}

Status LogWriter::close() {
  io::MutexLock closing(&close_mutex_);
  if (!closed_) {
    {
      io::MutexLock lock(&mutex_);
      closing_ = true;
      sync_target_ = next_sequence_ - 1;
      log_wake_.notify_all();
      gathered_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    supply_.stop();
    closed_ = true;
  }
  io::MutexLock lock(&mutex_);
  if (!failed_.load()) return {};
  return Status(ErrorCode::kStoreFailed, "the log failed: " + failure_.message());
}

LogStatistics LogWriter::statistics() const {
  LogStatistics result;
  {
    io::MutexLock lock(&mutex_);
    result = statistics_;
  }
  result.segments_created = files_.created();
  result.segments_recycled = files_.recycled();
  return result;
}

}  // namespace varve::wal
