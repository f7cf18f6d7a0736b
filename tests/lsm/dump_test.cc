#include "lsm/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io/simulated/disk.h"
#include "tests/lsm/tree_model.h"

namespace varve::lsm {
namespace {

using ::testing::HasSubstr;

TEST(Dump, ShowsManifestAndTablesAndGoesOnBehindDamage) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  ASSERT_TRUE(driver.create_directory("lsm").ok());
  {
    auto set = TreeSet::open(options_for({}, &driver, "lsm"), true);
    ASSERT_TRUE(set.ok());
    (*set)->tree(TreeId(3))->apply(SequenceNumber(1), ValueKind::kPut, "ke\"y", "value");
    (*set)->tree(TreeId(3))->apply(SequenceNumber(2), ValueKind::kDelete, "gone", {});
    (*set)->publish_visible(SequenceNumber(2));
    ASSERT_TRUE((*set)->flush_all([] { return SequenceNumber(3); }).ok());
    ASSERT_TRUE((*set)->set_attributes({{"name", "text"}}).ok());
  }
  std::string lines;
  const DumpSink sink = [&lines](const std::string& line) {
    lines += line + "\n";
    return true;
  };
  ASSERT_TRUE(dump_directory(&driver, "lsm", sink).ok());
  EXPECT_THAT(lines, HasSubstr("tree 3: add 000002.sst level 0 run 3"));
  EXPECT_THAT(lines, HasSubstr("tree 3: flushed through 3"));
  EXPECT_THAT(lines, HasSubstr("attribute \"name\" \"text\""));
  EXPECT_THAT(lines, HasSubstr("reads as: edit 4, 1 trees"));
  lines.clear();
  ASSERT_TRUE(dump_file(&driver, "lsm/000002.sst", {.entries = true}, sink).ok());
  EXPECT_THAT(lines, HasSubstr("\"ke\\x22y\" @1 = \"value\""));
  EXPECT_THAT(lines, HasSubstr("\"gone\" @2 deleted"));
  EXPECT_THAT(lines, HasSubstr("whole"));
  EXPECT_EQ(dump_file(&driver, "lsm/other", {}, sink).code(), ErrorCode::kInvalidArgument);
  // The second frame is damaged: the third is shown all the same.
  {
    auto file = driver.open("lsm/MANIFEST-000001", io::OpenMode::kReadWrite, io::Caching::kBuffered);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->write_at(12288 + 100, "damage").ok());
  }
  lines.clear();
  ASSERT_TRUE(dump_directory(&driver, "lsm", sink).ok());
  EXPECT_THAT(lines, HasSubstr("offset 12288: edit 2, "));
  EXPECT_THAT(lines, HasSubstr("body damaged"));
  EXPECT_THAT(lines, HasSubstr("attribute \"name\" \"text\""));
  EXPECT_THAT(lines, HasSubstr("reads as: corruption"));
}

}  // namespace
}  // namespace varve::lsm
