// Log::recover: walks the live generations frame by frame, replays their records, and decides at the first bad frame
// whether it is the torn tail or damage (FORMAT.md, "Recovery").
//
// What proves that frame k was durable, so that its damage is corruption and not a torn tail:
//   P1 a frame of the generation whose durable_through is >= k, wherever it lies
//   P2 an active segment header of the generation whose predecessor_frame is >= k
//   P3 the end mark of an ended generation at or behind k
//   P4 the caller's `from`: it has flushed everything below, and flushes only what is durable
#include <algorithm>
#include <deque>
#include <limits>
#include <optional>

#include "wal/format.h"
#include "wal/log.h"
#include "wal/segment_reader.h"

namespace varve::wal {
namespace {

struct SegmentFile {
  SegmentNumber number;
  std::string path;
  uint64_t bytes = 0;
  std::optional<SegmentHeader> header;  // there in every file of segments_
  Status header_status;                 // why it is not
};

// Where the walk stands within a generation.
struct Chain {
  uint64_t next_frame = 1;
  uint64_t previous_hash = 0;
  uint64_t next_sequence = 0;
  uint64_t durable_through = 0;
  LogPosition position;
};

// A record whose last fragment has not come yet.
struct PartialRecord {
  bool open = false;
  bool orphan = false;  // its first fragment lies before the point where the walk began
  std::string bytes;
};

class Recovery {
 public:
  Recovery(const LogOptions& options, std::span<const Generation> generations, SequenceNumber from,
           const ReplayFunction& replay)
      : options_(options), generations_(generations), from_(from), replay_(replay) {}

  Result<RecoveryReport> run();

 private:
  Status list_segments();
  Status replay_generation(const Generation& generation, SegmentNumber limit, bool last);
  Status check_complete(const Generation& generation) const;
  Status choose_first(size_t* first);
  Status walk(const Generation& generation, size_t segment, bool last);
  Status walk_segment(const Generation& generation, size_t segment, bool last, bool* bad);
  Status accept_frame(const FrameHeader& frame, Slice body, const std::string& path, uint64_t offset,
                      bool last);
  Status replay_body(const FrameHeader& frame, Slice body, const std::string& path, uint64_t offset,
                     bool keep);
  Status finish_record(Slice record, const FrameHeader& frame, const std::string& path, uint64_t offset,
                       bool keep);
  bool continues_in(size_t segment) const;
  Status judge_tail(const Generation& generation, size_t segment);
  Status search_evidence(const Generation& generation, size_t segment, uint64_t from_offset,
                         const Status& verdict);
  Status measure_tail(const Generation& generation, size_t segment);
  void raise_durable(uint64_t frame);
  bool at_end_mark(const Generation& generation) const;
  Status check_end_mark(const Generation& generation, const std::string& path) const;
  void retain(const SegmentFile& file, uint64_t last_sequence);

  const LogOptions& options_;
  std::span<const Generation> generations_;
  const SequenceNumber from_;
  const ReplayFunction& replay_;
  RecoveryReport report_;

  std::vector<SegmentFile> files_;               // of the directory, by number
  std::vector<SegmentFile*> segments_;           // of the generation at hand
  std::optional<uint64_t> known_last_sequence_;  // the last sequence of everything before the walk's position
  Chain chain_;
  PartialRecord partial_;

