// LogWriter: the Log of log.h. Joins a FrameQueue (what was appended), a FrameWriter (what is written) and the
// discipline between them.
//
// The write side has one owner at a time, whoever set writing_:
//   a committer   sync() or write_or_request_sync() on an idle log takes the first frame and writes it on its own thread
//   the log thread, whenever more is wanted: after a committer that left others behind, for full frames, for
//                 request_sync, for the interval, for promises. It keeps the write side until nothing is wanted.
//
// After each frame the log thread wakes that frame's waiters, then gathers: it waits, at most gather_ns, for as many
// appends as waiters woke. On a device without FUA a flush costs the same for one record as for a hundred, so one
// full frame beats two half-full ones. It does not gather, and submits before it wakes, when a full frame stands ready.
//
// Lock order: release_mutex_, then mutex_ or wait_mutex_ or segments_mutex_, which never nest. No I/O and no callback
// but `reserved` runs under mutex_, wait_mutex_ or segments_mutex_.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "wal/frame_queue.h"
#include "wal/frame_writer.h"
#include "wal/log.h"
#include "wal/segment_files.h"
#include "wal/segment_supply.h"

namespace varve::wal {

class LogWriter final : public Log {
 public:
  LogWriter(const LogOptions& options, uint64_t generation_id);
  ~LogWriter() override;

  // The body of Log::start.
  Status start(std::span<const Generation> live, const RecoveryReport& report);

  Generation generation() const override;
  Result<Appended> append(RecordKind kind, uint64_t origin, MutableSlice payload, std::span<const Slot> slots,
                          const std::function<void(const Appended&)>* reserved) override;
  Status sync(SequenceNumber sequence) override;
  void request_sync() override;
  void write_or_request_sync() override;
  void wait_for_room() override;
  bool has_room() const override {
    return pending_bytes_.load() <= options_.max_pending_bytes || failed_.load();
  }
  SequenceNumber last_appended() const override { return SequenceNumber(last_appended_.load()); }
  SequenceNumber next_sequence() override;
  SequenceNumber durable_sequence() const override { return SequenceNumber(durable_.load()); }
  bool failed() const override { return failed_.load(); }
  Status release_before(SequenceNumber bound) override;
  uint64_t bytes_in_use() const override;
  SequenceNumber oldest_segment_last_sequence() const override;
  Status close() override;
  LogStatistics statistics() const override;

 private:
  Status sort_files(std::span<const Generation> live, const RecoveryReport& report,
                    std::vector<SegmentNumber>* foreign);
  Status rewrite(const RecoveryReport& report);

  bool wanted() const VARVE_REQUIRES(mutex_) {
    return sync_target_ > durable_.load(std::memory_order_relaxed) || queue_.first_is_full();
  }
  bool promise_due() const VARVE_REQUIRES(mutex_);
  uint64_t next_deadline_ns() const VARVE_REQUIRES(mutex_);
  std::unique_ptr<FrameBuffer> take_frame() VARVE_REQUIRES(mutex_);
  std::unique_ptr<FrameBuffer> take_if_idle() VARVE_REQUIRES(mutex_);
  Status outcome_unknown() const VARVE_EXCLUDES(mutex_);

  // The log thread.
  void run();
  void write_frames(bool promise);
  void gather(uint64_t baseline, uint64_t expected);
  Status write_through_ring(const FrameWriter::Sealed& sealed, bool* wake_due);

  void write_as_committer(std::unique_ptr<FrameBuffer> frame);
  // Publishes a written frame, or fails the log. Owner of the write side only. Wakes nobody.
  void complete(std::unique_ptr<FrameBuffer> frame, const Status& status, uint64_t bytes);
  void fail(const Status& status);
  void wake_waiters();

  LogOptions options_;
  const uint64_t generation_id_;

  // The write side; its owner only.
  SegmentFiles files_;
  SegmentSupply supply_;
  FrameWriter writer_;
  std::unique_ptr<FrameBuffer> stranded_;  // in the kernel's hands after the ring failed; outlives the ring
  std::unique_ptr<io::Ring> ring_;         // the log thread's; null: plain durable writes

  mutable io::Mutex mutex_;
  io::CondVar log_wake_;  // the log thread: something may be wanted
  io::CondVar gathered_;  // the log thread: the appends it waits for have come
  io::CondVar room_;      // wait_for_room
  FrameQueue queue_ VARVE_GUARDED_BY(mutex_);
  uint64_t next_sequence_ VARVE_GUARDED_BY(mutex_) = 1;
  uint64_t last_commit_time_us_ VARVE_GUARDED_BY(mutex_) = 0;
  uint64_t sync_target_ VARVE_GUARDED_BY(mutex_) = 0;
  bool writing_ VARVE_GUARDED_BY(mutex_) = false;
  bool handed_over_ VARVE_GUARDED_BY(mutex_) = false;  // the log thread is to take the write side
  bool closing_ VARVE_GUARDED_BY(mutex_) = false;
  uint64_t log_thread_sleeps_until_ns_ VARVE_GUARDED_BY(mutex_) = 0;  // 0: awake; UINT64_MAX: until notified
  bool promise_wanted_ VARVE_GUARDED_BY(mutex_) = false;  // a frame that no later one proves was written
  uint64_t last_completion_ns_ VARVE_GUARDED_BY(mutex_) = 0;
  uint64_t interval_deadline_ns_ VARVE_GUARDED_BY(mutex_) = 0;  // 0: nothing waits for the interval
  uint64_t gather_goal_ VARVE_GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t sealed_through_ VARVE_GUARDED_BY(mutex_) = 0;  // last sequence of the frame in flight
  uint64_t waiters_in_flight_ VARVE_GUARDED_BY(mutex_) = 0;
  uint64_t waiters_pending_ VARVE_GUARDED_BY(mutex_) = 0;
  uint64_t woken_ VARVE_GUARDED_BY(mutex_) = 0;  // waiters of the frame completed last
  Status failure_ VARVE_GUARDED_BY(mutex_);
  LogStatistics statistics_ VARVE_GUARDED_BY(mutex_);
  // The log thread's own: gathers in vain lately, and how many more to skip for them.
  unsigned vain_gathers_ = 0;
  unsigned gathers_to_skip_ = 0;

  // Written under mutex_, read anywhere. A reader of durable_ sees everything on_durable did (release, acquire).
  std::atomic<uint64_t> durable_{0};
  std::atomic<uint64_t> last_appended_{0};
  std::atomic<uint64_t> pending_bytes_{0};
  std::atomic<bool> failed_{false};

  io::Mutex wait_mutex_;
  io::CondVar durable_changed_;
  uint64_t blocked_ VARVE_GUARDED_BY(wait_mutex_) = 0;  // in sync()

  mutable io::Mutex segments_mutex_;
  std::vector<RecoveryReport::RetainedSegment> retained_ VARVE_GUARDED_BY(segments_mutex_);
  std::vector<SegmentNumber> discards_
      VARVE_GUARDED_BY(segments_mutex_);  // of live generations, behind their ends
  SegmentNumber first_segment_ VARVE_GUARDED_BY(segments_mutex_);
  SegmentNumber current_segment_ VARVE_GUARDED_BY(segments_mutex_);
  uint64_t current_segment_bytes_ VARVE_GUARDED_BY(segments_mutex_) = 0;

  io::Mutex release_mutex_;  // one release_before at a time
  io::Mutex close_mutex_;
  bool closed_ VARVE_GUARDED_BY(close_mutex_) = false;
  io::Thread thread_;
};

}  // namespace varve::wal
