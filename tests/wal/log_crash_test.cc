// Power cuts at every I/O event of a log under concurrent load: what was acknowledged is replayed, what was not is a
// prefix in sequence order, and a crash of the recovery changes nothing.
#include <map>
#include <set>

#include "base/io/clock.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "tests/wal/log_fixture.h"

namespace varve::wal {
namespace {

using io::CrashStyle;
using io::IoEventInfo;
using io::SimulatedDisk;
using io::SimulatedDriver;
using io::Simulation;

constexpr CrashStyle kStyles[] = {CrashStyle::kRandom, CrashStyle::kLoseAll, CrashStyle::kKeepAll,
                                  CrashStyle::kPrefix, CrashStyle::kTearLast};

// What one life of the log did, as far as the test may know it.
struct History {
  std::map<uint64_t, std::string> appended;  // by sequence, filled in by `reserved`
  uint64_t acknowledged = 0;
  uint64_t flushed_before = 0;  // as far as a manifest with it may be durable
};

struct Tally {
  uint64_t images = 0;
  uint64_t double_crashes = 0;
  uint64_t torn = 0;
  uint64_t unproven = 0;
  std::set<uint64_t> distinct;
};

std::string payload_of(Random* random, uint64_t tag) {
  const uint64_t shape = random->below(20);
  const uint64_t size = shape == 0  ? random->below(60'000)
                        : shape < 4 ? random->below(6'000)
                                    : random->below(300);
  return std::to_string(tag) + std::string(size, static_cast<char>('a' + tag % 26));
}

void check_replay(const OpenedLog& opened, const History& history, const std::string& what) {
  const uint64_t from = opened.manifest.flushed_before;
  uint64_t expected = std::max<uint64_t>(from, 1);
  for (const Replayed& record : opened.replayed) {
    ASSERT_EQ(record.sequence, expected++) << what;
    const auto found = history.appended.find(record.sequence);
    ASSERT_NE(found, history.appended.end()) << what << ": a record that was never appended";
    ASSERT_EQ(record.payload, found->second) << what << ": sequence " << record.sequence;
  }
  ASSERT_GE(opened.report.last_sequence.value, history.acknowledged) << what;
  if (!opened.replayed.empty()) {
    ASSERT_EQ(opened.report.last_sequence.value, opened.replayed.back().sequence) << what;
  }
}

// Opens the image as a restart would, sometimes crashing within that, and once more after it.
void recover_image(SimulatedDisk image, const History& history, Random* random, Tally* tally,
                   const std::string& what) {
  ++tally->images;
  tally->distinct.insert(image.content_hash());
  std::unique_ptr<SimulatedDisk> second;
  const uint64_t crash_at = random->one_in(4) ? random->below(30) : UINT64_MAX;
  uint64_t shown = 0;
  {
    SimulatedDriver driver(&image);
    uint64_t events = 0;
    driver.set_observer([&](const IoEventInfo& event) {
      if (event.event == io::IoEvent::kRead || event.event == io::IoEvent::kOpen) return;
      if (events++ == crash_at) {
        second = std::make_unique<SimulatedDisk>(image.crash_image(kStyles[random->below(5)], random));
      }
    });
    Simulation(random->next()).run([&] {
      auto opened = open_log(small_options(&driver));
      ASSERT_TRUE(opened.ok()) << what << ": " << opened.status().to_string();
      check_replay(*opened, history, what);
      tally->torn += opened->report.torn_tail_bytes != 0 ? 1 : 0;
      tally->unproven += opened->report.unproven.size();
      shown = opened->report.last_sequence.value;
    });
  }
  if (testing::Test::HasFatalFailure()) return;
  // What recovery showed survives a power cut right after it.
  second = second != nullptr
               ? std::move(second)
               : std::make_unique<SimulatedDisk>(image.crash_image(CrashStyle::kLoseAll, random));
  SimulatedDriver driver(second.get());
  Simulation(random->next()).run([&] {
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok()) << what << ", second crash: " << opened.status().to_string();
    check_replay(*opened, history, what + ", second crash");
    if (crash_at == UINT64_MAX) {
      ASSERT_EQ(opened->report.last_sequence.value, shown) << what << ": a reader saw more";
    } else {
      ++tally->double_crashes;
    }
  });
}

class Life {
 public:
  Life(uint64_t seed, SimulatedDisk* disk, History* history, Tally* tally)
      : seed_(seed),
        random_(seed),
        images_(seed + 1),
        driver_(disk),
        disk_(disk),
        history_(history),
        tally_(tally) {}

  void run(uint64_t records) {
    driver_.set_latency_ns(20'000, 50'000, 100'000);
    driver_.set_observer([this](const IoEventInfo& event) { on_event(event); });
    Simulation(seed_).run([&] {
      LogOptions options = small_options(&driver_);
      if (random_.one_in(3)) options.sync_interval_ns = 300'000;
      options.idle_promise_ns = random_.one_in(2) ? 200'000 : 0;
      options.before_release = [&](SegmentNumber first_kept) {
        std::vector<Generation>& generations = manifest_.generations;
        std::erase_if(generations, [&](const Generation& generation) {
          return generation.ended && generation.end.position.segment < first_kept;
        });
        for (Generation& generation : generations) {
          generation.first_segment = std::max(generation.first_segment, first_kept);
        }
        return manifest_.save(&driver_);
      };
      auto opened = open_log(options);
      ASSERT_TRUE(opened.ok()) << opened.status().to_string();
      check_replay(*opened, *history_, "reopen");
      history_->appended.erase(history_->appended.upper_bound(opened->report.last_sequence.value),
                               history_->appended.end());
      manifest_ = opened->manifest;
      log_ = opened->log.get();
      counting_ = true;
      std::vector<io::Thread> writers;
      const uint64_t count = 1 + random_.below(5);
      for (uint64_t i = 0; i < count; ++i) {
        writers.emplace_back("writer", [this, records, count] { write(records / count); });
      }
      writers.emplace_back("flusher", [this] { flush(); });
      for (io::Thread& writer : writers) writer.join();
      if (random_.one_in(2)) {
        ASSERT_TRUE(log_->close().ok());
      }
      opened->log.reset();
    });
  }

 private:
  void write(uint64_t records) {
    for (uint64_t i = 0; i < records; ++i) {
      std::string payload = payload_of(&random_, i);
      const std::function<void(const Log::Appended&)> reserved = [&](const Log::Appended& appended) {
        history_->appended[appended.sequence.value] = payload;
      };
      auto appended = log_->append(1, 0, MutableSlice(payload.data(), payload.size()), {}, &reserved);
      ASSERT_TRUE(appended.ok()) << appended.status().to_string();
      if (random_.one_in(4)) {
        random_.one_in(2) ? log_->request_sync() : log_->write_or_request_sync();
      } else if (!random_.one_in(5)) {
        ASSERT_TRUE(log_->sync(appended->sequence).ok());
        history_->acknowledged = std::max(history_->acknowledged, appended->sequence.value);
      }
      if (random_.one_in(10)) io::sleep_ns(random_.below(1'000'000));
    }
  }

  void flush() {
    for (int i = 0; i < 4; ++i) {
      io::sleep_ns(random_.below(3'000'000));
      const uint64_t bound = log_->durable_sequence().value;
      if (bound <= manifest_.flushed_before) continue;
      manifest_.flushed_before = bound;
      ASSERT_TRUE(manifest_.save(&driver_).ok());
      const Status status = log_->release_before(SequenceNumber(bound));
      ASSERT_TRUE(status.ok()) << status.to_string();
    }
  }

  void on_event(const IoEventInfo& event) {
    if (!counting_ || in_image_ || event.event == io::IoEvent::kRead || event.event == io::IoEvent::kOpen)
      return;
    if (testing::Test::HasFatalFailure()) return;
    in_image_ = true;
    const CrashStyle style = kStyles[images_.below(5)];
    const std::string what = "seed " + std::to_string(seed_) + " event " + std::to_string(event.index) +
                             (event.after ? " after " : " before ") + event.path + " style " +
                             std::to_string(static_cast<int>(style));
    recover_image(disk_->crash_image(style, &images_), *history_, &images_, tally_, what);
    in_image_ = false;
  }

  const uint64_t seed_;
  Random random_;
  Random images_;
  SimulatedDriver driver_;
  SimulatedDisk* disk_;
  History* history_;
  Tally* tally_;
  Manifest manifest_;
  Log* log_ = nullptr;
  bool counting_ = false;
  bool in_image_ = false;
};

TEST(LogCrash, AcknowledgedRecordsSurvivePowerCutsAtEveryEvent) {
  Tally tally;
  for (uint64_t seed = 1; seed <= 12 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimulatedDisk disk;
    History history;
    Life(seed * 1000, &disk, &history, &tally).run(60);
    if (HasFatalFailure()) return;
    // A second life after a power cut, on what the first one left.
    Random random(seed);
    SimulatedDisk after = disk.crash_image(kStyles[seed % 5], &random);
    Life(seed * 1000 + 500, &after, &history, &tally).run(40);
  }
  std::printf("%lu images, %zu distinct, %lu double crashes, %lu torn tails, %lu unproven records\n",
              tally.images, tally.distinct.size(), tally.double_crashes, tally.torn, tally.unproven);
  EXPECT_GT(tally.images, 2'000u);
  EXPECT_GT(tally.torn, 10u);
  EXPECT_GT(tally.unproven, 10u);
  EXPECT_GT(tally.double_crashes, tally.images / 10);
}

}  // namespace
}  // namespace varve::wal
