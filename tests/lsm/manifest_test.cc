#include "lsm/manifest/manifest.h"

#include <gtest/gtest.h>

#include "base/io/simulated/disk.h"
#include "base/random.h"

namespace varve::lsm {
namespace {

FileMetadata file(uint64_t number, uint32_t level, const std::string& smallest, const std::string& largest) {
  FileMetadata out;
  out.number = FileNumber(number);
  out.uuid = random_file_uuid();
  out.size_bytes = 4096 * number;
  out.checksum = number * 1234567;
  out.level = Level(level);
  out.run_order = level == 0 ? number : 0;
  out.smallest = smallest;
  out.largest = largest;
  out.min_sequence = SequenceNumber(number);
  out.max_sequence = SequenceNumber(number + 10);
  out.entries = 10;
  out.tombstones = 3;
  return out;
}

VersionEdit add_file(uint64_t tree, const FileMetadata& metadata) {
  VersionEdit edit;
  edit.next_file = metadata.number.next();
  edit.trees.push_back({TreeId(tree), false, {}, {metadata}, metadata.max_sequence.next()});
  return edit;
}

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() : driver_(&disk_) {
    EXPECT_TRUE(driver_.create_directory("lsm").ok());
    new_number_ = [this] { return FileNumber(next_number_++); };
  }

  std::unique_ptr<Manifest> create(ManifestState state = {}, uint64_t last_edit = 1) {
    auto manifest = Manifest::create(&driver_, "lsm", 42, next_number_++, last_edit, std::move(state));
    EXPECT_TRUE(manifest.ok()) << manifest.status().to_string();
    return std::move(*manifest);
  }
  std::string contents(uint64_t number) {
    auto bytes = io::read_file(&driver_, "lsm/" + manifest_file_name(number), kMaxManifestBytes);
    EXPECT_TRUE(bytes.ok());
    return *bytes;
  }

  io::SimulatedDisk disk_;
  io::SimulatedDriver driver_;
  uint64_t next_number_ = 1;
  std::function<FileNumber()> new_number_;
};

TEST_F(ManifestTest, IsReadBackAsItWasWritten) {
  auto manifest = create();
  ASSERT_TRUE(manifest->append(add_file(7, file(10, 0, "a", "m")), new_number_).ok());
  ASSERT_TRUE(manifest->append(add_file(7, file(11, 0, "b", "z")), new_number_).ok());
  VersionEdit edit;
  edit.attributes = {{"generation", std::string("\0\1", 2)}, {"empty", ""}};
  ASSERT_TRUE(manifest->append(edit, new_number_).ok());
  // A compaction, a move and another tree in one frame.
  VersionEdit both;
  both.next_file = FileNumber(14);
  both.trees.push_back({TreeId(7), false, {FileNumber(10), FileNumber(11)}, {file(12, 1, "a", "z")}, {}});
  both.trees.push_back({TreeId(8), false, {}, {file(13, 2, "", "")}, SequenceNumber(40)});
  ASSERT_TRUE(manifest->append(both, new_number_).ok());
  auto read = read_manifest(&driver_, "lsm");
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->state, manifest->state());
  EXPECT_EQ(read->last_edit, 5u);
  EXPECT_EQ(read->last_edit, manifest->last_edit());
  EXPECT_EQ(read->torn_tail_bytes, 0u);
  EXPECT_EQ(read->superblock.store_uuid, 42u);
  EXPECT_EQ(read->state.trees.at(TreeId(7)).files.size(), 1u);
  EXPECT_EQ(read->state.attributes.size(), 1u);
  EXPECT_EQ(read->state.greatest_sequence, SequenceNumber(39));
}

TEST_F(ManifestTest, AFlippedByteIsAnErrorOrChangesNothing) {
  auto manifest = create();
  ASSERT_TRUE(manifest->append(add_file(7, file(10, 0, "a", "m")), new_number_).ok());
  ASSERT_TRUE(manifest->append(add_file(8, file(11, 1, "b", "z")), new_number_).ok());
  ASSERT_TRUE(manifest->append(VersionEdit(), new_number_).ok());  // as close() does
  const std::string name = manifest_file_name(1);
  const std::string bytes = contents(1);
  const ManifestState state = manifest->state();
  uint64_t errors = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto read = decode_manifest(name, damaged);
    if (!read.ok()) {
      ++errors;
      ASSERT_TRUE(read.code() == ErrorCode::kCorruption) << read.status().to_string();
      ASSERT_NE(read.status().message().find(name), std::string::npos);
      ASSERT_NE(read.status().message().find("offset"), std::string::npos);
      continue;
    }
    ASSERT_EQ(read->state, state) << "byte " << i;
    // Damage that was survived is told: a bad superblock copy, or a last frame that says nothing.
    ASSERT_TRUE(!read->damaged_copy.ok() || read->torn_tail_bytes > 0) << "byte " << i;
  }
  EXPECT_EQ(errors, 3 * kManifestBlockBytes);
}

TEST_F(ManifestTest, AnyTruncationIsAnErrorOrAnEarlierState) {
  auto manifest = create();
  std::vector<ManifestState> states{manifest->state()};
  for (uint64_t i = 10; i < 14; ++i) {
    ASSERT_TRUE(manifest->append(add_file(7, file(i, 0, "a", std::string(i * 400, 'm'))), new_number_).ok());
    states.push_back(manifest->state());
  }
  const std::string bytes = contents(1);
  for (size_t size = 0; size < bytes.size(); size += 128) {
    const auto read = decode_manifest(manifest_file_name(1), Slice(bytes).substr(0, size));
    if (!read.ok()) {
      ASSERT_LT(size, kManifestFirstFrame + kManifestBlockBytes);
      continue;
    }
    ASSERT_EQ(read->state, states[read->last_edit - 1]);
  }
}

