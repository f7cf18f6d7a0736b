// The simulated driver: the contract of all drivers, its faults, its events, and its part in a Simulation.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/io/clock.h"
#include "base/io/mutex.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/base/driver_contract.h"

namespace varve::io {
namespace {

struct SimulatedWorld {
  SimulatedDisk disk;
  SimulatedDriver simulated{&disk};
  Driver* driver() { return &simulated; }
  std::string directory() { return "/"; }
};

// Every transfer is short at first.
struct ShortWorld : SimulatedWorld {
  ShortWorld() {
    simulated.set_faults([](const IoEventInfo&) { return FaultKind::kShort; });
    EXPECT_TRUE(simulated.create_directory("dir").ok());
  }
  std::string directory() { return "dir"; }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Simulated, DriverContract, SimulatedWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(SimulatedShort, DriverContract, ShortWorld);

namespace {

class Faults : public ::testing::Test {
 protected:
  // The n-th operation of this kind from now on fails so.
  void fail(IoEvent event, FaultKind kind, int nth = 1) {
    driver_.set_faults([=, seen = 0](const IoEventInfo& info) mutable {
      return info.event == event && ++seen == nth ? kind : FaultKind::kNone;
    });
  }
  std::unique_ptr<File> create_durable(const std::string& path, const std::string& bytes) {
    auto file = driver_.open(path, OpenMode::kCreate, Caching::kBuffered);
    EXPECT_TRUE(file.ok() && (*file)->write_at_durable(0, bytes).ok() && driver_.sync_directory("/").ok());
    return std::move(file).value();
  }
  static std::string contents(SimulatedDisk* disk) {
    SimulatedDriver driver(disk);
    auto read = read_file(&driver, "a", 1 << 20);
    return read.ok() ? *read : read.status().to_string();
  }
  std::string now() { return contents(&disk_); }
  std::string after_crash(CrashStyle style = CrashStyle::kLoseAll, uint64_t seed = 0) {
    Random random(seed);
    SimulatedDisk image = disk_.crash_image(style, &random);
    return contents(&image);
  }
  std::set<std::string> outcomes() {
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < 200; ++seed) seen.insert(after_crash(CrashStyle::kRandom, seed));
    return seen;
  }
  using Contents = std::set<std::string>;

