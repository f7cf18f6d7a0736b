#include "wal/log.h"

#include "base/io/clock.h"
#include "base/io/thread.h"
#include "tests/wal/log_fixture.h"

namespace varve::wal {
namespace {

using io::SimulatedDisk;
using io::SimulatedDriver;
using io::Simulation;

TEST(Log, SyncedRecordsAreReplayedInOrder) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    for (int i = 0; i < 100; ++i) {
      auto sequence = put(opened->log.get(), "record " + std::to_string(i));
      ASSERT_TRUE(sequence.ok()) << sequence.status().to_string();
      EXPECT_EQ(sequence->value, static_cast<uint64_t>(i) + 1);
    }
    ASSERT_TRUE(opened->log->close().ok());
    opened->log.reset();

    auto again = recover_log(small_options(&driver));
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    ASSERT_EQ(again->replayed.size(), 100u);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(again->replayed[i].payload, "record " + std::to_string(i));
      EXPECT_EQ(again->replayed[i].sequence, static_cast<uint64_t>(i) + 1);
      EXPECT_EQ(again->replayed[i].kind, 1);
      EXPECT_EQ(again->replayed[i].origin, 7u);
    }
    EXPECT_EQ(again->report.last_sequence.value, 100u);
    EXPECT_TRUE(again->report.unproven.empty()) << "a clean close proves its last frame";
  });
}

TEST(Log, SixtyFourConcurrentSyncPutsTakeAtMostSixteenSyncs) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimulatedDisk disk;
    SimulatedDriver driver(&disk);
    Simulation(seed).run([&] {
      driver.set_latency_ns(100'000, 100'000, 100'000);
      LogOptions options = small_options(&driver);
      options.idle_promise_ns = 0;
      auto opened = open_log(options);
      ASSERT_TRUE(opened.ok()) << opened.status().to_string();
      const uint64_t before = driver.counters().durable_writes + driver.counters().syncs;
      std::vector<io::Thread> writers;
      for (int i = 0; i < 64; ++i) {
        writers.emplace_back("writer",
                             [&, i] { EXPECT_TRUE(put(opened->log.get(), std::to_string(i)).ok()); });
      }
      for (io::Thread& writer : writers) writer.join();
      const uint64_t syncs = driver.counters().durable_writes + driver.counters().syncs - before;
      EXPECT_LE(syncs, 16u) << "seed " << seed;
      EXPECT_GE(syncs, 1u);
      EXPECT_EQ(opened->log->durable_sequence().value, 64u);
    });
  }
}

TEST(Log, RecordsLargerThanFramesAndSegmentsSurvive) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    std::vector<std::string> payloads;
    for (const size_t size : {0u, 1u, 15'000u, 16'384u, 70'000u, 200'000u, 5u}) {
      payloads.emplace_back(size, static_cast<char>('a' + payloads.size()));
      ASSERT_TRUE(put(opened->log.get(), payloads.back()).ok());
    }
    opened->log.reset();
    auto again = open_log(small_options(&driver));
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    ASSERT_EQ(again->replayed.size(), payloads.size());
    for (size_t i = 0; i < payloads.size(); ++i) EXPECT_EQ(again->replayed[i].payload, payloads[i]);
    EXPECT_GT(again->report.segments, 4u);
  });
}

TEST(Log, SlotsAreFilledInBigEndianInTheRecordAndInTheCallersBuffer) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok());
    Log* log = opened->log.get();
    ASSERT_TRUE(append(log, "first").ok());
    std::string payload(24, '.');
    const Slot slots[] = {{0, Slot::Kind::kSequence}, {16, Slot::Kind::kCommitTime}};
    SequenceNumber seen;
    const std::function<void(const Log::Appended&)> reserved = [&](const Log::Appended& a) {
      seen = a.sequence;
    };
    auto appended = log->append(1, 0, MutableSlice(payload.data(), payload.size()), slots, &reserved);
    ASSERT_TRUE(appended.ok());
    EXPECT_EQ(seen, appended->sequence);
    EXPECT_EQ(load_big64(payload.data()), 2u);
    EXPECT_EQ(load_big64(payload.data() + 16), appended->commit_time_us);
    EXPECT_EQ(payload.substr(8, 8), "........");
    const Slot outside[] = {{17, Slot::Kind::kSequence}};
    EXPECT_EQ(log->append(1, 0, MutableSlice(payload.data(), payload.size()), outside).code(),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(log->sync(SequenceNumber(3)).code(), ErrorCode::kInvalidArgument) << "never appended";
    EXPECT_EQ(log->next_sequence().value, 3u) << "a refused append takes no number";
    opened->log.reset();
    auto again = recover_log(small_options(&driver));
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(again->replayed.size(), 2u);
    EXPECT_EQ(again->replayed[1].payload, payload);
  });
}

