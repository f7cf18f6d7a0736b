// What a crash may and may not leave of a file, byte by byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/io/simulated/disk.h"
#include "base/random.h"

namespace varve::io {
namespace {

constexpr CrashStyle kStyles[] = {CrashStyle::kRandom, CrashStyle::kLoseAll, CrashStyle::kKeepAll,
                                  CrashStyle::kPrefix, CrashStyle::kTearLast};
constexpr size_t kSector = 512;

class CrashImage : public ::testing::Test {
 protected:
  std::unique_ptr<File> create(const std::string& path) {
    auto file = driver_.open(path, OpenMode::kCreate, Caching::kBuffered);
    EXPECT_TRUE(file.ok()) << file.status().to_string();
    return std::move(file).value();
  }
  // A file whose name and these bytes are durable.
  std::unique_ptr<File> create_durable(const std::string& path, const std::string& bytes) {
    auto file = create(path);
    EXPECT_TRUE(file->write_at(0, bytes).ok());
    EXPECT_TRUE(file->sync().ok());
    EXPECT_TRUE(driver_.sync_directory(parent_path(path)).ok());
    return file;
  }
  static std::string contents(SimulatedDisk* disk, const std::string& path) {
    SimulatedDriver driver(disk);
    auto read = read_file(&driver, path, UINT64_MAX);
    return read.ok() ? *read : "(" + std::string(error_code_name(read.code())) + ")";
  }
  std::string crashed(CrashStyle style, uint64_t seed, const std::string& path) {
    Random random(seed);
    SimulatedDisk image = disk_.crash_image(style, &random);
    EXPECT_EQ(image.pending_units(), 0u);
    return contents(&image, path);
  }
  std::set<std::string> outcomes(CrashStyle style, const std::string& path, uint64_t seeds = 300) {
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < seeds; ++seed) seen.insert(crashed(style, seed, path));
    return seen;
  }