  SimulatedDisk disk_;
  SimulatedDriver driver_{&disk_};
};

TEST_F(Faults, ASyncAfterAFailedSyncAnswersOkAndSavesNothing) {
  auto file = create_durable("a", "old");
  ASSERT_TRUE(file->write_at(0, "new").ok());
  fail(IoEvent::kSync, FaultKind::kEio);
  EXPECT_EQ(file->sync().code(), ErrorCode::kIoError);
  EXPECT_TRUE(file->sync().ok());
  EXPECT_EQ(now(), "new");
  EXPECT_EQ(after_crash(), "old");
  EXPECT_EQ(outcomes(), (Contents{"old", "new"}));
  // Bytes written anew are dirty anew.
  ASSERT_TRUE(file->write_at(0, "NE").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(now(), "NEw");
  EXPECT_EQ(after_crash(), "NEd");
  EXPECT_EQ(outcomes(), (Contents{"NEd", "NEw"}));
}

TEST_F(Faults, AFailedDurableWriteIsReadableAndNeverSaved) {
  auto file = create_durable("a", "old");
  fail(IoEvent::kWriteDurable, FaultKind::kEio);
  EXPECT_EQ(file->write_at_durable(0, "newer").code(), ErrorCode::kIoError);
  EXPECT_EQ(now(), "newer");
  EXPECT_EQ(after_crash(), "old");
  EXPECT_TRUE(file->sync().ok());
  EXPECT_EQ(now(), "newer");
  EXPECT_EQ(after_crash(), std::string("old\0\0", 5));  // its size is metadata, which the later sync saves
}

TEST_F(Faults, AFailedWriteMayBeHalfThere) {
  auto file = create_durable("a", "oldold");
  fail(IoEvent::kWrite, FaultKind::kEio);
  const Status status = file->write_at(0, "newnew");
  EXPECT_EQ(status.code(), ErrorCode::kIoError);
  EXPECT_NE(status.message().find("a: write at 0"), std::string::npos) << status.message();
  EXPECT_EQ(now(), "newold");
  EXPECT_TRUE(file->sync().ok());
  EXPECT_EQ(after_crash(), "oldold");
}

TEST_F(Faults, NoSpaceLeavesNoEffect) {
  auto file = create_durable("a", "old");
  for (const IoEvent event :
       {IoEvent::kWrite, IoEvent::kWriteDurable, IoEvent::kTruncate, IoEvent::kCreate}) {
    fail(event, FaultKind::kNoSpace);
    Status status;
    if (event == IoEvent::kWrite) status = file->write_at(0, "new");
    if (event == IoEvent::kWriteDurable) status = file->write_at_durable(0, "new");
    if (event == IoEvent::kTruncate) status = file->truncate(100);
    if (event == IoEvent::kCreate) status = driver_.open("b", OpenMode::kCreate, Caching::kBuffered).status();
    EXPECT_EQ(status.code(), ErrorCode::kNoSpace) << io_event_name(event);
    EXPECT_EQ(now(), "old");
    EXPECT_EQ(disk_.pending_units(), 0u);
  }
}

TEST_F(Faults, CapacityBoundsWhatIsWrittenAndRemovingGivesItBack) {
  auto file = create_durable("a", std::string(600, 'a'));
  driver_.set_capacity_bytes(1000);
  EXPECT_EQ(*driver_.free_space_bytes("/"), 400u);
  EXPECT_EQ(file->write_at(500, std::string(501, 'b')).code(), ErrorCode::kNoSpace);
  EXPECT_TRUE(file->write_at(500, std::string(500, 'b')).ok());
  EXPECT_EQ(file->truncate(1001).code(), ErrorCode::kNoSpace);
  EXPECT_TRUE(file->write_at(0, std::string(1000, 'c')).ok());  // in place
  auto other = driver_.open("b", OpenMode::kCreate, Caching::kBuffered);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->write_at_durable(0, "x").code(), ErrorCode::kNoSpace);
  ASSERT_TRUE(driver_.remove("a").ok());
  EXPECT_TRUE((*other)->write_at_durable(0, std::string(1000, 'x')).ok());
  EXPECT_EQ(*driver_.free_space_bytes("/"), 0u);
}

TEST_F(Faults, ErrorsOfOtherOperationsHaveNoEffect) {
  auto file = create_durable("a", "old");
  const auto refused = [&](IoEvent event, const Status& status) {
    EXPECT_EQ(status.code(), ErrorCode::kIoError) << io_event_name(event) << ": " << status.to_string();
  };
  std::array<char, 3> out;
  fail(IoEvent::kRead, FaultKind::kEio);
  refused(IoEvent::kRead, file->read_at(0, out).status());
  fail(IoEvent::kTruncate, FaultKind::kEio);
  refused(IoEvent::kTruncate, file->truncate(0));
  fail(IoEvent::kRename, FaultKind::kEio);
  refused(IoEvent::kRename, driver_.rename("a", "b"));
  fail(IoEvent::kRemove, FaultKind::kEio);
  refused(IoEvent::kRemove, driver_.remove("a"));
  fail(IoEvent::kMkdir, FaultKind::kEio);
  refused(IoEvent::kMkdir, driver_.create_directory("d"));
  fail(IoEvent::kCreate, FaultKind::kEio);
  refused(IoEvent::kCreate, driver_.open("c", OpenMode::kCreateOrTruncate, Caching::kBuffered).status());
  fail(IoEvent::kOpen, FaultKind::kEio);
  refused(IoEvent::kOpen, driver_.open("a", OpenMode::kRead, Caching::kBuffered).status());
  fail(IoEvent::kList, FaultKind::kEio);
  refused(IoEvent::kList, driver_.list("/").status());
  EXPECT_EQ(now(), "old");
  EXPECT_EQ(*driver_.list("/"), std::vector<std::string>{"a"});
  EXPECT_EQ(disk_.pending_units(), 0u);
}

TEST_F(Faults, AReadOnlyFileRefusesWritesAndADirectOneBadAlignment) {
  create_durable("a", "old");
  auto reader = driver_.open("a", OpenMode::kRead, Caching::kBuffered);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->write_at(0, "x").code(), ErrorCode::kIoError);
  EXPECT_EQ((*reader)->truncate(0).code(), ErrorCode::kIoError);
  auto direct = driver_.open("a", OpenMode::kReadWrite, Caching::kDirect);
  ASSERT_TRUE(direct.ok());
  EXPECT_TRUE((*direct)->direct());
  EXPECT_EQ((*direct)->write_at(0, "x").code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ((*direct)->write_at(UINT64_MAX, "x").code(), ErrorCode::kIoError);
}

TEST_F(Faults, AnImageStartsUnlocked) {
  auto lock = driver_.lock("LOCK");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(driver_.lock("LOCK").code(), ErrorCode::kBusy);
  EXPECT_EQ(driver_.lock("no/LOCK").code(), ErrorCode::kNotFound);
  Random random(1);
  SimulatedDisk image = disk_.crash_image(CrashStyle::kKeepAll, &random);
  SimulatedDriver driver(&image);
  EXPECT_TRUE(driver.lock("LOCK").ok());
  EXPECT_EQ(driver_.lock("LOCK").code(), ErrorCode::kBusy);
}

TEST_F(Faults, TheObserverSeesADurableWriteBeforeInFlightAndAfter) {
  auto file = create_durable("a", std::string(1024, 'o'));
  std::vector<std::string> seen;
  uint64_t index = 0;
  driver_.set_observer([&](const IoEventInfo& info) {
    EXPECT_EQ(info.event, IoEvent::kWriteDurable);
    EXPECT_EQ(info.path, "a");
    EXPECT_EQ(info.offset, 0u);
    EXPECT_EQ(info.size, 1024u);
    index = info.index;
    Contents images;
    for (uint64_t seed = 0; seed < 100; ++seed) {
      Random random(seed);
      SimulatedDisk image = disk_.crash_image(CrashStyle::kRandom, &random);
      images.insert(contents(&image));
    }
    std::string phase = info.after ? "after" : info.in_flight ? "in flight" : "before";
    if (info.failed) phase += " failed";
    seen.push_back(phase + " " + std::to_string(images.size()));
  });
  ASSERT_TRUE(file->write_at_durable(0, std::string(1024, 'n')).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"before 1", "in flight 4", "after 1"}));
  const uint64_t first = index;
  seen.clear();
  fail(IoEvent::kWriteDurable, FaultKind::kEio);
  ASSERT_FALSE(file->write_at_durable(0, std::string(1024, 'm')).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"before 1", "in flight 4", "after failed 4"}));
  EXPECT_EQ(index, first + 1);
}