TEST(Log, CommitTimesNeverGoBackThoughTheClockDoes) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation simulation(1);
  simulation.run([&] {
    uint64_t last = 0;
    for (int life = 0; life < 3; ++life) {
      auto opened = open_log(small_options(&driver));
      ASSERT_TRUE(opened.ok());
      for (int i = 0; i < 5; ++i) {
        auto appended = append(opened->log.get(), "x");
        ASSERT_TRUE(appended.ok());
        EXPECT_GE(appended->commit_time_us, last);
        last = appended->commit_time_us;
        simulation.jump_wall_clock_us(-3'600'000'000);
      }
      ASSERT_TRUE(opened->log->close().ok());
    }
  });
}

TEST(Log, RequestSyncTellsOnDurableWithoutAnyoneWaiting) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    LogOptions options = small_options(&driver);
    uint64_t told = 0;
    options.on_durable = [&](SequenceNumber durable) {
      EXPECT_GT(durable.value, told);
      told = durable.value;
    };
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(opened->log.get(), "x").ok());
    io::sleep_ns(50'000'000);
    EXPECT_EQ(told, 0u) << "nobody asked";
    opened->log->request_sync();
    io::sleep_ns(50'000'000);
    EXPECT_EQ(told, 10u);
    EXPECT_EQ(opened->log->durable_sequence().value, 10u);
  });
}

TEST(Log, ALentThreadWritesTheFrameOfAnIdleLogItself) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    LogOptions options = small_options(&driver);
    uint64_t told = 0;
    options.on_durable = [&](SequenceNumber durable) { told = durable.value; };
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    opened->log->write_or_request_sync();  // nothing to write
    EXPECT_EQ(told, 0u);
    for (uint64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(append(opened->log.get(), "x").ok());
      opened->log->write_or_request_sync();
      EXPECT_EQ(told, i) << "not durable on return";
    }
    EXPECT_EQ(opened->log->statistics().frames, 3u);
  });
}

TEST(Log, TheIntervalMakesRecordsDurableWithoutAnyoneAsking) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    LogOptions options = small_options(&driver);
    options.sync_interval_ns = 10'000'000;
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    for (int round = 1; round <= 3; ++round) {
      ASSERT_TRUE(append(opened->log.get(), "x").ok());
      ASSERT_TRUE(append(opened->log.get(), "y").ok());
      EXPECT_LT(opened->log->durable_sequence().value, 2u * round);
      io::sleep_ns(12'000'000);
      EXPECT_EQ(opened->log->durable_sequence().value, 2u * round);
    }
    EXPECT_TRUE(put(opened->log.get(), "on demand").ok());
  });
}

TEST(Log, AShortIntervalIsNotHeldUpByALongerPromise) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    LogOptions options = small_options(&driver);
    options.sync_interval_ns = 1'000'000;
    options.idle_promise_ns = 50'000'000;
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    for (uint64_t round = 1; round <= 3; ++round) {
      ASSERT_TRUE(append(opened->log.get(), "x").ok());
      io::sleep_ns(1'500'000);
      EXPECT_EQ(opened->log->durable_sequence().value, round);
    }
  });
}

TEST(Log, AnIdleLogProvesItsLastFrameOnceAndThenSleeps) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation simulation(1);
  simulation.run([&] {
    auto opened = open_log(small_options(&driver));
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE(put(opened->log.get(), "x").ok());
    EXPECT_EQ(opened->log->statistics().promise_frames, 0u);
    io::sleep_ns(20'000'000);
    EXPECT_EQ(opened->log->statistics().promise_frames, 1u);
    const uint64_t switches = simulation.context_switches();
    io::sleep_ns(10'000'000'000);
    EXPECT_EQ(opened->log->statistics().promise_frames, 1u);
    EXPECT_LE(simulation.context_switches() - switches, 4u) << "the log thread must sleep when idle";
    auto killed = recover_log(small_options(&driver));
    ASSERT_TRUE(killed.ok());
    EXPECT_TRUE(killed->report.unproven.empty());
  });
}

