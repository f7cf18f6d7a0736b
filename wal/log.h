// Log: one write-ahead log for a whole store. Records go into frames, frames into pre-written segments; a frame is
// durable before anything in it is acknowledged. The log knows sequence numbers and opaque payloads, not keys.
//
//   append()        Reserve: one step gives a record its place and its sequence number, and copies it
//   sync(s)         blocks until every record up to s is durable (group commit)
//   recover()       replays what survived, tells a torn tail from corruption
//
// Bytes: wal/FORMAT.md. Sync discipline: one frame in flight, written with RWF_DSYNC; the next frame seals when it
// completes, after a bounded gathering of the writers just woken. An idle log's blocking committer writes its own
// frame; otherwise the log thread does.
//
// Invariants
//   I1 Sequence numbers have no gaps: append n is followed by append n + 1, in log order.
//   I2 A block that holds acknowledged data is never rewritten.
//   I3 A frame is sealed only when the frame before it is durable, and says so in durable_through.
//   I4 After a failed write or sync nothing more is acknowledged: failed() stays true, sync answers kOutcomeUnknown
//      for records that were not durable by then, and append answers kStoreFailed. The range is never written again.
//   I5 Every generation starts in a fresh segment; stale frames of a recycled file never validate.
//
// Threads: every method from any thread. Ownership: the Log owns its segments; the driver is borrowed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/io/driver.h"
#include "base/result.h"
#include "base/slice.h"
#include "wal/slot.h"

namespace varve::wal {

// A record whose kind has kMustUnderstand set and is unknown stops recovery with kUnsupported; without it, it is
// skipped.
using RecordKind = uint8_t;
inline constexpr RecordKind kMustUnderstand = 0x80;

struct LogOptions {
  io::Driver* driver = nullptr;
  std::string directory;                    // exists; holds only log segments
  uint64_t first_segment_bytes = 1u << 20;  // segments double from here ...
  uint64_t max_segment_bytes = 64u << 20;   // ... to here; tests use 64-256 KiB for both
  uint64_t max_frame_bytes = 1u << 20;      // a frame is sealed at this size at the latest
  uint64_t max_record_bytes = 96u << 20;    // append refuses more with kInvalidArgument
  uint64_t max_pending_bytes = 32u << 20;   // appended but not yet written; wait_for_room() gates on it
  uint64_t sync_interval_ns = 0;  // 0: sync mode. Else the log thread syncs this often (interval mode)
  uint64_t gather_ns = 30'000;    // longest wait for the writers just woken before the next frame seals
  uint64_t idle_promise_ns = 5'000'000;  // an empty promise frame after this much idleness; 0: never
  // Called by whoever completed a frame, before any sync() waiter wakes: all records <= durable are durable.
  std::function<void(SequenceNumber durable)> on_durable;
  // Called once, when the log fails.
  std::function<void(const Status&)> on_failure;
  // Called before segments below first_kept are recycled or removed; on an error they stay. The store notes in its
  // manifest where the log now begins, so that recovery can tell a released segment from a lost one:
  // Generation::first_segment is the oldest segment that must be there. Runs on the caller of release_before, without
  // a lock of the log.
  std::function<Status(SegmentNumber first_kept)> before_release;
  // The number of the last durable manifest edit, stamped into each frame.
  std::function<uint64_t()> manifest_edit;
};

// Where a generation ends: everything at or after this position is not part of it.
struct EndMark {
  LogPosition position;
  FrameNumber last_frame;        // 0: the generation holds no frame
  SequenceNumber last_sequence;  // 0: none
};

// One life of the log, between two opens. The store keeps the live ones in its manifest.
struct Generation {
  uint64_t id = 0;              // random, never 0
  SegmentNumber first_segment;  // the oldest that was not released: it and all later ones must be on disk
  bool ended = false;
  EndMark end;