  // Frames accepted but not proven durable: the position behind each, and its records.
  std::deque<EndMark> unproven_ends_;
  struct KeptRecord {
    uint64_t frame;
    RecordHeader header;
    uint64_t offset;  // of the payload in kept_bytes_
  };
  std::deque<KeptRecord> kept_;
  std::string kept_bytes_;
};

Status Recovery::list_segments() {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, options_.driver->list(options_.directory));
  for (const std::string& name : names) {
    SegmentFile file;
    if (!parse_segment_file_name(name, &file.number)) continue;
    file.path = io::join_path(options_.directory, name);
    VARVE_ASSIGN_OR_RETURN(SegmentReader reader,
                           SegmentReader::open(options_.driver, file.path, kBlockBytes));
    file.bytes = reader.size_bytes();
    VARVE_ASSIGN_OR_RETURN(const Slice block, reader.read(0, kBlockBytes));
    Result<SegmentHeader> header = decode_segment_header(block, file.number, file.path);
    if (header.code() == ErrorCode::kUnsupported) return header.status();
    if (header.ok()) {
      file.header = *header;
    } else {
      file.header_status = header.status();
    }
    files_.push_back(std::move(file));
  }
  std::sort(files_.begin(), files_.end(),
            [](const SegmentFile& a, const SegmentFile& b) { return a.number < b.number; });
  return {};
}

Result<RecoveryReport> Recovery::run() {
  VARVE_RETURN_IF_ERROR(list_segments());
  for (const SegmentFile& file : files_) report_.last_segment = std::max(report_.last_segment, file.number);
  for (size_t i = 0; i < generations_.size(); ++i) {
    const Generation& generation = generations_[i];
    const bool last = i + 1 == generations_.size();
    report_.last_segment = std::max(report_.last_segment, generation.first_segment);
    if (!generation.ended && !last) {
      return Status::corruption(options_.directory, 0,
                                "a log generation without an end mark is followed by another");
    }
    if (generation.ended)
      report_.last_segment = std::max(report_.last_segment, generation.end.position.segment);
    const SegmentNumber limit =
        last ? SegmentNumber(std::numeric_limits<uint64_t>::max()) : generations_[i + 1].first_segment;
    if (limit < generation.first_segment || (generation.ended && generation.end.position.segment >= limit)) {
      return Status::corruption(options_.directory, 0, "log generations overlap");
    }
    VARVE_RETURN_IF_ERROR(replay_generation(generation, limit, last));
  }
  if (known_last_sequence_) report_.last_sequence = SequenceNumber(*known_last_sequence_);
  // P4: the caller holds flushed records that the log should still end behind.
  if (!generations_.empty() && from_.value > report_.last_sequence.value + 1) {
    return Status::corruption(options_.directory, 0,
                              "the log ends at sequence " + std::to_string(report_.last_sequence.value) +
                                  ", but records up to " + std::to_string(from_.value - 1) + " were durable");
  }
  for (const KeptRecord& record : kept_) {
    report_.unproven.push_back({SequenceNumber(record.header.sequence), record.header.commit_time_us,
                                record.header.kind, record.header.origin,
                                kept_bytes_.substr(record.offset, record.header.payload_bytes)});
  }
  return std::move(report_);
}

void Recovery::retain(const SegmentFile& file, uint64_t last_sequence) {
  report_.retained.push_back({file.number, file.bytes, SequenceNumber(last_sequence)});
}

Status Recovery::replay_generation(const Generation& generation, SegmentNumber limit, bool last) {
  segments_.clear();
  for (SegmentFile& file : files_) {
    if (file.number < generation.first_segment || file.number >= limit) continue;
    if (generation.ended && file.number > generation.end.position.segment) continue;
    if (!file.header) return file.header_status;
    // Left here by a start that crashed before the manifest knew of it.
    if (file.header->generation != generation.id) continue;
    if (file.bytes < file.header->segment_bytes) {
      return Status::corruption(
          file.path, file.bytes,
          "log segment cut short, expected " + std::to_string(file.header->segment_bytes) + " bytes");
    }
    segments_.push_back(&file);
  }
  chain_ = Chain();
  partial_ = PartialRecord();
  unproven_ends_.clear();
  kept_.clear();
  kept_bytes_.clear();
  if (last && generation.ended) report_.end = generation.end;
  // Nothing of it is needed.
  if (generation.ended &&
      (generation.end.last_frame.value == 0 || generation.end.last_sequence.value < from_.value)) {
    if (generation.end.last_frame.value != 0) {
      if (known_last_sequence_ && generation.end.last_sequence.value < *known_last_sequence_) {
        return Status::corruption(options_.directory, 0, "log generations are out of order");
      }
      known_last_sequence_ = generation.end.last_sequence.value;
    }
    for (const SegmentFile* file : segments_) retain(*file, generation.end.last_sequence.value);
    return {};
  }
  VARVE_RETURN_IF_ERROR(check_complete(generation));
  size_t first = 0;
  VARVE_RETURN_IF_ERROR(choose_first(&first));
  return walk(generation, first, last);
}

// From first_segment on every segment is there: to the one with the end mark, or to the last that was made ready.
Status Recovery::check_complete(const Generation& generation) const {
  SegmentNumber expected = generation.first_segment;
  const auto missing = [this](SegmentNumber number) {
    return Status::corruption(io::join_path(options_.directory, segment_file_name(number)), 0,
                              "log segment is missing");
  };
  for (const SegmentFile* file : segments_) {
    if (file->number != expected) return missing(expected);
    expected = expected.next();
  }
  const SegmentNumber last = generation.ended ? generation.end.position.segment : generation.first_segment;
  return expected <= last ? missing(expected) : Status();
}

// The walk begins in the last segment before which nothing that is needed lies.
Status Recovery::choose_first(size_t* first) {
  uint64_t needed = std::max<uint64_t>(from_.value, 1);
  if (known_last_sequence_) needed = std::max(needed, *known_last_sequence_ + 1);
  bool found = false;
  for (size_t i = 0; i < segments_.size(); ++i) {
    const std::optional<SegmentHeader>& header = segments_[i]->header;
    if (header->state != kSegmentActive) break;
    const uint64_t begins = header->predecessor_sequence + 1;
    const bool continues = (header->flags & kSegmentContinuesRecord) != 0;
    if (begins > needed || (begins == needed && continues)) break;
    *first = i;
    found = true;
  }
  if (found) return {};
  return Status::corruption(segments_.front()->path, 0,
                            "log records from sequence " + std::to_string(needed) + " are missing");
}

void Recovery::raise_durable(uint64_t frame) {
  chain_.durable_through = std::max(chain_.durable_through, frame);
  while (!unproven_ends_.empty() && unproven_ends_.front().last_frame.value <= chain_.durable_through) {
    report_.end = unproven_ends_.front();
    unproven_ends_.pop_front();
  }
  while (!kept_.empty() && kept_.front().frame <= chain_.durable_through) kept_.pop_front();
  if (kept_.empty()) kept_bytes_.clear();
}

bool Recovery::at_end_mark(const Generation& generation) const {
  return generation.ended && chain_.next_frame > generation.end.last_frame.value;
}

Status Recovery::check_end_mark(const Generation& generation, const std::string& path) const {
  if (chain_.position != generation.end.position ||
      chain_.next_sequence != generation.end.last_sequence.value + 1) {
    return Status::corruption(path, chain_.position.offset,
                              "log generation ends at sequence " + std::to_string(chain_.next_sequence - 1) +
                                  ", expected " + std::to_string(generation.end.last_sequence.value) +
                                  " at segment " + std::to_string(generation.end.position.segment.value) +
                                  " offset " + std::to_string(generation.end.position.offset));
  }
  return {};
}

// The next segment takes over exactly where the chain stands.
bool Recovery::continues_in(size_t segment) const {
  if (segment >= segments_.size()) return false;
  const std::optional<SegmentHeader>& header = segments_[segment]->header;
  return header->state == kSegmentActive && header->predecessor_segment == chain_.position.segment.value &&
         header->predecessor_offset == chain_.position.offset &&
         header->predecessor_frame == chain_.next_frame - 1 &&
         header->predecessor_frame_hash == chain_.previous_hash &&
         header->predecessor_sequence == chain_.next_sequence - 1;
}

Status Recovery::walk(const Generation& generation, size_t segment, bool last) {
  const SegmentHeader& header = *segments_[segment]->header;
  for (size_t i = 0; i < segment; ++i) retain(*segments_[i], header.predecessor_sequence);
  chain_.next_frame = header.predecessor_frame + 1;
  chain_.previous_hash = header.predecessor_frame_hash;
  chain_.next_sequence = header.predecessor_sequence + 1;
  chain_.position = {segments_[segment]->number, kBlockBytes};
  if (known_last_sequence_ && *known_last_sequence_ > header.predecessor_sequence) {
    return Status::corruption(segments_[segment]->path, 0,
                              "log generation begins before its predecessor's end");
  }
  known_last_sequence_ = header.predecessor_sequence;
  report_.last_commit_time_us = std::max(report_.last_commit_time_us, header.predecessor_commit_time_us);
  partial_.open = partial_.orphan = (header.flags & kSegmentContinuesRecord) != 0;
  report_.end = {chain_.position, FrameNumber(header.predecessor_frame),
                 SequenceNumber(header.predecessor_sequence)};
  if (header.predecessor_frame != 0) {
    report_.end.position = {SegmentNumber(header.predecessor_segment), header.predecessor_offset};
  }
  raise_durable(header.predecessor_frame);

  for (;; ++segment) {
    bool bad = false;
    VARVE_RETURN_IF_ERROR(walk_segment(generation, segment, last, &bad));
    const SegmentFile& file = *segments_[segment];
    retain(file, chain_.next_sequence - (partial_.open ? 0 : 1));
    ++report_.segments;
    if (at_end_mark(generation)) {
      for (size_t i = segment + 1; i < segments_.size(); ++i) retain(*segments_[i], chain_.next_sequence - 1);
      report_.end = generation.end;
      return check_end_mark(generation, file.path);
    }
    if (!bad && continues_in(segment + 1)) {
      chain_.position = {segments_[segment + 1]->number, kBlockBytes};
      continue;
    }
    if (generation.ended) {
      return Status::corruption(
          file.path, chain_.position.offset,
          "bad log frame " + std::to_string(chain_.next_frame) + " before the end mark of its generation");
    }
    return judge_tail(generation, segment);
  }
}

Status Recovery::walk_segment(const Generation& generation, size_t segment, bool last, bool* bad) {
  const SegmentFile& file = *segments_[segment];
  VARVE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::open(options_.driver, file.path));
  while (!at_end_mark(generation)) {
    const uint64_t offset = chain_.position.offset;
    FrameHeader frame;
    Slice body;
    VARVE_ASSIGN_OR_RETURN(const SegmentReader::FrameState state,
                           reader.read_frame(generation.id, file.number, offset, &frame, &body));
    if (state == SegmentReader::FrameState::kBad) {
      // The rest of the segment was too short for the next frame, or the next frame is damaged.
      *bad = !continues_in(segment + 1);
      return {};
    }
    // Its checksums say that it was written here in this generation: no torn write looks like this.
    if (frame.number != chain_.next_frame || frame.previous_hash != chain_.previous_hash ||
        frame.first_sequence != chain_.next_sequence || frame.last_sequence + 1 < frame.first_sequence ||
        frame.durable_through >= frame.number) {
      return Status::corruption(file.path, offset,
                                "log frame " + std::to_string(frame.number) + " with first sequence " +
                                    std::to_string(frame.first_sequence) + ", expected frame " +
                                    std::to_string(chain_.next_frame) + " with " +
                                    std::to_string(chain_.next_sequence));
    }
    VARVE_RETURN_IF_ERROR(accept_frame(frame, body, file.path, offset, last && !generation.ended));
  }
  return {};
}

