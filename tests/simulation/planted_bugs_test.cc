// The smallest crash lane, and the proof that it sees: a log that acknowledges records, cut at every event. Without a
// bug no image lacks an acknowledged record; with each planted one some image does.
#include "tests/simulation/planted_bugs.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/random.h"

namespace varve::io {
namespace {

constexpr int kRecords = 6;
constexpr size_t kRecordBytes = 700;

std::string record(int index) { return std::string(kRecordBytes, static_cast<char>('A' + index)); }

// Appends records to a log, by the file or through a ring, and starts a second log half way; acknowledged counts what
// was answered ok. Gives up at the first error.
Status append_records(Driver* driver, bool by_ring, int* acknowledged) {
  VARVE_ASSIGN_OR_RETURN(auto ring, driver->make_ring(2));
  std::unique_ptr<File> file;
  for (int i = 0; i < kRecords; ++i) {
    if (i % (kRecords / 2) == 0) {
      VARVE_ASSIGN_OR_RETURN(file,
                             driver->open("log" + std::to_string(i), OpenMode::kCreate, Caching::kBuffered));
      VARVE_RETURN_IF_ERROR(driver->sync_directory("/"));
    }
    std::string bytes = record(i);
    const uint64_t offset = static_cast<uint64_t>(i % (kRecords / 2)) * kRecordBytes;
    if (by_ring) {
      VARVE_RETURN_IF_ERROR(
          ring->submit({Ring::Operation::kWriteDurable, file.get(), offset, bytes.data(), bytes.size(), 0}));
      std::vector<Ring::Completion> done;
      VARVE_RETURN_IF_ERROR(ring->wait(1, &done));
      VARVE_RETURN_IF_ERROR(std::move(done.at(0).status));
    } else if (i % 2 == 0) {
      VARVE_RETURN_IF_ERROR(file->write_at_durable(offset, bytes));
    } else {
      VARVE_RETURN_IF_ERROR(file->write_at(offset, bytes));
      VARVE_RETURN_IF_ERROR(file->sync());
    }
    ++*acknowledged;
  }
  return {};
}

bool holds(SimulatedDisk* image, int acknowledged) {
  SimulatedDriver driver(image);
  bool complete = true;
  Simulation simulation(1);
  simulation.run([&] {
    for (int i = 0; i < acknowledged && complete; ++i) {
      const int first = i / (kRecords / 2) * (kRecords / 2);
      auto log = read_file(&driver, "log" + std::to_string(first), 1 << 20);
      const size_t offset = static_cast<size_t>(i - first) * kRecordBytes;
      complete =
          log.ok() && log->size() >= offset + kRecordBytes && log->substr(offset, kRecordBytes) == record(i);
    }
  });
  return complete;
}

struct Findings {
  int images = 0;
  int violations = 0;
};

Findings cut_at_every_event(PlantedBug bug, bool by_ring, bool with_faults) {
  Findings findings;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SimulatedDisk disk;
    SimulatedDriver simulated(&disk);
    BuggyDriver driver(bug, &simulated);
    Random random(seed);
    int acknowledged = 0;
    const uint64_t faulty = with_faults ? random.below(12) : UINT64_MAX;
    simulated.set_faults([&, durable = uint64_t{0}](const IoEventInfo& info) mutable {
      const bool saves = info.event == IoEvent::kSync || info.event == IoEvent::kWriteDurable;
      return saves && durable++ == faulty ? FaultKind::kEio : FaultKind::kNone;
    });
    const auto cut = [&] {
      for (const CrashStyle style : {CrashStyle::kRandom, CrashStyle::kLoseAll, CrashStyle::kTearLast}) {
        SimulatedDisk image = disk.crash_image(style, &random);
        ++findings.images;
        findings.violations += holds(&image, acknowledged) ? 0 : 1;
      }
    };
    simulated.set_observer([&](const IoEventInfo&) { cut(); });
    Simulation simulation(seed);
    simulation.run([&] {
      const Status status = append_records(&driver, by_ring, &acknowledged);
      EXPECT_TRUE(status.ok() || with_faults) << status.to_string();
    });
    cut();
  }
  return findings;
}

TEST(PlantedBugs, NoneIsFoundWhereThereIsNone) {
  for (const bool by_ring : {false, true}) {
    for (const bool with_faults : {false, true}) {
      const Findings findings = cut_at_every_event(PlantedBug::kNone, by_ring, with_faults);
      EXPECT_GT(findings.images, 1000);
      EXPECT_EQ(findings.violations, 0);
    }
  }
}

TEST(PlantedBugs, EachIsFoundByFileAndByRing) {
  for (const bool by_ring : {false, true}) {
    EXPECT_GT(cut_at_every_event(PlantedBug::kAckBeforeSync, by_ring, false).violations, 0);
    EXPECT_GT(cut_at_every_event(PlantedBug::kNoDirectorySync, by_ring, false).violations, 0);
    EXPECT_GT(cut_at_every_event(PlantedBug::kRetryFailedSync, by_ring, true).violations, 0);
    EXPECT_EQ(cut_at_every_event(PlantedBug::kRetryFailedSync, by_ring, false).violations, 0);
  }
}

}  // namespace
}  // namespace varve::io