TEST(Log, WaitForRoomBoundsWhatIsPending) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    driver.set_latency_ns(1'000'000, 1'000'000, 1'000'000);
    LogOptions options = small_options(&driver);
    options.max_pending_bytes = 40'000;
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    bool was_full = false;
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(append(opened->log.get(), std::string(2'000, 'x')).ok());
      was_full |= !opened->log->has_room();
      opened->log->wait_for_room();
      EXPECT_TRUE(opened->log->has_room());
    }
    EXPECT_TRUE(was_full);
  });
}

TEST(Log, ReleasedSegmentsAreRecycledAndTheirStaleFramesNeverReplay) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    Manifest manifest;
    LogOptions options = small_options(&driver);
    std::vector<uint64_t> first_kept;
    options.before_release = [&](SegmentNumber kept) {
      first_kept.push_back(kept.value);
      manifest.generations.back().first_segment = kept;
      return manifest.save(&driver);
    };
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    manifest = opened->manifest;
    Log* log = opened->log.get();
    EXPECT_EQ(log->oldest_segment_last_sequence(), kNoSequence);
    uint64_t most = 0;
    for (int i = 0; i < 400; ++i) {
      ASSERT_TRUE(put(log, std::string(1'500, static_cast<char>('a' + i % 26))).ok());
      if (i % 20 == 19) {
        most = std::max(most, log->bytes_in_use());
        manifest.flushed_before = log->durable_sequence().value;
        ASSERT_TRUE(manifest.save(&driver).ok());
        ASSERT_TRUE(log->release_before(SequenceNumber(manifest.flushed_before)).ok());
      }
    }
    EXPECT_GT(log->statistics().segments_recycled, 10u);
    EXPECT_LE(most, 5u * 64 * 1024);
    EXPECT_GT(first_kept.size(), 10u);
    EXPECT_EQ(log->generation().first_segment.value, first_kept.back());
    // kill -9: behind the last frame lie stale ones.
    SimulatedDisk killed = disk.clone();
    SimulatedDriver other(&killed);
    auto again = open_log(small_options(&other));
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    ASSERT_FALSE(again->replayed.empty());
    EXPECT_EQ(again->replayed.front().sequence, manifest.flushed_before);
    EXPECT_EQ(again->replayed.back().sequence, 400u);
    EXPECT_EQ(again->report.torn_tail_bytes, 0u);
    EXPECT_EQ(again->log->next_sequence().value, 401u);
  });
}

TEST(Log, SegmentsStayWhenTheStoreCannotNoteTheirRelease) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    LogOptions options = small_options(&driver);
    options.before_release = [](SegmentNumber) { return Status::io_error("manifest"); };
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(put(opened->log.get(), std::string(1'500, 'x')).ok());
    const uint64_t before = opened->log->bytes_in_use();
    EXPECT_EQ(opened->log->release_before(SequenceNumber(90)).code(), ErrorCode::kIoError);
    EXPECT_EQ(opened->log->bytes_in_use(), before);
    opened->log.reset();
    auto again = recover_log(small_options(&driver));
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    EXPECT_EQ(again->replayed.size(), 100u);
  });
}

TEST(Log, ManyLivesOfOneLogReplayAsOne) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    for (int life = 0; life < 6; ++life) {
      auto opened = open_log(small_options(&driver));
      ASSERT_TRUE(opened.ok()) << opened.status().to_string();
      ASSERT_EQ(opened->replayed.size(), 10u * life);
      EXPECT_EQ(opened->log->last_appended().value, 10u * life);
      EXPECT_EQ(opened->log->durable_sequence().value, 10u * life);
      for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(opened->log.get(), std::string(life * 1000, 'x')).ok());
      ASSERT_TRUE(life % 2 == 0 || opened->log->close().ok());
    }
  });
}

TEST(Log, ATooLongRecordIsRefused) {
  SimulatedDisk disk;
  SimulatedDriver driver(&disk);
  Simulation(1).run([&] {
    LogOptions options = small_options(&driver);
    options.max_record_bytes = 100;
    auto opened = open_log(options);
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(put(opened->log.get(), std::string(100, 'x')).ok());
    EXPECT_EQ(append(opened->log.get(), std::string(101, 'x')).code(), ErrorCode::kInvalidArgument);
    ASSERT_TRUE(opened->log->close().ok());
    EXPECT_EQ(append(opened->log.get(), "closed").code(), ErrorCode::kStoreFailed);
  });
}

}  // namespace
}  // namespace varve::wal
