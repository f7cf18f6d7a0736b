// What a crash may and may not leave of the directories.
#include <gtest/gtest.h>

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

class CrashNames : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& bytes) {
    auto file = driver_.open(path, OpenMode::kCreateOrTruncate, Caching::kBuffered);
    ASSERT_TRUE(file.ok()) << file.status().to_string();
    ASSERT_TRUE((*file)->write_at(0, bytes).ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  // "dir/ dir/name=bytes name=bytes", below the directory.
  static std::string tree(SimulatedDriver* driver, const std::string& directory) {
    std::string listed;
    auto names = driver->list(directory);
    if (!names.ok()) return names.status().to_string();
    for (const std::string& name : *names) {
      const std::string path = directory == "/" ? name : join_path(directory, name);
      if (!listed.empty()) listed += ' ';
      if (driver->list(path).ok()) {
        const std::string below = tree(driver, path);
        listed.append(path).append(below.empty() ? "/" : "/ ").append(below);
      } else {
        auto bytes = read_file(driver, path, 1 << 20);
        listed += path + "=" + (bytes.ok() ? *bytes : bytes.status().to_string());
      }
    }
    return listed;
  }
  static std::string tree(SimulatedDisk* disk) {
    SimulatedDriver driver(disk);
    return tree(&driver, "/");
  }
  std::string crashed(CrashStyle style, uint64_t seed = 0) {
    Random random(seed);
    SimulatedDisk image = disk_.crash_image(style, &random);
    return tree(&image);
  }
  std::set<std::string> outcomes(CrashStyle style) {
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < 300; ++seed) seen.insert(crashed(style, seed));
    return seen;
  }
  using Trees = std::set<std::string>;

  SimulatedDisk disk_;
  SimulatedDriver driver_{&disk_};
};

TEST_F(CrashNames, AFileWhoseNameWasNotSyncedMayVanishThoughItsBytesWere) {
  put("a", "bytes");
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"", "a=bytes"}));
  EXPECT_EQ(crashed(CrashStyle::kLoseAll), "");
  EXPECT_EQ(crashed(CrashStyle::kKeepAll), "a=bytes");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  for (const CrashStyle style : kStyles) EXPECT_EQ(outcomes(style), (Trees{"a=bytes"}));
}

TEST_F(CrashNames, ALostRenameLeavesTheOldNameAndTheReplacedFile) {
  put("old", "1");
  put("new", "2");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  ASSERT_TRUE(driver_.rename("new", "old").ok());
  EXPECT_EQ(tree(&disk_), "old=2");
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"new=2 old=1", "old=2"}));
  EXPECT_EQ(crashed(CrashStyle::kLoseAll), "new=2 old=1");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  for (const CrashStyle style : kStyles) EXPECT_EQ(outcomes(style), (Trees{"old=2"}));
}

TEST_F(CrashNames, ALostRemoveBringsTheFileBack) {
  put("a", "1");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  ASSERT_TRUE(driver_.remove("a").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"", "a=1"}));
  put("a", "2");
  // Created anew: whether the removal survived no longer shows when the creation did.
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"", "a=1", "a=2"}));
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"a=2"}));
}

TEST_F(CrashNames, ARemoveTakesOnlyTheFileItRemoved) {
  put("a", "1");
  put("b", "2");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  ASSERT_TRUE(driver_.rename("b", "a").ok());
  ASSERT_TRUE(driver_.remove("a").ok());
  // With the rename lost, the file under the name is another one, and stays.
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"a=1 b=2", "a=2", ""}));
}

TEST_F(CrashNames, ALostDirectoryTakesItsFilesAlong) {
  ASSERT_TRUE(driver_.create_directory("d").ok());
  put("d/a", "1");
  ASSERT_TRUE(driver_.sync_directory("d").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"", "d/ d/a=1"}));
  ASSERT_TRUE(driver_.sync_directory(parent_path("d")).ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"d/ d/a=1"}));
}

TEST_F(CrashNames, NothingDurableMovesIntoADirectoryThatWasLost) {
  put("a", "1");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  ASSERT_TRUE(driver_.create_directory("d").ok());
  ASSERT_TRUE(driver_.rename("a", "d/b").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"a=1", "a=1 d/", "d/ d/b=1"}));
}

TEST_F(CrashNames, ARenameBetweenDirectoriesIsWholeOrAbsent) {
  ASSERT_TRUE(driver_.create_directory("d").ok());
  ASSERT_TRUE(driver_.create_directory("e").ok());
  put("d/a", "1");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  ASSERT_TRUE(driver_.sync_directory("d").ok());
  ASSERT_TRUE(driver_.rename("d/a", "e/b").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"d/ d/a=1 e/", "d/ e/ e/b=1"}));
  ASSERT_TRUE(driver_.sync_directory("e").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"d/ e/ e/b=1"}));
}

