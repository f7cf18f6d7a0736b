#include "wal/format.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "base/io/aligned_buffer.h"

namespace varve::wal {
namespace {

constexpr uint64_t kGeneration = 0x1122334455667788;
constexpr uint64_t kOffset = 4096;

// The frame of FORMAT.md's example, built by the code.
std::string example_frame() {
  RecordHeader record;
  record.payload_bytes = 5;
  record.kind = 1;
  record.sequence = 1;
  record.commit_time_us = 1'000'000;
  record.origin = 2;
  std::string body(kFragmentHeaderBytes, '\0');
  const uint32_t word = (kRecordHeaderBytes + 5) | kFragmentFirst | kFragmentLast;
  std::memcpy(body.data(), &word, sizeof(word));
  body.append(reinterpret_cast<const char*>(&record), sizeof(record));
  body += "hello";

  io::AlignedBuffer frame(kBlockBytes);
  std::memcpy(frame.data() + kFrameHeaderBytes, body.data(), body.size());
  FrameHeader header;
  header.generation = kGeneration;
  header.segment = 1;
  header.number = 1;
  header.body_bytes = static_cast<uint32_t>(body.size());
  header.first_sequence = header.last_sequence = 1;
  header.first_commit_time_us = header.last_commit_time_us = 1'000'000;
  seal_frame(&header, kOffset, frame.data());
  return std::string(frame.data(), frame.size());
}

std::string documented_frame() {
  std::ifstream in(std::string(VARVE_SOURCE_DIR) + "/wal/FORMAT.md");
  std::string bytes, line;
  bool inside = false;
  while (std::getline(in, line)) {
    if (line == "```hex") {
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      std::istringstream words(line);
      for (std::string word; words >> word;) {
        bytes.push_back(static_cast<char>(std::strtol(word.c_str(), nullptr, 16)));
      }
    }
  }
  return bytes;
}

TEST(Format, TheWorkedExampleOfFormatMdDecodes) {
  std::string bytes = documented_frame();
  ASSERT_EQ(bytes.size(), 185u) << [] {
    std::string hex;
    char two[8];
    const std::string frame = example_frame();
    for (size_t i = 0; i < 185; ++i) {
      std::snprintf(two, sizeof(two), i % 16 == 15 ? "%02x\n" : "%02x ",
                    static_cast<unsigned char>(frame[i]));
      hex += two;
    }
    return hex;
  }();
  bytes.resize(kBlockBytes, '\0');
  EXPECT_EQ(bytes, example_frame()) << "encoder and document differ";

  FrameHeader header;
  ASSERT_TRUE(decode_frame_header(bytes, kGeneration, SegmentNumber(1), kOffset, &header));
  EXPECT_EQ(header.number, 1u);
  EXPECT_EQ(header.last_sequence, 1u);
  Slice body = Slice(bytes).substr(kFrameHeaderBytes, header.body_bytes);
  ASSERT_TRUE(frame_body_intact(header, kOffset, body));
  Fragment fragment;
  ASSERT_TRUE(next_fragment(&body, &fragment));
  EXPECT_TRUE(fragment.first && fragment.last);
  EXPECT_TRUE(body.empty());
  RecordHeader record;
  Slice payload;
  ASSERT_TRUE(decode_record(fragment.bytes, &record, &payload));
  EXPECT_EQ(payload, "hello");
  EXPECT_EQ(record.sequence, 1u);
  EXPECT_EQ(record.commit_time_us, 1'000'000u);
  EXPECT_EQ(record.origin, 2u);
}

TEST(Format, AFrameValidatesOnlyWhereItWasWritten) {
  const std::string frame = example_frame();
  FrameHeader header;
  EXPECT_TRUE(decode_frame_header(frame, kGeneration, SegmentNumber(1), kOffset, &header));
  EXPECT_FALSE(decode_frame_header(frame, kGeneration, SegmentNumber(1), 2 * kOffset, &header));
  EXPECT_FALSE(decode_frame_header(frame, kGeneration, SegmentNumber(2), kOffset, &header));
  EXPECT_FALSE(decode_frame_header(frame, kGeneration + 1, SegmentNumber(1), kOffset, &header));
}

TEST(Format, EveryFlippedBitOfAFrameIsFound) {
  const std::string frame = example_frame();
  FrameHeader good;
  ASSERT_TRUE(decode_frame_header(frame, kGeneration, SegmentNumber(1), kOffset, &good));
  for (size_t i = 0; i < kFrameHeaderBytes + good.body_bytes; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = frame;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      FrameHeader header;
      const bool accepted =
          decode_frame_header(bad, kGeneration, SegmentNumber(1), kOffset, &header) &&
          frame_body_intact(header, kOffset, Slice(bad).substr(kFrameHeaderBytes, header.body_bytes));
      EXPECT_FALSE(accepted) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Format, MalformedFragmentsAreRefused) {
  const auto parse = [](std::string bytes) {
    Slice body = bytes;
    Fragment fragment;
    return next_fragment(&body, &fragment);
  };
  EXPECT_TRUE(parse(std::string("\1\0\0\0x", 5)));
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse(std::string("\1\0\0", 3)));
  EXPECT_FALSE(parse(std::string("\0\0\0\0x", 5)));          // empty
  EXPECT_FALSE(parse(std::string("\2\0\0\0x", 5)));          // longer than the body
  EXPECT_FALSE(parse(std::string("\xff\xff\xff\xffx", 5)));  // far longer
}

TEST(Format, SegmentHeadersRoundTripAndNameTheirFile) {
  SegmentHeader header;
  header.generation = kGeneration;
  header.segment = 42;
  header.segment_bytes = 65536;
  header.state = kSegmentActive;
  header.predecessor_sequence = 99;
  std::string block(kBlockBytes, '\0');
  encode_segment_header(header, block.data());
  auto decoded = decode_segment_header(block, SegmentNumber(42), "x.log");
  ASSERT_TRUE(decoded.ok()) << decoded.status().to_string();
  EXPECT_EQ(decoded->predecessor_sequence, 99u);
  EXPECT_EQ(decode_segment_header(block, SegmentNumber(43), "x.log").code(), ErrorCode::kCorruption);
  EXPECT_EQ(decode_segment_header(Slice(block).substr(1), SegmentNumber(42), "x.log").code(),
            ErrorCode::kCorruption);

  header.incompatible_features = 1;
  encode_segment_header(header, block.data());
  EXPECT_EQ(decode_segment_header(block, SegmentNumber(42), "x.log").code(), ErrorCode::kUnsupported);
  header.incompatible_features = 0;
  header.compatible_features = 1;
  encode_segment_header(header, block.data());
  EXPECT_TRUE(decode_segment_header(block, SegmentNumber(42), "x.log").ok());
  for (size_t i = 0; i < kSegmentChecksumOffset + 8; ++i) {
    std::string bad = block;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(decode_segment_header(bad, SegmentNumber(42), "x.log").ok()) << "byte " << i;
  }
}

TEST(Format, SegmentFileNamesRoundTripAndOthersAreRefused) {
  SegmentNumber number;
  EXPECT_EQ(segment_file_name(SegmentNumber(42)), "000000000042.log");
  EXPECT_TRUE(parse_segment_file_name("000000000042.log", &number));
  EXPECT_EQ(number.value, 42u);
  for (const char* name :
       {"", "42.log", "000000000000.log", "00000000004x.log", "000000000042.tmp", "prepare.tmp"}) {
    EXPECT_FALSE(parse_segment_file_name(name, &number)) << name;
  }
}

TEST(Format, GenerationsRoundTripAndGarbageIsRefused) {
  Generation generation;
  generation.id = kGeneration;
  generation.first_segment = SegmentNumber(3);
  for (const bool ended : {false, true}) {
    generation.ended = ended;
    generation.end = {{SegmentNumber(5), 8192}, FrameNumber(7), SequenceNumber(900)};
    std::string bytes;
    generation.encode(&bytes);
    auto decoded = Generation::decode(bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->id, kGeneration);
    EXPECT_EQ(decoded->ended, ended);
    EXPECT_EQ(decoded->end.position.offset, ended ? 8192u : 0u);
    for (size_t i = 0; i < bytes.size(); ++i)
      EXPECT_FALSE(Generation::decode(Slice(bytes).substr(0, i)).ok());
    EXPECT_FALSE(Generation::decode(bytes + "x").ok());
  }
}

}  // namespace
}  // namespace varve::wal