  SimulatedDisk disk_;
  SimulatedDriver driver_{&disk_};
};

TEST_F(CrashImage, SyncedBytesSurviveInEveryStyle) {
  const std::string bytes(10'000, 's');
  auto file = create_durable("a", bytes);
  ASSERT_TRUE(file->write_at(20'000, "un-synced").ok());
  for (const CrashStyle style : kStyles) {
    for (uint64_t seed = 0; seed < 100; ++seed) {
      const std::string found = crashed(style, seed, "a");
      ASSERT_GE(found.size(), bytes.size()) << seed;
      EXPECT_EQ(found.substr(0, bytes.size()), bytes) << seed;
    }
  }
}

TEST_F(CrashImage, UnsyncedBytesAreLostOrKeptByStyleAndSeed) {
  auto file = create_durable("a", "old");
  ASSERT_TRUE(file->write_at(0, "new").ok());
  EXPECT_EQ(contents(&disk_, "a"), "new");
  EXPECT_EQ(outcomes(CrashStyle::kLoseAll, "a", 5), (std::set<std::string>{"old"}));
  EXPECT_EQ(outcomes(CrashStyle::kKeepAll, "a", 5), (std::set<std::string>{"new"}));
  EXPECT_EQ(outcomes(CrashStyle::kTearLast, "a", 5), (std::set<std::string>{"old"}));
  EXPECT_EQ(outcomes(CrashStyle::kPrefix, "a"), (std::set<std::string>{"old", "new"}));
  EXPECT_EQ(outcomes(CrashStyle::kRandom, "a"), (std::set<std::string>{"old", "new"}));
}

TEST_F(CrashImage, ADurableWriteSurvivesAndOlderUnsyncedOnesNeedNot) {
  auto file = create_durable("a", std::string(2000, '.'));
  ASSERT_TRUE(file->write_at(0, std::string(1000, 'o')).ok());
  ASSERT_TRUE(file->write_at_durable(600, std::string(100, 'd')).ok());
  bool lost = false, kept = false;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::string found = crashed(CrashStyle::kRandom, seed, "a");
    ASSERT_EQ(found.size(), 2000u);
    EXPECT_EQ(found.substr(600, 100), std::string(100, 'd')) << seed;
    lost |= found[0] == '.';
    kept |= found[0] == 'o';
  }
  EXPECT_TRUE(lost && kept);
  EXPECT_EQ(crashed(CrashStyle::kLoseAll, 0, "a"),
            std::string(600, '.') + std::string(100, 'd') + std::string(1300, '.'));
}

TEST_F(CrashImage, ADurableWriteMakesItsSizeDurableButNotALargerUnsyncedOne) {
  auto file = create_durable("a", "");
  ASSERT_TRUE(file->write_at(5000, "far").ok());
  ASSERT_TRUE(file->write_at_durable(0, "head").ok());
  EXPECT_EQ(crashed(CrashStyle::kLoseAll, 0, "a"), "head");
}

TEST_F(CrashImage, WritesTearAt512BytesAndInAnyOrder) {
  constexpr size_t kSectors = 8;
  auto file = create_durable("a", std::string(kSectors * kSector, 'o'));
  ASSERT_TRUE(file->write_at(0, std::string(kSectors * kSector, 'n')).ok());
  bool whole = false, none = false, prefix = false, reordered = false;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const std::string found = crashed(CrashStyle::kRandom, seed, "a");
    ASSERT_EQ(found.size(), kSectors * kSector);
    std::string survivors;
    for (size_t i = 0; i < kSectors; ++i) {
      const char first = found[i * kSector];
      ASSERT_EQ(found.substr(i * kSector, kSector), std::string(kSector, first))
          << "torn inside a sector, " << seed;
      survivors.push_back(first);
    }
    whole |= survivors == std::string(kSectors, 'n');
    none |= survivors == std::string(kSectors, 'o');
    prefix |= survivors.find("no") != std::string::npos;
    reordered |= survivors.find("on") != std::string::npos;
  }
  EXPECT_TRUE(whole && none && prefix && reordered);
}

TEST_F(CrashImage, TearLastKeepsAPrefixOfTheLastWriteAtASectorBoundary) {
  auto file = create_durable("a", "");
  ASSERT_TRUE(file->write_at(0, "first").ok());
  ASSERT_TRUE(file->write_at(5, std::string(3000, 'l')).ok());
  std::set<size_t> lengths;
  bool zeros_after = false;
  for (const std::string& found : outcomes(CrashStyle::kTearLast, "a")) {
    ASSERT_EQ(found.substr(0, 5), "first");
    const size_t end = std::min(found.find('\0'), found.size());
    EXPECT_TRUE(end == 5 || end % kSector == 0) << end;
    EXPECT_LT(end, 3005u);
    EXPECT_EQ(found.substr(5, end - 5), std::string(end - 5, 'l'));
    zeros_after |= found.size() > end;
    lengths.insert(end);
  }
  EXPECT_GE(lengths.size(), 5u);
  EXPECT_TRUE(zeros_after);
}

TEST_F(CrashImage, ASectorShowsOneOfItsVersionsAndNeverAMixture) {
  auto file = create_durable("a", std::string(kSector, '0'));
  ASSERT_TRUE(file->write_at(0, std::string(100, '1')).ok());
  ASSERT_TRUE(file->write_at(200, std::string(100, '2')).ok());
  ASSERT_TRUE(file->write_at(50, std::string(200, '3')).ok());
  std::set<std::string> versions;
  std::string version(kSector, '0');
  versions.insert(version);
  version.replace(0, 100, 100, '1');
  versions.insert(version);
  version.replace(200, 100, 100, '2');
  versions.insert(version);
  version.replace(50, 200, 200, '3');
  versions.insert(version);
  EXPECT_EQ(outcomes(CrashStyle::kRandom, "a"), versions);
}

TEST_F(CrashImage, ASizeMaySurviveItsDataAndDataItsSize) {
  auto file = create_durable("a", "");
  ASSERT_TRUE(file->write_at(0, std::string(1024, 'x')).ok());
  const auto seen = outcomes(CrashStyle::kRandom, "a");
  EXPECT_TRUE(seen.contains(""));
  EXPECT_TRUE(seen.contains(std::string(1024, '\0')));
  EXPECT_TRUE(seen.contains(std::string(1024, 'x')));
  EXPECT_TRUE(seen.contains(std::string(512, '\0') + std::string(512, 'x')));
  for (const std::string& found : seen) EXPECT_TRUE(found.empty() || found.size() == 1024u) << found.size();
}

TEST_F(CrashImage, ALostShrinkTakesLaterWritesWithIt) {
  auto file = create_durable("a", "old old old");
  ASSERT_TRUE(file->truncate(0).ok());
  ASSERT_TRUE(file->write_at(0, "new").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom, "a"),
            (std::set<std::string>{"old old old", "", "new", std::string(3, '\0')}));
  ASSERT_TRUE(file->write_at_durable(1, "E").ok());
  for (const std::string& found : outcomes(CrashStyle::kRandom, "a")) {
    EXPECT_TRUE(found.size() == 2 || found.size() == 3) << found;
    EXPECT_EQ(found[1], 'E');
  }
}

TEST_F(CrashImage, PrefixKeepsAnOrderedPrefixOverAllFiles) {
  auto a = create_durable("a", "0");
  auto b = create_durable("b", "0");
  for (char digit = '1'; digit <= '6'; ++digit) {
    ASSERT_TRUE((digit % 2 != 0 ? a : b)->write_at(0, std::string(1, digit)).ok());
  }
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    SimulatedDisk image = disk_.crash_image(CrashStyle::kPrefix, &random);
    seen.insert(contents(&image, "a") + contents(&image, "b"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"00", "10", "12", "32", "34", "54", "56"}));
}

