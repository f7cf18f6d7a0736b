#include "wal/dump.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "wal/format.h"
#include "wal/segment_reader.h"

namespace varve::wal {
namespace {

std::string hex64(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string printable(Slice bytes) {
  std::string out;
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      out += c;
      continue;
    }
    char text[8];
    std::snprintf(text, sizeof(text), "\\x%02x", static_cast<unsigned char>(c));
    out += text;
  }
  return out;
}

class Dump {
 public:
  Dump(io::Driver* driver, const DumpOptions& options, const std::function<void(Slice)>& line)
      : driver_(driver), options_(options), line_(line) {}

  Status segment(const std::string& path, SegmentNumber number);
  const DumpCounts& counts() const { return counts_; }

 private:
  Status frames(SegmentReader* reader, const SegmentHeader& header);
  void frame(const FrameHeader& header, uint64_t offset, bool intact);
  void fragments(Slice body);
  void record(Slice bytes);
  void damage(const std::string& what);

  io::Driver* const driver_;
  const DumpOptions& options_;
  const std::function<void(Slice)>& line_;
  DumpCounts counts_;
  bool partial_known_ = false;  // partial_ holds the record from its first fragment on
  std::string partial_;
};

void Dump::damage(const std::string& what) {
  ++counts_.damaged;
  line_("  damaged: " + what);
}

Status Dump::segment(const std::string& path, SegmentNumber number) {
  ++counts_.segments;
  VARVE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::open(driver_, path));
  VARVE_ASSIGN_OR_RETURN(const Slice block, reader.read(0, kBlockBytes));
  const Result<SegmentHeader> header = decode_segment_header(block, number, path);
  if (!header.ok()) {
    line_("segment " + std::to_string(number.value) + "  " + std::to_string(reader.size_bytes()) + " bytes");
    damage(header.status().to_string());
    return {};
  }
  std::string text = "segment " + std::to_string(number.value) + "  generation " + hex64(header->generation) +
                     "  " + std::to_string(reader.size_bytes()) + " bytes  " +
                     (header->state == kSegmentActive ? "active" : "prepared");
  if ((header->flags & kSegmentRecycled) != 0) text += "  recycled";
  if (header->state == kSegmentActive) {
    text += "  after sequence " + std::to_string(header->predecessor_sequence);
    if (header->predecessor_frame != 0) {
      text += "  after frame " + std::to_string(header->predecessor_frame) + " in segment " +
              std::to_string(header->predecessor_segment);
    }
  }
  line_(text);
  if (reader.size_bytes() < header->segment_bytes) {
    damage("cut short, expected " + std::to_string(header->segment_bytes) + " bytes");
  }
  return header->state == kSegmentActive ? frames(&reader, *header) : Status();
}

Status Dump::frames(SegmentReader* reader, const SegmentHeader& segment) {
  const SegmentNumber number(segment.segment);
  bool in_gap = false;
  for (uint64_t offset = kBlockBytes; offset < reader->size_bytes();) {
    FrameHeader header;
    Slice body;
    const auto state = reader->read_frame(segment.generation, number, offset, &header, &body);
    if (!state.ok()) {
      damage(state.status().to_string());
      return {};
    }
    if (*state == SegmentReader::FrameState::kValid) {
      frame(header, offset, true);
      if (in_gap) damage("frames before offset " + std::to_string(offset) + " are missing");
      in_gap = false;
      fragments(body);
      offset += frame_bytes(header.body_bytes);
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(const Slice bytes, reader->read(offset, kFrameHeaderBytes));
    if (decode_frame_header(bytes, segment.generation, number, offset, &header)) {
      frame(header, offset, false);
      damage("body checksum mismatch at offset " + std::to_string(offset));
    }
    // Zeros, stale frames and torn ones alike: look on, for a frame behind them proves damage.
    in_gap = true;
    partial_known_ = false;
    offset += kBlockBytes;
  }
  return {};
}

void Dump::frame(const FrameHeader& header, uint64_t offset, bool intact) {
  counts_.frames += intact ? 1 : 0;
  std::string text = "  offset " + std::to_string(offset) + "  frame " + std::to_string(header.number);
  if ((header.flags & kFramePromise) != 0) text += "  promise";
  text += "  sequences " + std::to_string(header.first_sequence) + ".." +
          std::to_string(header.last_sequence) + "  body " + std::to_string(header.body_bytes) +
          " bytes  durable through " + std::to_string(header.durable_through) + "  manifest edit " +
          std::to_string(header.manifest_edit);
  line_(text);
}

void Dump::fragments(Slice body) {
  while (!body.empty()) {
    Fragment fragment;
    if (!next_fragment(&body, &fragment)) {
      damage("malformed fragment");
      partial_known_ = false;
      return;
    }
    if (fragment.first) {
      partial_.clear();
      partial_known_ = true;
    }
    if (fragment.first && fragment.last) {
      record(fragment.bytes);
    } else if (partial_known_) {
      partial_.append(fragment.bytes);
      if (fragment.last) record(partial_);
    }
    if (fragment.last) partial_known_ = false;
  }
}

void Dump::record(Slice bytes) {
  RecordHeader header;
  Slice payload;
  if (!decode_record(bytes, &header, &payload)) {
    damage("malformed record");
    return;
  }
  ++counts_.records;
  if (!options_.records) return;
  std::string text = "    record " + std::to_string(header.sequence) + "  kind " +
                     std::to_string(header.kind) + "  commit time " + std::to_string(header.commit_time_us) +
                     "  origin " + std::to_string(header.origin) + "  " + std::to_string(payload.size()) +
                     " bytes";
  if (options_.payload_preview != 0) text += "  " + printable(payload.substr(0, options_.payload_preview));
  line_(text);
}

}  // namespace

Result<DumpCounts> dump_log(io::Driver* driver, const std::string& directory, const DumpOptions& options,
                            const std::function<void(Slice line)>& line) {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, driver->list(directory));
  Dump dump(driver, options, line);
  DumpCounts unreadable;
  for (const std::string& name : names) {
    SegmentNumber number;
    if (!parse_segment_file_name(name, &number)) continue;
    const Status status = dump.segment(io::join_path(directory, name), number);
    if (status.ok()) continue;
    ++unreadable.damaged;
    line("  unreadable: " + status.to_string());
  }
  DumpCounts counts = dump.counts();
  counts.damaged += unreadable.damaged;
  return counts;
}

Result<DumpCounts> dump_segment(io::Driver* driver, const std::string& path, const DumpOptions& options,
                                const std::function<void(Slice line)>& line) {
  SegmentNumber number;
  if (!parse_segment_file_name(Slice(path).substr(path.rfind('/') + 1), &number)) {
    return Status::invalid_argument(path + ": not the name of a log segment");
  }
  Dump dump(driver, options, line);
  VARVE_RETURN_IF_ERROR(dump.segment(path, number));
  return dump.counts();
}

}  // namespace varve::wal