Status Recovery::accept_frame(const FrameHeader& frame, Slice body, const std::string& path, uint64_t offset,
                              bool last) {
  raise_durable(frame.durable_through);
  VARVE_RETURN_IF_ERROR(replay_body(frame, body, path, offset, last));
  if (chain_.next_sequence != frame.last_sequence + 1) {
    return Status::corruption(path, offset,
                              "log frame holds records up to sequence " +
                                  std::to_string(chain_.next_sequence - 1) + ", expected " +
                                  std::to_string(frame.last_sequence));
  }
  known_last_sequence_ = frame.last_sequence;
  report_.last_commit_time_us = std::max(report_.last_commit_time_us, frame.last_commit_time_us);
  report_.last_manifest_edit = std::max(report_.last_manifest_edit, frame.manifest_edit);
  ++report_.frames;
  report_.bytes += frame_bytes(frame.body_bytes);
  chain_.next_frame = frame.number + 1;
  chain_.previous_hash = frame_hash(frame);
  chain_.position.offset = offset + frame_bytes(frame.body_bytes);
  unproven_ends_.push_back({chain_.position, FrameNumber(frame.number), SequenceNumber(frame.last_sequence)});
  return {};
}

Status Recovery::replay_body(const FrameHeader& frame, Slice body, const std::string& path, uint64_t offset,
                             bool keep) {
  while (!body.empty()) {
    Fragment fragment;
    if (!next_fragment(&body, &fragment)) return Status::corruption(path, offset, "malformed log fragment");
    if (fragment.first == partial_.open) {
      return Status::corruption(path, offset, "log fragment out of order");
    }
    if (fragment.first && fragment.last) {
      VARVE_RETURN_IF_ERROR(finish_record(fragment.bytes, frame, path, offset, keep));
      continue;
    }
    partial_.open = !fragment.last;
    if (!partial_.orphan) partial_.bytes.append(fragment.bytes);
    if (!fragment.last) continue;
    if (partial_.orphan) {
      partial_.orphan = false;  // all of it below `from`
      ++chain_.next_sequence;
    } else {
      VARVE_RETURN_IF_ERROR(finish_record(partial_.bytes, frame, path, offset, keep));
    }
    partial_.bytes.clear();
  }
  return {};
}

