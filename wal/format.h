// The bytes of the log: segment headers, frame headers, record fragments and record headers. FORMAT.md is the
// specification; the structs below are its layouts, and the static_asserts keep the two from drifting apart.
//
// A segment is a file of fixed size: one header block, then frames, each aligned to 4096 bytes. A frame's checksums are
// seeded with (generation, segment, offset), so a stale, misdirected or copied frame never validates, whatever it
// holds.
// A record is split into fragments where a frame is full; a fragment never crosses a frame.
//
// Decoding takes any bytes: every length is checked against what is there, and nothing is allocated here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "wal/log.h"

namespace varve::wal {

inline constexpr uint64_t kBlockBytes = 4096;

inline constexpr uint64_t kSegmentMagic = 0x474f4c4556524156;  // "VARVELOG"
inline constexpr uint32_t kSegmentVersion = 1;
inline constexpr uint32_t kProtectionXxh3 = 0;

enum SegmentState : uint32_t {
  kSegmentPrepared = 1,  // made ready; nothing of it is part of the log yet
  kSegmentActive = 2,    // its first frame was written together with this header
};
// The file held another segment before: what lies behind its last frame may be stale frames, not zeros.
inline constexpr uint32_t kSegmentRecycled = 1;
// The first frame begins inside a record that an earlier segment started.
inline constexpr uint32_t kSegmentContinuesRecord = 2;

struct SegmentHeader {
  uint64_t magic = kSegmentMagic;
  uint32_t version = kSegmentVersion;
  uint32_t header_bytes = kBlockBytes;
  uint64_t compatible_features = 0;
  uint64_t incompatible_features = 0;
  std::array<uint8_t, 16> file_uuid{};
  uint32_t protection_kind = kProtectionXxh3;
  uint32_t key_id = 0;
  std::array<uint8_t, 32> salt{};
  uint64_t generation = 0;
  uint64_t segment = 0;
  uint64_t segment_bytes = 0;
  uint32_t state = 0;
  uint32_t flags = 0;
  // Where the log stood before this segment. The frame fields are of this generation and 0 in its first segment.
  uint64_t predecessor_segment = 0;
  uint64_t predecessor_offset = 0;
  uint64_t predecessor_frame = 0;
  uint64_t predecessor_frame_hash = 0;
  uint64_t predecessor_sequence = 0;
  uint64_t predecessor_commit_time_us = 0;
};
static_assert(std::is_trivially_copyable_v<SegmentHeader>);
static_assert(sizeof(SegmentHeader) == 168);
static_assert(offsetof(SegmentHeader, compatible_features) == 16 && offsetof(SegmentHeader, file_uuid) == 32);
static_assert(offsetof(SegmentHeader, protection_kind) == 48 && offsetof(SegmentHeader, salt) == 56);
static_assert(offsetof(SegmentHeader, generation) == 88 && offsetof(SegmentHeader, segment_bytes) == 104);
static_assert(offsetof(SegmentHeader, state) == 112 && offsetof(SegmentHeader, predecessor_segment) == 120);
static_assert(offsetof(SegmentHeader, predecessor_commit_time_us) == 160);
// Behind it: XXH3 of the bytes before, seeded with kSegmentMagic. Both lie in one sector of 512 bytes, which is written
// whole or not at all: rewriting the header when a segment becomes active cannot tear it.
inline constexpr uint64_t kSegmentChecksumOffset = sizeof(SegmentHeader);
static_assert(kSegmentChecksumOffset + 8 <= 512);

// block: 4096 writable bytes.
void encode_segment_header(const SegmentHeader& header, char* block);
// kCorruption for anything that is not a header of segment `number`, kUnsupported for one that this build cannot read.
Result<SegmentHeader> decode_segment_header(Slice block, SegmentNumber number, const std::string& path);

inline constexpr uint32_t kFrameMagic = 0x4d524656;  // "VFRM"
inline constexpr uint16_t kFrameVersion = 1;
// Written only to say that the frames before it are durable; holds no fragment.
inline constexpr uint8_t kFramePromise = 1;

struct FrameHeader {
  uint32_t magic = kFrameMagic;
  uint16_t version = kFrameVersion;
  uint8_t lane = 0;
  uint8_t flags = 0;
  uint64_t generation = 0;
  uint64_t segment = 0;
  uint64_t number = 0;  // from 1 in each generation
  uint32_t body_bytes = 0;
  uint32_t key_id = 0;
  // Records whose last fragment lies in this frame; last == first - 1 when there is none.
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  uint64_t first_commit_time_us = 0;
  uint64_t last_commit_time_us = 0;
  uint64_t term = 0;
  uint64_t durable_through =
      0;  // the greatest frame of this generation that was durable when this one was sealed
  uint64_t manifest_edit = 0;
  uint64_t previous_hash = 0;  // frame_hash() of the frame before; 0 in the generation's first
  std::array<uint8_t, 16> tag{};
  uint64_t body_checksum = 0;
  uint64_t reserved = 0;
  uint64_t header_checksum = 0;  // over the bytes before it
};
static_assert(std::is_trivially_copyable_v<FrameHeader>);
inline constexpr uint64_t kFrameHeaderBytes = 144;
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes);
static_assert(offsetof(FrameHeader, generation) == 8 && offsetof(FrameHeader, number) == 24);
static_assert(offsetof(FrameHeader, body_bytes) == 32 && offsetof(FrameHeader, first_sequence) == 40);
static_assert(offsetof(FrameHeader, term) == 72 && offsetof(FrameHeader, durable_through) == 80);
static_assert(offsetof(FrameHeader, previous_hash) == 96 && offsetof(FrameHeader, tag) == 104);
static_assert(offsetof(FrameHeader, body_checksum) == 120 && offsetof(FrameHeader, header_checksum) == 136);

