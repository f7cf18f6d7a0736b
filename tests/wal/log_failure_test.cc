// Invariant I4: after a failed write or sync nothing more is acknowledged, and what was is still there after a reopen.
#include <set>

#include "base/io/thread.h"
#include "base/random.h"
#include "tests/simulation/planted_bugs.h"
#include "tests/wal/log_fixture.h"

namespace varve::wal {
namespace {

using io::CrashStyle;
using io::FaultKind;
using io::IoEvent;
using io::IoEventInfo;
using io::SimulatedDisk;
using io::SimulatedDriver;
using io::Simulation;

bool changes_the_disk(IoEvent event) { return event != IoEvent::kRead && event != IoEvent::kOpen; }

// Fails the k-th operation behind the open, for every k, and looks at the log, then at the disk.
void fail_every_operation(FaultKind kind) {
  uint64_t failures = 0;
  for (uint64_t k = 0;; ++k) {
    SCOPED_TRACE("operation " + std::to_string(k));
    SimulatedDisk disk;
    uint64_t acknowledged = 0, appended_last = 0;
    int failure_calls = 0;
    bool fired = false, failed = false;
    {
      SimulatedDriver driver(&disk);
      Simulation(k + 1).run([&] {
        LogOptions options = small_options(&driver);
        options.idle_promise_ns = 0;
        options.on_failure = [&](const Status& status) {
          ++failure_calls;
          EXPECT_FALSE(status.ok());
        };
        uint64_t operations = 0;
        auto opened = open_log(options);
        ASSERT_TRUE(opened.ok());
        driver.set_faults([&](const IoEventInfo& event) {
          if (!changes_the_disk(event.event) || operations++ != k) return FaultKind::kNone;
          fired = true;
          return kind;
        });
        Log* log = opened->log.get();
        std::vector<io::Thread> writers;
        for (int w = 0; w < 3; ++w) {
          writers.emplace_back("writer", [&, w] {
            for (int i = 0; i < 8; ++i) {
              auto appended = append(log, std::string(w == 0 ? 9'000 : 500, static_cast<char>('a' + i)));
              if (!appended.ok()) {
                EXPECT_EQ(appended.code(), ErrorCode::kStoreFailed);
                EXPECT_TRUE(log->failed());
                return;
              }
              appended_last = std::max(appended_last, appended->sequence.value);
              const Status status = log->sync(appended->sequence);
              if (status.ok()) {
                acknowledged = std::max(acknowledged, appended->sequence.value);
                EXPECT_LE(appended->sequence, log->durable_sequence());
              } else {
                EXPECT_EQ(status.code(), ErrorCode::kOutcomeUnknown);
                EXPECT_TRUE(log->failed());
              }
            }
          });
        }
        for (io::Thread& writer : writers) writer.join();
        failed = log->failed();
        EXPECT_EQ(failure_calls, failed ? 1 : 0);
        log->wait_for_room();
        log->request_sync();
        const bool closed = log->close().ok();
        EXPECT_EQ(closed, !log->failed());
        EXPECT_EQ(log->close().ok(), closed) << "close is idempotent";
      });
    }
    failures += failed ? 1 : 0;
    Random random(k);
    // Reopened in the same boot, and after a power cut that keeps nothing un-synced.
    SimulatedDisk images[] = {disk.clone(), disk.crash_image(CrashStyle::kLoseAll, &random),
                              disk.crash_image(CrashStyle::kRandom, &random)};
    for (SimulatedDisk& image : images) {
      SimulatedDriver driver(&image);
      Simulation(1000 + k).run([&] {
        auto opened = open_log(small_options(&driver));
        ASSERT_TRUE(opened.ok()) << opened.status().to_string();
        EXPECT_GE(opened->report.last_sequence.value, acknowledged);
        EXPECT_LE(opened->report.last_sequence.value, appended_last);
        ASSERT_TRUE(put(opened->log.get(), "after").ok());
      });
    }
    if (!fired) break;
  }
  EXPECT_GT(failures, 10u);
}

TEST(LogFailure, AnIoErrorAtAnyOperationStopsAcknowledgingAndLosesNothing) {
  fail_every_operation(FaultKind::kEio);
}
TEST(LogFailure, AFullDiskAtAnyOperationStopsAcknowledgingAndLosesNothing) {
  fail_every_operation(FaultKind::kNoSpace);
}

TEST(LogFailure, AFullDiskWhileTheNextSegmentIsMadeReadyEarlyIsTriedAgain) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    bool fired = false;  // outlives the log, whose close still writes
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok());
    driver.set_faults([&](const IoEventInfo& event) {
      if (fired || event.event != IoEvent::kWrite) return FaultKind::kNone;
      fired = true;
      return FaultKind::kNoSpace;
    });
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(put(opened->log.get(), std::string(3'000, 'x')).ok());
    EXPECT_TRUE(fired);
    EXPECT_FALSE(opened->log->failed());
    EXPECT_GT(opened->log->statistics().segments_created, 2u);
  });
}

// The crash lane would notice: with each of these mistakes in the driver, something acknowledged is lost.
bool loses_acknowledged_data(io::PlantedBug bug, FaultKind fault) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SimulatedDisk disk;
    uint64_t acknowledged = 0;
    {
      SimulatedDriver real(&disk);
      io::BuggyDriver driver(bug, &real);
      Simulation(seed).run([&] {
        Random random(seed);
        uint64_t operations = 0;
        const uint64_t fail_at = random.below(20);
        auto opened = open_log(small_options(&driver));
        ASSERT_TRUE(opened.ok());
        real.set_faults([&](const IoEventInfo& event) {
          return changes_the_disk(event.event) && operations++ == fail_at ? fault : FaultKind::kNone;
        });
        for (int i = 0; i < 20; ++i) {
          auto sequence = put(opened->log.get(), std::string(random.below(9'000), 'x'));
          if (sequence.ok()) acknowledged = sequence->value;
        }
      });
    }
    Random random(seed);
    SimulatedDisk image =
        disk.crash_image(seed % 2 == 0 ? CrashStyle::kLoseAll : CrashStyle::kRandom, &random);
    SimulatedDriver driver(&image);
    bool lost = false;
    Simulation(seed + 1000).run([&] {
      auto opened = recover_log(small_options(&driver));
      lost = !opened.ok() || opened->report.last_sequence.value < acknowledged;
    });
    if (lost) return true;
  }
  return false;
}

TEST(LogFailure, PlantedDurabilityBugsAreNoticed) {
  EXPECT_FALSE(loses_acknowledged_data(io::PlantedBug::kNone, FaultKind::kNone));
  EXPECT_FALSE(loses_acknowledged_data(io::PlantedBug::kNone, FaultKind::kEio));
  EXPECT_TRUE(loses_acknowledged_data(io::PlantedBug::kAckBeforeSync, FaultKind::kNone));
  EXPECT_TRUE(loses_acknowledged_data(io::PlantedBug::kNoDirectorySync, FaultKind::kNone));
  EXPECT_TRUE(loses_acknowledged_data(io::PlantedBug::kRetryFailedSync, FaultKind::kEio));
}

}  // namespace
}  // namespace varve::wal