Status Recovery::finish_record(Slice record, const FrameHeader& frame, const std::string& path,
                               uint64_t offset, bool keep) {
  RecordHeader header;
  Slice payload;
  if (!decode_record(record, &header, &payload))
    return Status::corruption(path, offset, "malformed log record");
  if (header.sequence != chain_.next_sequence) {
    return Status::corruption(path, offset,
                              "log record with sequence " + std::to_string(header.sequence) + ", expected " +
                                  std::to_string(chain_.next_sequence));
  }
  ++chain_.next_sequence;
  ++report_.records;
  if (keep) {
    kept_.push_back({frame.number, header, kept_bytes_.size()});
    kept_bytes_.append(payload);
  }
  if (header.sequence < from_.value) return {};
  return replay_({SequenceNumber(header.sequence), header.commit_time_us, header.kind, header.origin, payload,
                  LogPosition{SegmentNumber(frame.segment), offset}});
}

// The chain stands before a frame that is bad or was never written, in the generation that has no end mark.
Status Recovery::judge_tail(const Generation& generation, size_t segment) {
  Status verdict = Status::corruption(segments_[segment]->path, chain_.position.offset,
                                      "bad log frame " + std::to_string(chain_.next_frame) +
                                          ", though a later frame says that it was durable");
  uint64_t offset = chain_.position.offset;
  for (size_t i = segment; i < segments_.size(); ++i) {
    const SegmentFile& file = *segments_[i];
    if (i > segment && file.header->state == kSegmentActive &&
        file.header->predecessor_frame >= chain_.next_frame) {
      return verdict;
    }
    VARVE_RETURN_IF_ERROR(search_evidence(generation, i, offset, verdict));
    // Files behind the tail hold nothing; start() takes them when the manifest has the end mark.
    offset = 0;
  }
  return measure_tail(generation, segment);
}

