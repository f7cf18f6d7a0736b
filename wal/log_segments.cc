// The part of LogWriter that deals with whole segments: starting a generation, and freeing what is no longer needed.
//
// Order of start(), so that a crash at any step leaves what recovery found:
//   1. Files of generations that the manifest does not list are removed: a start() that crashed left them.
//   2. The new generation's first segment is made ready, under a number above all on disk.
//   3. The unproven records are written into it, durable, and proven by a promise frame.
//   4. (The caller's manifest edit ends the old generation and begins the new one.)
//   5. Files of the old generation that lie behind its end are freed by the first release_before, so after 4: until
//      then a second recovery needs them to tell the torn tail from damage again.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "wal/log_writer.h"
#include "wal/segment_reader.h"

namespace varve::wal {

Status LogWriter::sort_files(std::span<const Generation> live, const RecoveryReport& report,
                             std::vector<SegmentNumber>* foreign) {
  SegmentNumber oldest(std::numeric_limits<uint64_t>::max());
  for (const Generation& generation : live) oldest = std::min(oldest, generation.first_segment);
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, options_.driver->list(options_.directory));
  for (const std::string& name : names) {
    SegmentNumber number;
    if (!parse_segment_file_name(name, &number)) continue;
    if (std::any_of(
            report.retained.begin(), report.retained.end(),
            [&](const RecoveryReport::RetainedSegment& segment) { return segment.number == number; })) {
      continue;
    }
    const std::string path = io::join_path(options_.directory, name);
    VARVE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::open(options_.driver, path, kBlockBytes));
    VARVE_ASSIGN_OR_RETURN(const Slice block, reader.read(0, kBlockBytes));
    const Result<SegmentHeader> header = decode_segment_header(block, number, path);
    const bool listed = std::any_of(live.begin(), live.end(), [&](const Generation& generation) {
      return !header.ok() || header->generation == generation.id;
    });
    if (!listed || number < oldest) {
      foreign->push_back(number);
    } else {
      io::MutexLock lock(&segments_mutex_);
      discards_.push_back(number);
    }
  }
  return {};
}

Status LogWriter::start(std::span<const Generation> live, const RecoveryReport& report) {
  CHECK(options_.driver != nullptr && generation_id_ != 0);
  VARVE_RETURN_IF_ERROR(files_.remove_leftovers());
  std::vector<SegmentNumber> foreign;
  VARVE_RETURN_IF_ERROR(sort_files(live, report, &foreign));
  VARVE_RETURN_IF_ERROR(files_.free_files(foreign, options_.first_segment_bytes));

  FrameWriter::Start start;
  start.generation = generation_id_;
  start.segment = report.last_segment.next();
  start.last_sequence = report.last_sequence.value - report.unproven.size();
  start.last_commit_time_us = report.last_commit_time_us;
  {
    io::MutexLock lock(&segments_mutex_);
    retained_ = report.retained;
    first_segment_ = start.segment;
  }
  VARVE_RETURN_IF_ERROR(writer_.open(start));
  {
    io::MutexLock lock(&segments_mutex_);
    current_segment_ = writer_.segment();
    current_segment_bytes_ = writer_.segment_bytes();
  }
  VARVE_RETURN_IF_ERROR(rewrite(report));
  {
    io::MutexLock lock(&mutex_);
    next_sequence_ = report.last_sequence.value + 1;
    last_commit_time_us_ = report.last_commit_time_us;
    sealed_through_ = sync_target_ = report.last_sequence.value;
    last_appended_.store(report.last_sequence.value);
    durable_.store(report.last_sequence.value);
  }
  supply_.start();
  thread_ = io::Thread("log", [this] { run(); });
  return {};
}

Status LogWriter::rewrite(const RecoveryReport& report) {
  if (report.unproven.empty()) return {};
  io::MutexLock lock(&mutex_);  // no other thread exists yet
  uint64_t expected = report.last_sequence.value - report.unproven.size();
  for (const RecoveryReport::UnprovenRecord& record : report.unproven) {
    CHECK(record.sequence.value == ++expected);
    RecordHeader header;
    header.payload_bytes = static_cast<uint32_t>(record.payload.size());
    header.kind = record.kind;
    header.sequence = record.sequence.value;
    header.commit_time_us = record.commit_time_us;
    header.origin = record.origin;
    queue_.add(header, record.payload);
  }
  bool promise = false;
  while (!promise) {
    promise = queue_.empty();
    std::unique_ptr<FrameBuffer> frame = queue_.take_first();
    frame->promise = promise;
    VARVE_ASSIGN_OR_RETURN(const FrameWriter::Sealed sealed, writer_.seal(frame.get()));
    VARVE_RETURN_IF_ERROR(sealed.file->write_at_durable(sealed.offset, sealed.bytes));
    writer_.completed();
    ++statistics_.frames;
    ++statistics_.syncs;
    statistics_.promise_frames += promise ? 1 : 0;
    statistics_.frame_bytes += sealed.frame_bytes;
    queue_.give_back(std::move(frame));
  }
  return {};
}

Generation LogWriter::generation() const {
  Generation generation;
  generation.id = generation_id_;
  io::MutexLock lock(&segments_mutex_);
  generation.first_segment = first_segment_;
  return generation;
}

Status LogWriter::release_before(SequenceNumber bound) {
  io::MutexLock releasing(&release_mutex_);
  if (failed()) return Status(ErrorCode::kStoreFailed, "the log failed: its segments stay");
  std::vector<SegmentNumber> freed;
  SegmentNumber first_kept;
  {
    io::MutexLock lock(&segments_mutex_);
    size_t count = 0;
    while (count < retained_.size() && retained_[count].last_sequence < bound) ++count;
    for (size_t i = 0; i < count; ++i) freed.push_back(retained_[i].number);
    first_kept = count < retained_.size() ? retained_[count].number : current_segment_;
    if (freed.empty() && discards_.empty()) return {};
  }
  if (!freed.empty() && options_.before_release) VARVE_RETURN_IF_ERROR(options_.before_release(first_kept));
  {
    io::MutexLock lock(&segments_mutex_);
    retained_.erase(retained_.begin(), retained_.begin() + static_cast<ptrdiff_t>(freed.size()));
    first_segment_ = std::max(first_segment_, first_kept);
    freed.insert(freed.end(), discards_.begin(), discards_.end());
    discards_.clear();
  }
  return files_.free_files(freed, options_.max_segment_bytes);
}

uint64_t LogWriter::bytes_in_use() const {
  io::MutexLock lock(&segments_mutex_);
  uint64_t bytes = current_segment_bytes_;
  for (const RecoveryReport::RetainedSegment& segment : retained_) bytes += segment.bytes;
  return bytes;
}

SequenceNumber LogWriter::oldest_segment_last_sequence() const {
  io::MutexLock lock(&segments_mutex_);
  return retained_.empty() ? kNoSequence : retained_.front().last_sequence;
}

Result<std::unique_ptr<Log>> Log::start(const LogOptions& options, std::span<const Generation> live,
                                        const RecoveryReport& report, uint64_t generation_id) {
  auto log = std::make_unique<LogWriter>(options, generation_id);
  VARVE_RETURN_IF_ERROR(log->start(live, report));
  return std::unique_ptr<Log>(std::move(log));
}

}  // namespace varve::wal
