#include "wal/dump.h"

#include "tests/wal/log_fixture.h"
#include "wal/format.h"

namespace varve::wal {
namespace {

TEST(Dump, PrintsEverySegmentFrameAndRecordAndGoesOnBehindDamage) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation(1).run([&] {
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok());
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(put(opened->log.get(), "payload\n" + std::string(i * 500, 'x')).ok());
    ASSERT_TRUE(opened->log->close().ok());

    std::string text;
    const auto collect = [&](Slice line) { text.append(line).append("\n"); };
    DumpOptions options;
    options.records = true;
    options.payload_preview = 10;
    auto counts = dump_log(&driver, kLogDirectory, options, collect);
    ASSERT_TRUE(counts.ok());
    EXPECT_EQ(counts->records, 20u);
    EXPECT_EQ(counts->frames, 21u) << "one promise";
    EXPECT_EQ(counts->damaged, 0u) << text;
    EXPECT_NE(text.find("record 7  kind 1"), std::string::npos) << text;
    EXPECT_NE(text.find("payload\\x0axx"), std::string::npos) << text;
    EXPECT_NE(text.find("promise"), std::string::npos) << text;

    // The third frame's body, and then the whole header of the last segment.
    auto file = driver.open(io::join_path(kLogDirectory, segment_file_name(SegmentNumber(1))),
                            io::OpenMode::kReadWrite, io::Caching::kBuffered);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->write_at(3 * kBlockBytes + 160, "!").ok());
    text.clear();
    counts = dump_log(&driver, kLogDirectory, options, collect);
    ASSERT_TRUE(counts.ok());
    EXPECT_EQ(counts->records, 19u);
    EXPECT_NE(text.find("damaged: body checksum mismatch at offset 12288"), std::string::npos) << text;
    ASSERT_TRUE((*file)->write_at(8, "!").ok());
    counts = dump_log(&driver, kLogDirectory, {}, collect);
    ASSERT_TRUE(counts.ok());
    EXPECT_EQ(counts->damaged, 1u);
  });
}

}  // namespace
}  // namespace varve::wal
