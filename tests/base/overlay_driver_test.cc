#include "base/io/overlay_driver.h"

#include <gtest/gtest.h>

#include <string>

#include "base/io/simulated/disk.h"
#include "base/random.h"

namespace varve::io {
namespace {

Status write(Driver* driver, const std::string& path, OpenMode mode, uint64_t offset, Slice bytes) {
  VARVE_ASSIGN_OR_RETURN(const auto file, driver->open(path, mode, Caching::kBuffered));
  return file->write_at(offset, bytes);
}

std::string content(Driver* driver, const std::string& path) {
  const auto read = read_file(driver, path, 1 << 20);
  return read.ok() ? *read : read.status().to_string();
}

TEST(Overlay, ChangesAreSeenAboveAndNotBelow) {
  SimulatedDisk disk;
  SimulatedDriver base(&disk);
  ASSERT_TRUE(base.create_directory("/d").ok());
  ASSERT_TRUE(write(&base, "/d/kept", OpenMode::kCreate, 0, std::string(10'000, 'k')).ok());
  ASSERT_TRUE(write(&base, "/d/gone", OpenMode::kCreate, 0, "gone").ok());
  ASSERT_TRUE(write(&base, "/d/moved", OpenMode::kCreate, 0, "moved").ok());
  const uint64_t before = disk.content_hash();

  OverlayDriver overlay(&base);
  ASSERT_TRUE(write(&overlay, "/d/kept", OpenMode::kReadWrite, 5'000, "xx").ok());
  ASSERT_TRUE(overlay.remove("/d/gone").ok());
  ASSERT_TRUE(overlay.rename("/d/moved", "/d/here").ok());
  ASSERT_TRUE(write(&overlay, "/d/new", OpenMode::kCreate, 0, "new").ok());
  ASSERT_TRUE(overlay.create_directory("/d/sub").ok());
  ASSERT_TRUE(write(&overlay, "/d/sub/file", OpenMode::kCreate, 0, "deep").ok());

  EXPECT_EQ(content(&overlay, "/d/kept"), std::string(5'000, 'k') + "xx" + std::string(4'998, 'k'));
  EXPECT_EQ(*overlay.list("/d"), (std::vector<std::string>{"here", "kept", "new", "sub"}));
  EXPECT_EQ(*overlay.list("/d/sub"), std::vector<std::string>{"file"});
  EXPECT_EQ(content(&overlay, "/d/here"), "moved");
  EXPECT_FALSE(*overlay.exists("/d/gone"));
  EXPECT_TRUE(*overlay.exists("/d/sub"));
  EXPECT_EQ(disk.content_hash(), before);
  // A name that was removed can be taken again.
  ASSERT_TRUE(write(&overlay, "/d/gone", OpenMode::kCreate, 0, "back").ok());
  EXPECT_EQ(content(&overlay, "/d/gone"), "back");
  EXPECT_EQ(disk.content_hash(), before);
}

// A file that begins with what the base has, against a string.
TEST(Overlay, RandomChangesOfABaseFileAgreeWithAString) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    SimulatedDisk disk;
    SimulatedDriver base(&disk);
    std::string model(random.below(30'000), 'b');
    ASSERT_TRUE(write(&base, "/f", OpenMode::kCreate, 0, model).ok());
    OverlayDriver overlay(&base);
    const auto file = std::move(overlay.open("/f", OpenMode::kReadWrite, Caching::kDirect)).value();
    for (int step = 0; step < 60; ++step) {
      const uint64_t offset = random.below(40'000);
      if (random.one_in(4)) {
        ASSERT_TRUE(file->truncate(offset).ok());
        model.resize(offset, '\0');
      } else {
        const std::string bytes(random.between(1, 9'000), random.one_in(3) ? '\0' : 'w');
        ASSERT_TRUE(file->write_at(offset, bytes).ok());
        model.resize(std::max(model.size(), offset + bytes.size()), '\0');
        model.replace(offset, bytes.size(), bytes);
      }
      ASSERT_EQ(content(&overlay, "/f"), model) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace varve::io