Status Recovery::search_evidence(const Generation& generation, size_t segment, uint64_t from_offset,
                                 const Status& verdict) {
  const SegmentFile& file = *segments_[segment];
  VARVE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::open(options_.driver, file.path));
  for (uint64_t offset = from_offset; offset < reader.size_bytes(); offset += kBlockBytes) {
    VARVE_ASSIGN_OR_RETURN(const Slice bytes, reader.read(offset, kFrameHeaderBytes));
    FrameHeader frame;
    if (!decode_frame_header(bytes, generation.id, file.number, offset, &frame)) continue;
    if (frame.durable_through >= chain_.next_frame) return verdict;
    // Header intact, so the rest of the frame was in flight: one frame in flight means none behind it.
  }
  return {};
}

// For the report only: how far the bytes that were dropped reach.
Status Recovery::measure_tail(const Generation& generation, size_t segment) {
  const SegmentFile& file = *segments_[segment];
  VARVE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::open(options_.driver, file.path));
  const uint64_t start = chain_.position.offset;
  VARVE_ASSIGN_OR_RETURN(const Slice head, reader.read(start, kFrameHeaderBytes));
  FrameHeader frame;
  if (decode_frame_header(head, generation.id, file.number, start, &frame)) {
    report_.torn_tail_bytes = std::min(frame_bytes(frame.body_bytes), reader.size_bytes() - start);
    return {};
  }
  // Behind the end of a recycled file lie stale frames, which cannot be told from torn bytes.
  if ((file.header->flags & kSegmentRecycled) != 0) return {};
  for (uint64_t offset = start; offset < reader.size_bytes(); offset += kBlockBytes) {
    VARVE_ASSIGN_OR_RETURN(const Slice block, reader.read(offset, kBlockBytes));
    const size_t end = block.find_last_not_of('\0');
    if (end != Slice::npos) report_.torn_tail_bytes = offset + end + 1 - start;
  }
  return {};
}

}  // namespace

Result<RecoveryReport> Log::recover(const LogOptions& options, std::span<const Generation> generations,
                                    SequenceNumber from, const ReplayFunction& replay) {
  return Recovery(options, generations, from, replay).run();
}

}  // namespace varve::wal