TEST_F(CrashNames, ADirectoryIsRenamedWithItsFiles) {
  ASSERT_TRUE(driver_.create_directory("copy.tmp").ok());
  put("copy.tmp/a", "1");
  ASSERT_TRUE(driver_.sync_directory("copy.tmp").ok());
  ASSERT_TRUE(driver_.rename("copy.tmp", "copy").ok());
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  for (const CrashStyle style : kStyles) EXPECT_EQ(outcomes(style), (Trees{"copy/ copy/a=1"}));
  EXPECT_FALSE(driver_.rename("copy", "copy/inner").ok());
}

TEST_F(CrashNames, AnAtomicReplacementShowsTheOldOrTheNewFileWhole) {
  put("CURRENT", "old");
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  Trees seen;
  Random random(5);
  driver_.set_observer([&](const IoEventInfo&) {
    for (const CrashStyle style : kStyles) {
      SimulatedDisk image = disk_.crash_image(style, &random);
      SimulatedDriver driver(&image);
      auto bytes = read_file(&driver, "CURRENT", 100);
      seen.insert(bytes.ok() ? *bytes : bytes.status().to_string());
    }
  });
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(write_file_atomically(&driver_, "CURRENT", i % 2 == 0 ? "new" : "old").ok());
  }
  EXPECT_EQ(seen, (Trees{"new", "old"}));
  driver_.set_observer(nullptr);
}

TEST_F(CrashNames, AFailedDirectorySyncIsNotMendedByALaterOne) {
  put("a", "1");
  int syncs = 0;
  driver_.set_faults([&](const IoEventInfo& info) {
    return info.event == IoEvent::kSyncDirectory && ++syncs == 1 ? FaultKind::kEio : FaultKind::kNone;
  });
  EXPECT_EQ(driver_.sync_directory("/").code(), ErrorCode::kIoError);
  put("b", "2");
  EXPECT_TRUE(driver_.sync_directory("/").ok());
  EXPECT_EQ(tree(&disk_), "a=1 b=2");
  EXPECT_EQ(crashed(CrashStyle::kLoseAll), "b=2");
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"a=1 b=2", "b=2"}));
  // A removal that is durable buries it.
  ASSERT_TRUE(driver_.remove("a").ok());
  ASSERT_TRUE(driver_.sync_directory("/").ok());
  EXPECT_EQ(outcomes(CrashStyle::kRandom), (Trees{"b=2"}));
}

TEST_F(CrashNames, RandomHistoriesLeaveEachFileOnceAndSyncedOnesInPlace) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    SimulatedDisk disk;
    SimulatedDriver driver(&disk);
    const std::string directories[] = {"/", "d"};
    ASSERT_TRUE(driver.create_directory("d").ok());
    ASSERT_TRUE(driver.sync_directory("/").ok());
    const auto any = [&] {
      return join_path(directories[random.below(2)],
                       std::string(1, static_cast<char>('p' + random.below(4))));
    };
    int serial = 0;
    for (int step = 0; step < 30; ++step) {
      switch (random.below(5)) {
        case 0:
          ASSERT_TRUE(driver.sync_directory(directories[random.below(2)]).ok());
          break;
        case 1:
          (void)driver.remove(any()).ok();
          break;
        case 2:
          (void)driver.rename(any(), any()).ok();
          break;
        default:
          if (auto file = driver.open(any(), OpenMode::kCreate, Caching::kBuffered); file.ok()) {
            ASSERT_TRUE((*file)->write_at_durable(0, std::to_string(++serial)).ok());
          }
      }
      for (const CrashStyle style : kStyles) {
        SimulatedDisk image = disk.crash_image(style, &random);
        SimulatedDriver found(&image);
        std::set<std::string> contents;
        for (const std::string& directory : directories) {
          auto names = found.list(directory);
          ASSERT_TRUE(names.ok());
          for (const std::string& name : *names) {
            if (name == "d" && directory == "/") continue;
            auto bytes = read_file(&found, join_path(directory, name), 100);
            ASSERT_TRUE(bytes.ok());
            ASSERT_FALSE(bytes->empty());
            ASSERT_TRUE(contents.insert(*bytes).second) << "file " << *bytes << " has two names";
          }
        }
        if (style == CrashStyle::kKeepAll) {
          ASSERT_EQ(image.content_hash(), disk.content_hash());
        }
      }
    }
    for (const std::string& directory : directories) ASSERT_TRUE(driver.sync_directory(directory).ok());
    EXPECT_EQ(disk.pending_units(), 0u);
    for (const CrashStyle style : kStyles) {
      ASSERT_EQ(disk.crash_image(style, &random).content_hash(), disk.content_hash());
    }
  }
}

}  // namespace
}  // namespace varve::io