// Three writers of one log, each syncing; answers the trace hash.
uint64_t run_writers(uint64_t seed, const std::string& text, SimulatedDisk* disk) {
  SimulatedDriver driver(disk);
  Simulation simulation(seed);
  simulation.run([&] {
    auto file = driver.open("log", OpenMode::kCreate, Caching::kBuffered);
    ASSERT_TRUE(file.ok());
    uint64_t end = 0;
    std::vector<Thread> writers;
    writers.reserve(5);
    for (int i = 0; i < 3; ++i) {
      writers.emplace_back("writer", [&, i] {
        for (int n = 0; n < 5; ++n) {
          const uint64_t at = end;
          end += text.size();
          EXPECT_TRUE((*file)->write_at(at, text).ok());
          if (n % 2 == i % 2) {
            EXPECT_TRUE((*file)->sync().ok());
          }
        }
      });
    }
  });
  return simulation.trace_hash();
}

TEST(SimulatedDriver, IsPartOfTheTrace) {
  std::set<uint64_t> traces;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk one, two, other;
    const uint64_t trace = run_writers(seed, "text", &one);
    EXPECT_EQ(trace, run_writers(seed, "text", &two)) << seed;
    EXPECT_EQ(one.content_hash(), two.content_hash());
    EXPECT_NE(trace, run_writers(seed, "tExt", &other)) << "bytes are not in the trace";
    traces.insert(trace);
  }
  EXPECT_GT(traces.size(), 45u);
}