  void encode(std::string* out) const;
  static Result<Generation> decode(Slice bytes);
};

struct ReplayedRecord {
  SequenceNumber sequence;
  uint64_t commit_time_us;
  RecordKind kind;
  uint64_t origin;
  Slice payload;  // valid during the call
  LogPosition position;
};
// An error stops the replay and is returned by recover().
using ReplayFunction = std::function<Status(const ReplayedRecord&)>;

struct RecoveryReport {
  SequenceNumber last_sequence;  // 0: no record
  uint64_t last_commit_time_us = 0;
  uint64_t last_manifest_edit = 0;  // greatest seen in any frame: a shorter manifest is corruption
  uint64_t segments = 0, frames = 0, records = 0, bytes = 0;
  uint64_t torn_tail_bytes = 0;  // dropped at the end, from the first bad frame to the last non-zero byte
  EndMark end;                   // of the last generation: before its first frame not proven durable
  SegmentNumber last_segment;    // greatest segment number found on disk, discarded ones included
  // The segments that hold the live generations, in log order. start() takes them over until release_before frees them.
  struct RetainedSegment {
    SegmentNumber number;
    uint64_t bytes = 0;
    SequenceNumber last_sequence;  // no fragment of a later record lies in it
  };
  std::vector<RetainedSegment> retained;
  // Records of frames that no later frame, end mark or promise proves durable. They were replayed; start() writes
  // them again at the head of the new generation, so that what readers are shown survives a power cut.
  struct UnprovenRecord {
    SequenceNumber sequence;
    uint64_t commit_time_us;
    RecordKind kind;
    uint64_t origin;
    std::string payload;
  };
  std::vector<UnprovenRecord> unproven;
};

struct LogStatistics {
  uint64_t frames = 0, records = 0, record_bytes = 0, frame_bytes = 0, syncs = 0, promise_frames = 0;
  uint64_t segments_created = 0, segments_recycled = 0;
};

class Log {
 public:
  // Replays the records of `generations` (in order; the last may be open-ended), those with sequence >= from only, in
  // sequence order. Reads only; changes nothing on disk. kCorruption names file and offset and keeps every file.
  static Result<RecoveryReport> recover(const LogOptions& options, std::span<const Generation> generations,
                                        SequenceNumber from, const ReplayFunction& replay);

  // Creates the first segment of a new generation after `report` (a default one for a new store), writes the unproven
  // records into it and makes them durable. The caller then records in its manifest, in one edit, the end mark of the
  // old generation and the new one, and only then appends or serves reads. Files of the directory that belong to no
  // listed generation are removed or recycled.
  static Result<std::unique_ptr<Log>> start(const LogOptions& options, std::span<const Generation> live,
                                            const RecoveryReport& report, uint64_t generation_id);
  virtual ~Log() = default;

  virtual Generation generation() const = 0;

  struct Appended {
    SequenceNumber sequence;
    uint64_t commit_time_us;  // hybrid: wall time, but never before an earlier record's
  };
  // Reserve and copy. The slots are filled in, in the caller's buffer too. `reserved`, when given, runs under the append
  // lock right after the sequence number is taken (so in sequence order); it must be short and may not call the log.
  // Fails only with kStoreFailed (I4) or kInvalidArgument (too long), before a sequence number is taken.
  virtual Result<Appended> append(RecordKind kind, uint64_t origin, MutableSlice payload,
                                  std::span<const Slot> slots,
                                  const std::function<void(const Appended&)>* reserved = nullptr) = 0;

  // Blocks until durable_sequence() >= sequence. kOutcomeUnknown when the log failed first.
  virtual Status sync(SequenceNumber sequence) = 0;
  // Asks the log thread to make everything appended so far durable soon; returns at once. on_durable tells.
  virtual void request_sync() = 0;
  // The same from a caller that lends its thread: on an idle log it writes the frame here, with one durable write, and
  // everything appended before the call is durable on return. Else the log thread is asked.
  virtual void write_or_request_sync() = 0;
  // Blocks while more than max_pending_bytes wait to be written. has_room() answers without blocking.
  virtual void wait_for_room() = 0;
  virtual bool has_room() const = 0;

  virtual SequenceNumber last_appended() const = 0;
  // The number the next append will get. Taken under the append lock: a boundary for sealing memtables.
  virtual SequenceNumber next_sequence() = 0;
  virtual SequenceNumber durable_sequence() const = 0;
  virtual bool failed() const = 0;

  // Every record with sequence < bound is no longer needed: segments wholly below are recycled or removed.
  virtual Status release_before(SequenceNumber bound) = 0;
  // Bytes of segments that cannot be released yet.
  virtual uint64_t bytes_in_use() const = 0;
  // The sequence that pins the oldest segment: releasing past it would free space. 0 when nothing is pinned.
  virtual SequenceNumber oldest_segment_last_sequence() const = 0;

  // Makes everything durable, writes a promise frame and stops the log thread. Idempotent.
  virtual Status close() = 0;
  virtual LogStatistics statistics() const = 0;
};

}  // namespace varve::wal
