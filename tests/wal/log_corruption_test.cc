// Damage of a log at rest: every byte flipped, every sector zeroed, every truncation, files lost and swapped. The
// answer is kCorruption, or exactly the data; only the last frame that nothing proves may be taken for a torn tail
// (FORMAT.md).
#include "tests/wal/log_fixture.h"
#include "wal/format.h"

namespace varve::wal {
namespace {

using io::SimulatedDisk;
using io::SimulatedDriver;
using io::Simulation;

LogOptions tiny_options(io::Driver* driver) {
  LogOptions options = small_options(driver);
  options.first_segment_bytes = options.max_segment_bytes = 16u << 10;
  options.max_frame_bytes = 8u << 10;
  options.idle_promise_ns = 0;
  return options;
}

// Two generations over several segments, one record longer than a frame. `proven`: closed, so that a promise frame
// proves all; else as kill -9 leaves it.
struct Specimen {
  SimulatedDisk disk;
  std::vector<std::string> payloads;
  uint64_t records_before_last = 0;
};

Specimen make_specimen(bool proven) {
  Specimen specimen;
  SimulatedDriver driver(&specimen.disk);
  SimulatedDisk* disk = &specimen.disk;
  Simulation(3).run([&] {
    SimulatedDisk killed;
    for (int life = 0; life < 2; ++life) {
      auto opened = open_log(tiny_options(&driver));
      ASSERT_TRUE(opened.ok()) << opened.status().to_string();
      for (int i = 0; i < 6; ++i) {
        specimen.records_before_last = specimen.payloads.size();
        specimen.payloads.push_back(std::string(i == 3 ? 9'000 : 700, static_cast<char>('a' + 6 * life + i)));
        ASSERT_TRUE(put(opened->log.get(), specimen.payloads.back()).ok());
      }
      if (life == 1 && !proven) killed = disk->clone();
      ASSERT_TRUE(opened->log->close().ok());
    }
    if (!proven) *disk = std::move(killed);
  });
  return specimen;
}

class LogCorruption : public testing::TestWithParam<bool> {
 protected:
  LogCorruption() : specimen_(make_specimen(GetParam())) {}

  std::vector<std::pair<std::string, uint64_t>> segments() {
    std::vector<std::pair<std::string, uint64_t>> result;
    SimulatedDriver driver(&specimen_.disk);
    const std::vector<std::string> names = driver.list(kLogDirectory).value();
    for (const std::string& name : names) {
      SegmentNumber number;
      if (!parse_segment_file_name(name, &number)) continue;
      const std::string path = io::join_path(kLogDirectory, name);
      result.emplace_back(
          path, driver.open(path, io::OpenMode::kRead, io::Caching::kBuffered).value()->size().value());
    }
    return result;
  }

  // Damages a copy and recovers it. False on silent loss or wrong data.
  template <typename Damage>
  void judge(const std::string& what, const Damage& damage) {
    SimulatedDisk disk = specimen_.disk.clone();
    SimulatedDriver driver(&disk);
    damage(&driver);
    auto opened = recover_log(tiny_options(&driver));
    if (!opened.ok()) {
      ASSERT_EQ(opened.code(), ErrorCode::kCorruption) << what << ": " << opened.status().to_string();
      ASSERT_NE(opened.status().message().find(".log"), std::string::npos) << opened.status().to_string();
      ++detected_;
      return;
    }
    const size_t count = opened->replayed.size();
    ASSERT_LE(count, specimen_.payloads.size()) << what;
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(opened->replayed[i].payload, specimen_.payloads[i]) << what;
    if (count == specimen_.payloads.size()) {
      ++exact_;
      return;
    }
    ++tails_;
    ASSERT_FALSE(GetParam()) << what << ": silent loss of " << specimen_.payloads.size() - count;
    ASSERT_EQ(count, specimen_.records_before_last) << what << ": more than the last frame was lost";
  }

  void flip(const std::string& path, uint64_t offset, uint64_t length, bool zero) {
    judge(path + " offset " + std::to_string(offset), [&](SimulatedDriver* driver) {
      auto file = driver->open(path, io::OpenMode::kReadWrite, io::Caching::kBuffered).value();
      std::string bytes(length, '\0');
      ASSERT_TRUE(file->read_at(offset, MutableSlice(bytes.data(), bytes.size())).ok());
      for (char& c : bytes) c = zero ? '\0' : static_cast<char>(c ^ (1 << (offset % 8)));
      ASSERT_TRUE(file->write_at(offset, bytes).ok());
    });
  }

  void report(const char* what) {
    std::printf("%s: %lu detected, %lu harmless, %lu taken for a torn tail\n", what, detected_, exact_,
                tails_);
    EXPECT_GT(detected_, 0u);
  }

  Specimen specimen_;
  uint64_t detected_ = 0, exact_ = 0, tails_ = 0;
};

TEST_P(LogCorruption, TheSpecimenItselfIsWhole) {
  judge("untouched", [](SimulatedDriver*) {});
  EXPECT_EQ(exact_, 1u);
  EXPECT_GE(segments().size(), 5u);
}

TEST_P(LogCorruption, AFlipOfAnyByteIsFoundOrHarmless) {
  for (const auto& [path, size] : segments()) {
    SimulatedDriver driver(&specimen_.disk);
    const std::string bytes = io::read_file(&driver, path, size).value();
    for (uint64_t offset = 0; offset < size && !HasFatalFailure(); ++offset) {
      // Of the zeros of padding and unused space, one in sixteen stands for all.
      if (bytes[offset] != 0 || offset % 16 == 0) flip(path, offset, 1, false);
    }
  }
  report("flips");
}

TEST_P(LogCorruption, AZeroedSectorIsFoundOrHarmless) {
  for (const auto& [path, size] : segments()) {
    for (uint64_t offset = 0; offset < size && !HasFatalFailure(); offset += 512)
      flip(path, offset, 512, true);
  }
  report("zeroed sectors");
}

TEST_P(LogCorruption, ATruncationIsFoundOrHarmless) {
  for (const auto& [path, size] : segments()) {
    for (uint64_t length = 0; length < size && !HasFatalFailure(); length += 97) {
      judge(path + " cut to " + std::to_string(length), [&, &file_path = path](SimulatedDriver* driver) {
        auto file = driver->open(file_path, io::OpenMode::kReadWrite, io::Caching::kBuffered).value();
        ASSERT_TRUE(file->truncate(length).ok());
      });
    }
  }
  report("truncations");
}

TEST_P(LogCorruption, ALostSegmentIsFound) {
  const auto files = segments();
  // The very last one was only made ready, or holds the frame that nothing proves.
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    judge("without " + files[i].first,
          [&](SimulatedDriver* driver) { ASSERT_TRUE(driver->remove(files[i].first).ok()); });
  }
  report("lost segments");
}

TEST_P(LogCorruption, SwappedSegmentsAreFound) {
  const auto files = segments();
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    judge("swapped " + files[i].first, [&](SimulatedDriver* driver) {
      ASSERT_TRUE(driver->rename(files[i].first, "aside").ok());
      ASSERT_TRUE(driver->rename(files[i + 1].first, files[i].first).ok());
      ASSERT_TRUE(driver->rename("aside", files[i + 1].first).ok());
    });
  }
  report("swapped segments");
}

TEST_P(LogCorruption, AFrameCopiedOverAnotherIsFound) {
  const auto files = segments();
  for (const auto& [from, from_size] : files) {
    for (const auto& [to, to_size] : files) {
      for (uint64_t offset = 0; offset < to_size; offset += kBlockBytes) {
        for (uint64_t source = 0; source < from_size; source += kBlockBytes) {
          if (from == to && offset == source) continue;
          judge(
              from + " block " + std::to_string(source) + " over " + to + " block " + std::to_string(offset),
              [&, &from_path = from, &to_path = to](SimulatedDriver* driver) {
                std::string block(kBlockBytes, '\0');
                auto in = driver->open(from_path, io::OpenMode::kRead, io::Caching::kBuffered).value();
                ASSERT_TRUE(in->read_at(source, MutableSlice(block.data(), block.size())).ok());
                auto out = driver->open(to_path, io::OpenMode::kReadWrite, io::Caching::kBuffered).value();
                ASSERT_TRUE(out->write_at(offset, block).ok());
              });
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  report("misdirected blocks");
}

INSTANTIATE_TEST_SUITE_P(, LogCorruption, testing::Bool(), [](const testing::TestParamInfo<bool>& each) {
  return each.param ? "Proven" : "AsKillLeavesIt";
});

TEST(LogCorruptionByTheManifest, ALogShorterThanWhatWasFlushedIsFound) {
  Specimen specimen = make_specimen(true);
  SimulatedDriver driver(&specimen.disk);
  auto manifest = Manifest::load(&driver);
  ASSERT_TRUE(manifest.ok());
  const ReplayFunction ignore = [](const ReplayedRecord&) { return Status(); };
  const uint64_t last = specimen.payloads.size();
  EXPECT_TRUE(
      Log::recover(tiny_options(&driver), manifest->generations, SequenceNumber(last + 1), ignore).ok());
  EXPECT_EQ(
      Log::recover(tiny_options(&driver), manifest->generations, SequenceNumber(last + 2), ignore).code(),
      ErrorCode::kCorruption);
}

TEST(LogCorruptionByTheManifest, AnErrorOfTheReplayFunctionStopsRecovery) {
  Specimen specimen = make_specimen(true);
  SimulatedDriver driver(&specimen.disk);
  auto manifest = Manifest::load(&driver);
  ASSERT_TRUE(manifest.ok());
  int calls = 0;
  auto report = Log::recover(
      tiny_options(&driver), manifest->generations, kNoSequence,
      [&](const ReplayedRecord&) { return ++calls == 3 ? Status::unsupported("kind") : Status(); });
  EXPECT_EQ(report.code(), ErrorCode::kUnsupported);
  EXPECT_EQ(calls, 3);
}

TEST(LogCorruptionByTheManifest, AReadErrorIsAnErrorAndNeverATail) {
  Specimen specimen = make_specimen(true);
  for (uint64_t fail_at = 0;; ++fail_at) {
    SimulatedDriver driver(&specimen.disk);
    uint64_t reads = 0;
    bool fired = false;
    driver.set_faults([&](const io::IoEventInfo& event) {
      if (event.event != io::IoEvent::kRead || event.path == kManifest || reads++ != fail_at) {
        return io::FaultKind::kNone;
      }
      fired = true;
      return io::FaultKind::kEio;
    });
    auto opened = recover_log(tiny_options(&driver));
    if (!fired) {
      EXPECT_TRUE(opened.ok());
      EXPECT_GT(fail_at, 5u);
      return;
    }
    EXPECT_EQ(opened.code(), ErrorCode::kIoError) << "read " << fail_at;
  }
}

}  // namespace
}  // namespace varve::wal