TEST_F(ManifestTest, ATornLastFrameIsATailAndADamagedEarlierOneIsNot) {
  auto manifest = create();
  ASSERT_TRUE(manifest->append(add_file(7, file(10, 0, "a", "m")), new_number_).ok());
  const ManifestState before = manifest->state();
  const size_t end = contents(1).size();
  ASSERT_TRUE(manifest->append(add_file(7, file(11, 0, "a", std::string(9000, 'm'))), new_number_).ok());
  std::string torn = contents(1);
  for (size_t i = end + 512; i < end + 4096; ++i) torn[i] = '\0';
  auto read = decode_manifest(manifest_file_name(1), torn);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->state, before);
  EXPECT_GT(read->torn_tail_bytes, 0u);
  EXPECT_EQ(read->end_offset, end);
  ASSERT_TRUE(manifest->append(VersionEdit(), new_number_).ok());
  std::string damaged = contents(1);
  for (size_t i = end + 512; i < end + 4096; ++i) damaged[i] = '\0';
  EXPECT_EQ(decode_manifest(manifest_file_name(1), damaged).code(), ErrorCode::kCorruption);
}

TEST_F(ManifestTest, ANewFileIsStartedWhenTheOldOneHasGrown) {
  next_number_ = 1;
  auto manifest = create();
  next_number_ = 1000;
  for (int i = 0; i < 400; ++i) {
    VersionEdit edit;
    edit.next_file = FileNumber(900);
    edit.attributes = {{"round", std::to_string(i)}};
    ASSERT_TRUE(manifest->append(edit, new_number_).ok());
  }
  EXPECT_EQ(manifest->number(), 1000u);
  auto names = driver_.list("lsm");
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(*names, std::vector<std::string>{manifest_file_name(1000)});
  auto read = read_manifest(&driver_, "lsm");
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->state, manifest->state());
  EXPECT_EQ(read->last_edit, 401u);
  EXPECT_GT(read->state.next_file, FileNumber(1000));
}

TEST_F(ManifestTest, AFullDiskIsNoEndAndAFailedWriteIs) {
  auto manifest = create();
  bool full = false, broken = false;
  driver_.set_faults([&](const io::IoEventInfo& event) {
    if (event.event != io::IoEvent::kWriteDurable) return io::FaultKind::kNone;
    return full ? io::FaultKind::kNoSpace : broken ? io::FaultKind::kEio : io::FaultKind::kNone;
  });
  full = true;
  EXPECT_EQ(manifest->append(add_file(7, file(10, 0, "a", "m")), new_number_).code(), ErrorCode::kNoSpace);
  full = false;
  ASSERT_TRUE(manifest->append(add_file(7, file(20, 0, "a", "m")), new_number_).ok());
  EXPECT_GT(manifest->number(), 1u);  // never again into the file that was full
  broken = true;
  EXPECT_EQ(manifest->append(add_file(7, file(21, 0, "a", "m")), new_number_).code(), ErrorCode::kIoError);
  broken = false;
  EXPECT_EQ(manifest->append(add_file(7, file(22, 0, "a", "m")), new_number_).code(), ErrorCode::kIoError);
}

TEST_F(ManifestTest, EditsThatMakeNoSenseAreRefusedBeforeTheyAreWritten) {
  auto manifest = create();
  ASSERT_TRUE(manifest->append(add_file(7, file(10, 1, "a", "m")), new_number_).ok());
  VersionEdit removes;
  removes.trees.push_back({TreeId(7), false, {FileNumber(99)}, {}, {}});
  EXPECT_FALSE(manifest->append(removes, new_number_).ok());
  EXPECT_FALSE(manifest->append(add_file(7, file(10, 1, "a", "m")), new_number_).ok());
  VersionEdit falls;
  falls.trees.push_back({TreeId(7), false, {}, {}, SequenceNumber(2)});
  EXPECT_FALSE(manifest->append(falls, new_number_).ok());
  ASSERT_TRUE(manifest->append(VersionEdit(), new_number_).ok());
  auto read = read_manifest(&driver_, "lsm");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->state.trees.at(TreeId(7)).files.size(), 1u);
}

TEST(VersionEdit, DecodeInvertsEncode) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    VersionEdit edit;
    edit.next_file = FileNumber(random.below(3));
    edit.greatest_sequence = SequenceNumber(random.below(3));
    for (uint64_t tree = 1; tree <= random.below(4); ++tree) {
      TreeEdit change;
      change.tree = TreeId(tree);
      for (uint64_t i = 0; i < random.below(3); ++i) change.removed.emplace_back(random.next());
      for (uint64_t i = 0; i < random.below(3); ++i)
        change.added.push_back(file(1 + random.below(99), 0, "a", "b"));
      if (random.one_in(2)) change.flushed_through = SequenceNumber(random.below(9));
      change.dropped = change.removed.empty() && change.added.empty() && !change.flushed_through;
      edit.trees.push_back(change);
    }
    edit.attributes["x"] = std::string(random.below(20), '\0');
    const auto decoded = VersionEdit::decode(edit.encode());
    ASSERT_TRUE(decoded.ok()) << "seed " << seed;
    EXPECT_EQ(*decoded, edit) << "seed " << seed;
  }
}

TEST(VersionEdit, UnknownRequiredTagsAreRefusedAndOptionalOnesSkipped) {
  EXPECT_EQ(VersionEdit::decode(std::string("\x3f\x01x", 3)).code(), ErrorCode::kUnsupported);
  const auto skipped = VersionEdit::decode(std::string("\x40\x01x", 3));
  ASSERT_TRUE(skipped.ok());
  EXPECT_EQ(*skipped, VersionEdit());
}

}  // namespace
}  // namespace varve::lsm