// The bytes a frame takes in its segment.
constexpr uint64_t frame_bytes(uint64_t body_bytes) {
  return (kFrameHeaderBytes + body_bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

// Seals a frame whose body lies at frame + kFrameHeaderBytes: computes both checksums, writes the header at `frame`,
// and zeroes the padding. Returns the frame's hash, which the next frame names.
uint64_t seal_frame(FrameHeader* header, uint64_t offset, char* frame);
// True when `bytes` begins with an intact frame header of this generation at this place. The body may still be bad,
// and the version and flags unknown.
bool decode_frame_header(Slice bytes, uint64_t generation, SegmentNumber segment, uint64_t offset,
                         FrameHeader* out);
bool frame_body_intact(const FrameHeader& header, uint64_t offset, Slice body);
inline uint64_t frame_hash(const FrameHeader& header) { return header.header_checksum; }

// A fragment: a little-endian word (length, kFragmentFirst, kFragmentLast), then `length` > 0 bytes of the record.
inline constexpr uint32_t kFragmentFirst = 1u << 30;
inline constexpr uint32_t kFragmentLast = 1u << 31;
inline constexpr uint32_t kFragmentLengthMask = kFragmentFirst - 1;
inline constexpr uint64_t kFragmentHeaderBytes = 4;

struct Fragment {
  bool first = false;
  bool last = false;
  Slice bytes;
};
// Takes the fragment at the head of *body. False when it is malformed.
bool next_fragment(Slice* body, Fragment* out);

// A record: this header, then the payload.
struct RecordHeader {
  uint32_t payload_bytes = 0;
  uint8_t kind = 0;
  std::array<uint8_t, 3> reserved{};
  uint64_t sequence = 0;
  uint64_t commit_time_us = 0;
  uint64_t origin = 0;
};
static_assert(std::is_trivially_copyable_v<RecordHeader>);
inline constexpr uint64_t kRecordHeaderBytes = 32;
static_assert(sizeof(RecordHeader) == kRecordHeaderBytes);
static_assert(offsetof(RecordHeader, kind) == 4 && offsetof(RecordHeader, sequence) == 8);
static_assert(offsetof(RecordHeader, commit_time_us) == 16 && offsetof(RecordHeader, origin) == 24);

// False when `record` is not a header and exactly the payload it announces.
bool decode_record(Slice record, RecordHeader* header, Slice* payload);

// "000000000042.log".
std::string segment_file_name(SegmentNumber number);
// False for any other name.
bool parse_segment_file_name(std::string_view name, SegmentNumber* number);

}  // namespace varve::wal