TEST_F(CrashImage, ImagesOfOneSeedAreEqualAndDoNotDisturbTheDisk) {
  auto file = create_durable("a", std::string(9000, 'x'));
  ASSERT_TRUE(file->write_at(100, std::string(20'000, 'y')).ok());
  const uint64_t before = disk_.content_hash();
  const size_t pending = disk_.pending_units();
  EXPECT_EQ(pending, 41u);  // 40 sectors and a size
  for (const CrashStyle style : kStyles) {
    Random one(7), two(7);
    SimulatedDisk first = disk_.crash_image(style, &one);
    SimulatedDisk second = disk_.crash_image(style, &two);
    EXPECT_EQ(first.content_hash(), second.content_hash());
    SimulatedDriver driver(&first);
    auto opened = driver.open("a", OpenMode::kReadWrite, Caching::kBuffered);
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE((*opened)->write_at(0, "changed in the image").ok());
    EXPECT_NE(first.content_hash(), second.content_hash());
  }
  EXPECT_EQ(disk_.content_hash(), before);
  EXPECT_EQ(disk_.pending_units(), pending);
}

TEST_F(CrashImage, AClonePendsOnItsOwn) {
  auto file = create_durable("a", "old");
  ASSERT_TRUE(file->write_at(0, "new").ok());
  SimulatedDisk copy = disk_.clone();
  EXPECT_EQ(copy.content_hash(), disk_.content_hash());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(disk_.pending_units(), 0u);
  EXPECT_EQ(copy.pending_units(), 1u);
  Random random(1);
  SimulatedDisk image = copy.crash_image(CrashStyle::kLoseAll, &random);
  EXPECT_EQ(contents(&image, "a"), "old");
  ASSERT_TRUE(file->write_at(0, "NEW").ok());
  EXPECT_EQ(contents(&copy, "a"), "new");
}

TEST_F(CrashImage, ContentHashIsOfPathsAndBytesNotOfHistory) {
  SimulatedDisk other;
  SimulatedDriver driver(&other);
  auto hole = create("a");
  ASSERT_TRUE(hole->truncate(10'000).ok());
  auto zeros = driver.open("a", OpenMode::kCreate, Caching::kBuffered);
  ASSERT_TRUE(zeros.ok());
  ASSERT_TRUE((*zeros)->write_at(0, std::string(10'000, 'x')).ok());
  EXPECT_NE(disk_.content_hash(), other.content_hash());
  ASSERT_TRUE((*zeros)->write_at(0, std::string(10'000, '\0')).ok());
  EXPECT_EQ(disk_.content_hash(), other.content_hash());
  ASSERT_TRUE((*zeros)->truncate(9'999).ok());
  EXPECT_NE(disk_.content_hash(), other.content_hash());
  ASSERT_TRUE((*zeros)->truncate(10'000).ok());
  ASSERT_TRUE(driver.rename("a", "b").ok());
  EXPECT_NE(disk_.content_hash(), other.content_hash());
}

// An independent and much simpler account of what may be found: for each byte the values it has had since it was last
// durable, and for the file the sizes. Every operation on it is a few lines.
class AllowedBytes {
 public:
  void write(uint64_t offset, size_t size, char value) {
    for (size_t i = offset; i < offset + size; ++i) see(i, value);
    // A torn write may end at any sector of it.
    for (uint64_t end = offset / kSector * kSector; end < offset + size; end += kSector) {
      if (end > offset && end > current_.size()) sizes_.insert(end);
    }
    resize(std::max<uint64_t>(current_.size(), offset + size));
    for (size_t i = offset; i < offset + size; ++i) current_[i] = value;
  }
  void write_durable(uint64_t offset, size_t size, char value) {
    write(offset, size, value);
    for (size_t i = offset; i < offset + size; ++i) allowed_[i] = {value};
    std::erase_if(sizes_, [&](uint64_t s) { return s < offset + size; });
    sizes_.insert(offset + size);
    // An older smaller durable size grows to this; one between stays possible.
  }
  void truncate(uint64_t size) {
    for (size_t i = size; i < allowed_.size(); ++i) allowed_[i].insert('\0');
    resize(size);
  }
  void sync() {
    for (size_t i = 0; i < allowed_.size(); ++i) allowed_[i] = {i < current_.size() ? current_[i] : '\0'};
    sizes_ = {current_.size()};
  }
  void check(const std::string& found) const {
    ASSERT_TRUE(sizes_.contains(found.size())) << found.size();
    for (size_t i = 0; i < found.size(); ++i) {
      ASSERT_TRUE(i < allowed_.size() && allowed_[i].contains(found[i]))
          << "byte " << i << " is " << int{found[i]};
    }
  }
  const std::string& current() const { return current_; }

 private:
  void see(size_t index, char value) {
    if (allowed_.size() <= index) allowed_.resize(index + 1, {'\0'});
    allowed_[index].insert(value);
  }
  void resize(uint64_t size) {
    if (size > allowed_.size()) allowed_.resize(size, {'\0'});
    current_.resize(size);
    sizes_.insert(size);
  }
  std::string current_;
  std::vector<std::set<char>> allowed_;
  std::set<uint64_t> sizes_{0};
};

TEST_F(CrashImage, RandomHistoriesLeaveOnlyWhatTheRulesAllow) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto file = create_durable("f" + std::to_string(seed), "");
    AllowedBytes allowed;
    char value = 0;
    for (int step = 0; step < 40; ++step) {
      const uint64_t offset = random.below(6000);
      const size_t size = 1 + random.below(random.one_in(2) ? 5000 : 300);
      ++value;
      switch (random.below(8)) {
        case 0:
          ASSERT_TRUE(file->sync().ok());
          allowed.sync();
          break;
        case 1:
          ASSERT_TRUE(file->truncate(offset).ok());
          allowed.truncate(offset);
          break;
        case 2:
        case 3:
          ASSERT_TRUE(file->write_at_durable(offset, std::string(size, value)).ok());
          allowed.write_durable(offset, size, value);
          break;
        default:
          ASSERT_TRUE(file->write_at(offset, std::string(size, value)).ok());
          allowed.write(offset, size, value);
      }
      ASSERT_EQ(contents(&disk_, file->path()), allowed.current());
      for (const CrashStyle style : kStyles) {
        allowed.check(crashed(style, random.next(), file->path()));
        if (HasFatalFailure()) return;
      }
      ASSERT_EQ(crashed(CrashStyle::kKeepAll, 0, file->path()), allowed.current());
    }
    ASSERT_TRUE(file->sync().ok());
    for (const CrashStyle style : kStyles) ASSERT_EQ(crashed(style, seed, file->path()), allowed.current());
    ASSERT_TRUE(driver_.remove(file->path()).ok());
  }
}

}  // namespace
}  // namespace varve::io
