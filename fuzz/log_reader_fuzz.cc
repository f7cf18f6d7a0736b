// Bytes to log segment files in memory to Log::recover and dump_log: whatever they hold, the answer is a report or a
// typed error, within bounds. The first byte selects: bit 0 repairs every checksum, so that fuzzing goes past them; bit
// 1 gives the generation an end mark; bits 2-3 the number of segments; bits 4-7 the sequence to replay from.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/io/simulated/disk.h"
#include "fuzz/planted_crash.h"
#include "wal/dump.h"
#include "wal/format.h"
#include "wal/log.h"

namespace varve::wal {
namespace {

constexpr uint64_t kGeneration = 0x1122334455667788;
constexpr char kDirectory[] = "log";

// Makes headers say where they are, and every checksum right, leaving lengths, numbers, chains and bodies as they came.
void repair(std::string* file, uint64_t segment, uint64_t* previous_hash) {
  if (file->size() >= kBlockBytes) {
    SegmentHeader header;
    std::memcpy(&header, file->data(), sizeof(header));
    header.magic = kSegmentMagic;
    header.version = kSegmentVersion;
    header.header_bytes = kBlockBytes;
    header.incompatible_features = 0;
    header.protection_kind = kProtectionXxh3;
    header.generation = kGeneration;
    header.segment = segment;
    header.segment_bytes = file->size();
    header.state = header.state == kSegmentPrepared ? kSegmentPrepared : kSegmentActive;
    if (header.predecessor_frame_hash != 0) header.predecessor_frame_hash = *previous_hash;
    encode_segment_header(header, file->data());
  }
  for (uint64_t offset = kBlockBytes; offset + kBlockBytes <= file->size();) {
    FrameHeader header;
    std::memcpy(&header, file->data() + offset, sizeof(header));
    if (header.magic != kFrameMagic) {
      offset += kBlockBytes;
      continue;
    }
    header.generation = kGeneration;
    header.segment = segment;
    header.previous_hash = *previous_hash;
    const uint64_t room = (file->size() - offset) / kBlockBytes * kBlockBytes - kFrameHeaderBytes;
    header.body_bytes = static_cast<uint32_t>(std::min<uint64_t>(header.body_bytes, room));
    *previous_hash = seal_frame(&header, offset, file->data() + offset);
    offset += frame_bytes(header.body_bytes);
  }
}

void run(const uint8_t* data, size_t size) {
  const uint8_t mode = data[0];
  const bool repaired = (mode & 1) != 0;
  const uint64_t segments = 1 + ((mode >> 2) & 3);
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t share = (rest.size() + segments - 1) / segments;

  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  CHECK(driver.create_directory(kDirectory).ok());
  uint64_t previous_hash = 0;
  for (uint64_t segment = 1; segment <= segments; ++segment) {
    std::string file(rest.substr(0, share));
    rest.remove_prefix(file.size());
    if (repaired) repair(&file, segment, &previous_hash);
    auto opened = driver.open(io::join_path(kDirectory, segment_file_name(SegmentNumber(segment))),
                              io::OpenMode::kCreate, io::Caching::kBuffered);
    CHECK(opened.ok() && (*opened)->write_at(0, file).ok());
  }

  LogOptions options;
  options.driver = &driver;
  options.directory = kDirectory;
  Generation generation;
  generation.id = kGeneration;
  generation.first_segment = SegmentNumber(1);
  generation.ended = (mode & 2) != 0;
  generation.end = {{SegmentNumber(segments), 2 * kBlockBytes}, FrameNumber(3), SequenceNumber(4)};
  uint64_t last = 0;
  uint64_t replayed_bytes = 0;
  const auto report =
      Log::recover(options, {&generation, 1}, SequenceNumber(mode >> 4), [&](const ReplayedRecord& record) {
        // I1, whatever the bytes are.
        CHECK(last == 0 || record.sequence.value == last + 1);
        last = record.sequence.value;
        replayed_bytes += record.payload.size();
        fuzz::reached(hash64(record.payload));
        return Status();
      });
  CHECK(replayed_bytes <= size);
  if (report.ok()) {
    CHECK(report->unproven.size() <= report->records);
    CHECK(last == 0 || last == report->last_sequence.value);
  }
  DumpOptions dump;
  dump.records = true;
  dump.payload_preview = 16;
  CHECK(dump_log(&driver, kDirectory, dump, [](Slice) {}).ok());
  const Result<Generation> decoded = Generation::decode(Slice(reinterpret_cast<const char*>(data), size));
  if (decoded.ok()) {
    std::string again;
    decoded->encode(&again);
    CHECK(Generation::decode(again).ok());
  }
}

}  // namespace
}  // namespace varve::wal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > (1u << 20)) return 0;
  varve::wal::run(data, size);
  return 0;
}
