#include "wal/format.h"

#include <cstdio>
#include <cstring>

#include "base/coding.h"
#include "base/hash.h"

namespace varve::wal {
namespace {

// Ties a checksum to its place, so that intact bytes in the wrong place are not taken for the right ones.
uint64_t location_seed(uint64_t generation, uint64_t segment, uint64_t offset) {
  char place[24];
  store_little(place, generation);
  store_little(place + 8, segment);
  store_little(place + 16, offset);
  return hash64(Slice(place, sizeof(place)));
}

constexpr uint64_t kKnownIncompatibleFeatures = 0;
constexpr size_t kSegmentDigits = 12;
constexpr std::string_view kSegmentSuffix = ".log";

}  // namespace

void encode_segment_header(const SegmentHeader& header, char* block) {
  std::memset(block, 0, kBlockBytes);
  std::memcpy(block, &header, sizeof(header));
  store_little(block + kSegmentChecksumOffset, hash64(Slice(block, kSegmentChecksumOffset), kSegmentMagic));
}

Result<SegmentHeader> decode_segment_header(Slice block, SegmentNumber number, const std::string& path) {
  if (block.size() < kBlockBytes) return Status::corruption(path, block.size(), "segment header cut short");
  SegmentHeader header;
  std::memcpy(&header, block.data(), sizeof(header));
  if (header.magic != kSegmentMagic) return Status::corruption(path, 0, "not a log segment: bad magic");
  const auto checksum = load_little<uint64_t>(block.data() + kSegmentChecksumOffset);
  if (checksum != hash64(block.substr(0, kSegmentChecksumOffset), kSegmentMagic)) {
    return Status::corruption(path, kSegmentChecksumOffset, "segment header checksum mismatch");
  }
  if (header.version != kSegmentVersion ||
      (header.incompatible_features & ~kKnownIncompatibleFeatures) != 0 ||
      header.protection_kind != kProtectionXxh3) {
    return Status::unsupported(path + ": log segment of version " + std::to_string(header.version) +
                               " with features or protection that this build does not read");
  }
  if (header.segment != number.value) {
    return Status::corruption(path, offsetof(SegmentHeader, segment),
                              "segment header names segment " + std::to_string(header.segment) +
                                  ", expected " + std::to_string(number.value));
  }
  if (header.header_bytes != kBlockBytes || header.segment_bytes < kBlockBytes ||
      (header.state != kSegmentPrepared && header.state != kSegmentActive)) {
    return Status::corruption(path, 0, "segment header fields out of range");
  }
  return header;
}

uint64_t seal_frame(FrameHeader* header, uint64_t offset, char* frame) {
  const uint64_t seed = location_seed(header->generation, header->segment, offset);
  char* body = frame + kFrameHeaderBytes;
  std::memset(body + header->body_bytes, 0,
              frame_bytes(header->body_bytes) - kFrameHeaderBytes - header->body_bytes);
  header->body_checksum = hash64(Slice(body, header->body_bytes), seed);
  header->header_checksum =
      hash64(Slice(reinterpret_cast<const char*>(header), offsetof(FrameHeader, header_checksum)), seed);
  std::memcpy(frame, header, sizeof(*header));
  return frame_hash(*header);
}

bool decode_frame_header(Slice bytes, uint64_t generation, SegmentNumber segment, uint64_t offset,
                         FrameHeader* out) {
  if (bytes.size() < kFrameHeaderBytes) return false;
  std::memcpy(out, bytes.data(), sizeof(*out));
  if (out->magic != kFrameMagic || out->generation != generation || out->segment != segment.value)
    return false;
  return out->header_checksum == hash64(bytes.substr(0, offsetof(FrameHeader, header_checksum)),
                                        location_seed(generation, segment.value, offset));
}

bool frame_body_intact(const FrameHeader& header, uint64_t offset, Slice body) {
  return body.size() == header.body_bytes &&
         header.body_checksum == hash64(body, location_seed(header.generation, header.segment, offset));
}

bool next_fragment(Slice* body, Fragment* out) {
  if (body->size() < kFragmentHeaderBytes) return false;
  uint32_t word = 0;
  std::memcpy(&word, body->data(), sizeof(word));
  const uint32_t length = word & kFragmentLengthMask;
  if (length == 0 || length > body->size() - kFragmentHeaderBytes) return false;
  out->first = (word & kFragmentFirst) != 0;
  out->last = (word & kFragmentLast) != 0;
  out->bytes = body->substr(kFragmentHeaderBytes, length);
  body->remove_prefix(kFragmentHeaderBytes + length);
  return true;
}

bool decode_record(Slice record, RecordHeader* header, Slice* payload) {
  if (record.size() < kRecordHeaderBytes) return false;
  std::memcpy(header, record.data(), sizeof(*header));
  *payload = record.substr(kRecordHeaderBytes);
  return payload->size() == header->payload_bytes;
}

std::string segment_file_name(SegmentNumber number) {
  char name[32];
  std::snprintf(name, sizeof(name), "%0*llu.log", static_cast<int>(kSegmentDigits),
                static_cast<unsigned long long>(number.value));
  return name;
}

bool parse_segment_file_name(std::string_view name, SegmentNumber* number) {
  if (name.size() != kSegmentDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) return false;
  uint64_t value = 0;
  for (const char c : name.substr(0, kSegmentDigits)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  *number = SegmentNumber(value);
  return value != 0;
}

}  // namespace varve::wal