TEST(SimulatedDriver, ASyncCoversWhatWasCompleteWhenItBeganAndTakesTime) {
  bool newer_lost = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk disk;
    SimulatedDriver driver(&disk);
    Simulation simulation(seed);
    simulation.run([&] {
      auto file = driver.open("a", OpenMode::kCreate, Caching::kBuffered);
      ASSERT_TRUE(driver.sync_directory("/").ok());
      ASSERT_TRUE((*file)->write_at(0, "1").ok());
      bool ended = false;
      Thread other("other", [&] {
        while (!ended) {
          ASSERT_TRUE((*file)->write_at(0, "2").ok());
          sleep_ns(5'000);
        }
      });
      const uint64_t start = monotonic_ns();
      ASSERT_TRUE((*file)->sync().ok());
      EXPECT_GE(monotonic_ns() - start, 10'000u);
      Random random(seed);
      SimulatedDisk image = disk.crash_image(CrashStyle::kLoseAll, &random);
      SimulatedDriver found(&image);
      auto bytes = read_file(&found, "a", 10);
      newer_lost |= bytes.ok() && *bytes == "1";
      EXPECT_TRUE(*bytes == "1" || *bytes == "2");
      ended = true;
    });
  }
  EXPECT_TRUE(newer_lost);
}

TEST(SimulatedDriver, ConcurrentDurableWritesEndInAnyOrder) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk disk;
    SimulatedDriver driver(&disk);
    std::string order;
    Simulation simulation(seed);
    simulation.run([&] {
      auto file = driver.open("a", OpenMode::kCreate, Caching::kBuffered);
      std::vector<Thread> writers;
      writers.reserve(5);
      for (uint64_t i = 0; i < 3; ++i) {
        writers.emplace_back("writer", [&, i] {
          EXPECT_TRUE((*file)->write_at_durable(i, "x").ok());
          order.push_back(static_cast<char>('0' + i));
        });
      }
    });
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(SimulatedDriver, AShortWriteCanBeSeenHalfDone) {
  bool half = false;
  for (uint64_t seed = 0; seed < 100 && !half; ++seed) {
    SimulatedDisk disk;
    SimulatedDriver driver(&disk);
    driver.set_faults([](const IoEventInfo&) { return FaultKind::kShort; });
    Simulation simulation(seed);
    simulation.run([&] {
      auto file = driver.open("a", OpenMode::kCreate, Caching::kBuffered);
      Thread writer("writer", [&] { EXPECT_TRUE((*file)->write_at(0, "abcdef").ok()); });
      half |= *(*file)->size() == 3;
      for (int i = 0; i < 10; ++i) {
        spin_pause();
        half |= *(*file)->size() == 3;
      }
    });
    EXPECT_EQ(disk.total_bytes(), 6u);
  }
  EXPECT_TRUE(half);
}

TEST(SimulatedRing, CompletesInSeededOrdersAndSomeBeforeTheWait) {
  std::set<std::string> orders;
  bool early = false, late = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk disk;
    SimulatedDriver driver(&disk);
    Simulation simulation(seed);
    simulation.run([&] {
      Thread idle("idle", [] { spin_pause(); });  // a choice, so that the traces differ
      auto file = driver.open("a", OpenMode::kCreate, Caching::kBuffered);
      auto ring = driver.make_ring(8);
      std::string bytes = "abcdefgh";
      for (uint64_t i = 0; i < bytes.size(); ++i) {
        ASSERT_TRUE(
            (*ring)->submit({Ring::Operation::kWriteDurable, file->get(), i, bytes.data() + i, 1, i}).ok());
      }
      ASSERT_TRUE((*ring)->flush().ok());
      EXPECT_EQ((*ring)->outstanding(), 8u);
      early |= driver.counters().durable_writes > 0;
      late |= driver.counters().durable_writes < 8;
      std::string order;
      while ((*ring)->outstanding() > 0) {
        std::vector<Ring::Completion> done;
        ASSERT_TRUE((*ring)->wait(1, &done).ok());
        for (const Ring::Completion& completion : done) {
          EXPECT_TRUE(completion.status.ok());
          order.push_back(static_cast<char>('0' + completion.tag));
        }
      }
      EXPECT_EQ(std::set<char>(order.begin(), order.end()).size(), 8u);
      EXPECT_EQ(driver.counters().ring_submissions, 8u);
      EXPECT_EQ(driver.counters().ring_completions, 8u);
      EXPECT_EQ(*read_file(&driver, "a", 100), bytes);
      orders.insert(order);
    });
  }
  EXPECT_GT(orders.size(), 30u);
  EXPECT_TRUE(early && late);
}

TEST(SimulatedCost, AnOperationAndAnImageCostThisMuch) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  constexpr uint64_t kOperations = 100'000;
  uint64_t start = monotonic_ns();
  Simulation simulation(1);
  simulation.run([&] {
    auto file = driver.open("a", OpenMode::kCreate, Caching::kBuffered);
    const std::string bytes(200, 'x');
    for (uint64_t i = 0; i < kOperations; ++i) {
      ASSERT_TRUE((*file)->write_at_durable(i * bytes.size() % (1 << 20), bytes).ok());
    }
  });
  const double per_write = static_cast<double>(monotonic_ns() - start) / kOperations;
  // A disk of 1 MiB in 20 files, each with 8 KiB pending.
  SimulatedDisk full;
  SimulatedDriver filler(&full);
  for (int i = 0; i < 20; ++i) {
    auto file = filler.open(std::to_string(i), OpenMode::kCreate, Caching::kBuffered);
    ASSERT_TRUE((*file)->write_at_durable(0, std::string(52'000, static_cast<char>(i))).ok());
    ASSERT_TRUE((*file)->write_at(1000, std::string(8192, 'p')).ok());
  }
  ASSERT_TRUE(filler.sync_directory("/").ok());
  constexpr int kImages = 2'000;
  std::set<uint64_t> distinct;
  uint64_t image_ns = 0, hash_ns = 0;
  for (int i = 0; i < kImages; ++i) {
    Random random(static_cast<uint64_t>(i));
    start = monotonic_ns();
    SimulatedDisk image = full.crash_image(CrashStyle::kRandom, &random);
    image_ns += monotonic_ns() - start;
    start = monotonic_ns();
    distinct.insert(image.content_hash());
    hash_ns += monotonic_ns() - start;
  }
  std::printf(
      "durable write in a simulation: %.0f ns; image with 20 files pending: %.1f us, its hash %.1f us\n",
      per_write, static_cast<double>(image_ns) / 1e3 / kImages, static_cast<double>(hash_ns) / 1e3 / kImages);
  EXPECT_EQ(distinct.size(), static_cast<size_t>(kImages));
}

}  // namespace
}  // namespace varve::io
