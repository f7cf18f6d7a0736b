#include "partition/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/io/clock.h"
#include "base/io/mutex.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/io/thread.h"
#include "tests/support/temporary_directory.h"

namespace varve::partition {
namespace {

StoreOptions small(io::Driver* driver) {
  StoreOptions options;
  options.driver = driver;
  options.memory_bytes = 4u << 20;
  options.log_first_segment_bytes = 64u << 10;
  options.log_max_segment_bytes = 256u << 10;
  return options;
}

Status put(Store* store, KeyspaceId id, Slice key, Slice value) {
  WriteBatch batch;
  batch.put(id, key, value);
  return store->write(&batch).status();
}

// "" for an absent key.
std::string get(Store* store, KeyspaceId id, Slice key, ReadPoint point = ReadPoint::visible()) {
  PinnedValue value;
  auto lookup = store->get(id, key, point, &value);
  EXPECT_TRUE(lookup.ok()) << lookup.status().to_string();
  return lookup.ok() && lookup->found ? std::string(value.slice()) : "";
}

std::unique_ptr<Store> must_open(const std::string& directory, const StoreOptions& options) {
  auto store = Store::open(directory, options);
  EXPECT_TRUE(store.ok()) << store.status().to_string();
  return store.ok() ? std::move(*store) : nullptr;
}

KeyspaceId must_create(Store* store, const std::string& name) {
  auto id = store->create_keyspace(name);
  EXPECT_TRUE(id.ok()) << id.status().to_string();
  return id.ok() ? *id : KeyspaceId();
}

// One step of a counter kept as 8 bytes.
Result<CommitResult> increment(Store* store, KeyspaceId id, Slice key) {
  const CommitKey commit_key{id, key};
  return store->commit({&commit_key, 1}, [&](std::span<const Image> images, WriteBatch* batch) {
    char bytes[8];
    store_big64(bytes, images[0].found ? load_big64(images[0].value.data()) + 1 : 1);
    batch->put(id, key, Slice(bytes, sizeof(bytes)));
    return Status();
  });
}

// The ten lines of the README.
TEST(Store, TheReadmeExampleWorks) {
  TemporaryDirectory temporary;
  const std::string data = temporary.path() + "/data";
  {
    auto store = varve::partition::Store::open(data, {});
    auto users = (*store)->create_keyspace("users");
    varve::partition::WriteBatch batch;
    batch.put(*users, "alice", "1");
    ASSERT_TRUE((*store)->write(&batch).ok());
    varve::partition::PinnedValue value;
    ASSERT_TRUE((*store)->get(*users, "alice", varve::partition::ReadPoint::visible(), &value).ok());
    EXPECT_EQ(value.slice(), "1");
  }
  auto store = must_open(data, {});
  const auto users = store->find_keyspace("users");
  ASSERT_TRUE(users.has_value());
  EXPECT_EQ(get(store.get(), *users, "alice"), "1");
}

TEST(Store, ABatchOverManyKeyspacesHasOneSequenceNumber) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId a = must_create(store.get(), "a"), b = must_create(store.get(), "b");
  WriteBatch batch;
  batch.put(a, "k", "1");
  batch.put(b, "k", "2");
  auto committed = store->write(&batch);
  ASSERT_TRUE(committed.ok());
  PinnedValue value;
  EXPECT_EQ(store->get(a, "k", ReadPoint::visible(), &value)->sequence, committed->sequence);
  EXPECT_EQ(store->get(b, "k", ReadPoint::visible(), &value)->sequence, committed->sequence);
}

TEST(Store, BadBatchesAreRefusedWhole) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId a = must_create(store.get(), "a");
  WriteBatch twice;
  twice.put(a, "k", "1");
  twice.remove(a, "k");
  EXPECT_EQ(store->write(&twice).code(), ErrorCode::kInvalidArgument);
  WriteBatch unknown;
  unknown.put(a, "k", "1");
  unknown.put(KeyspaceId(99999), "k", "1");
  EXPECT_EQ(store->write(&unknown).code(), ErrorCode::kNotFound);
  EXPECT_EQ(get(store.get(), a, "k"), "");
}

TEST(Store, OneDirectoryHasOneUser) {
  TemporaryDirectory temporary;
  const std::string data = temporary.path() + "/data";
  auto store = must_open(data, {});
  auto second = Store::open(data, {});
  ASSERT_EQ(second.code(), ErrorCode::kBusy);
  EXPECT_NE(second.status().message().find(data), std::string::npos) << second.status().message();
  ASSERT_TRUE(store->close().ok());
  store.reset();
  EXPECT_TRUE(Store::open(data, {}).ok());
}

TEST(Store, OpenWithoutCreateRefusesAnEmptyPlace) {
  TemporaryDirectory temporary;
  StoreOptions options;
  options.create = false;
  EXPECT_EQ(Store::open(temporary.path() + "/nothing", options).code(), ErrorCode::kNotFound);
  EXPECT_EQ(Store::open(temporary.path(), options).code(), ErrorCode::kNotFound);
}

TEST(Store, ALogWithoutAManifestIsNotANewStore) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  {
    auto store = must_open("data", small(&driver));
    must_create(store.get(), "a");
  }
  auto names = driver.list("data/lsm");
  ASSERT_TRUE(names.ok());
  for (const std::string& name : *names) ASSERT_TRUE(driver.remove("data/lsm/" + name).ok());
  auto store = Store::open("data", small(&driver));
  EXPECT_FALSE(store.ok());
}

TEST(Store, DroppedKeyspacesAreGoneAndTheirIdsNeverReused) {
  TemporaryDirectory temporary;
  const std::string data = temporary.path() + "/data";
  KeyspaceId first;
  {
    auto store = must_open(data, {});
    first = must_create(store.get(), "a");
    ASSERT_TRUE(put(store.get(), first, "k", "old").ok());
    ASSERT_TRUE(store->drop_keyspace(first).ok());
    EXPECT_EQ(store->drop_keyspace(first).code(), ErrorCode::kNotFound);
  }
  auto store = must_open(data, {});
  EXPECT_FALSE(store->find_keyspace("a").has_value());
  const KeyspaceId second = must_create(store.get(), "a");
  EXPECT_NE(second, first);
  EXPECT_EQ(get(store.get(), second, "k"), "");
}

TEST(Store, ConcurrentIncrementsLoseNothing) {
  TemporaryDirectory temporary;
  StoreOptions options;
  options.durability = Durability::kInterval;
  auto store = must_open(temporary.path() + "/data", options);
  const KeyspaceId id = must_create(store.get(), "a");
  constexpr int kThreads = 4, kEach = 2000;
  {
    std::vector<io::Thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back("increment", [&] {
        for (int n = 0; n < kEach; ++n) ASSERT_TRUE(increment(store.get(), id, "counter").ok());
      });
    }
  }
  EXPECT_EQ(load_big64(get(store.get(), id, "counter").data()), static_cast<uint64_t>(kThreads * kEach));
}

TEST(Store, AsynchronousCommitsAreToldOnceAndDurable) {
  TemporaryDirectory temporary;
  const std::string data = temporary.path() + "/data";
  constexpr int kCommits = 500;
  std::atomic<int> told{0};
  {
    auto store = must_open(data, {});
    const KeyspaceId id = must_create(store.get(), "a");
    io::Mutex mutex;
    io::CondVar done;
    for (int n = 0; n < kCommits; ++n) {
      const std::string key = "key" + std::to_string(n);
      const CommitKey commit_key{id, key};
      store->commit_async(
          {&commit_key, 1},
          [&](std::span<const Image>, WriteBatch* batch) {
            batch->put(id, key, "v");
            return Status();
          },
          {},
          [&](Result<CommitResult> result) {
            EXPECT_TRUE(result.ok());
            io::MutexLock lock(&mutex);
            if (++told == kCommits) done.notify_all();
          });
    }
    io::MutexLock lock(&mutex);
    while (told < kCommits) done.wait(&mutex);
    EXPECT_LT(store->statistics().log_frames, static_cast<uint64_t>(kCommits))
        << "commits did not share frames";
  }
  auto store = must_open(data, {});
  for (int n = 0; n < kCommits; ++n) {
    ASSERT_EQ(get(store.get(), *store->find_keyspace("a"), "key" + std::to_string(n)), "v") << n;
  }
  EXPECT_EQ(told, kCommits);
}

TEST(Store, ACallerThatLendsItsThreadIsToldBeforeTheCallReturns) {
  TemporaryDirectory temporary;
  bool lends = true;
  StoreOptions options;
  options.caller_may_write_log = [&] { return lends; };
  auto store = must_open(temporary.path() + "/data", options);
  const KeyspaceId id = must_create(store.get(), "a");
  io::Mutex mutex;
  io::CondVar done;
  bool told = false;
  const auto put_async = [&](const std::string& key) {
    told = false;
    const CommitKey commit_key{id, key};
    store->commit_async(
        {&commit_key, 1},
        [&](std::span<const Image>, WriteBatch* batch) {
          batch->put(id, key, "v");
          return Status();
        },
        {},
        [&](const Result<CommitResult>& result) {
          EXPECT_TRUE(result.ok());
          io::MutexLock lock(&mutex);
          told = true;
          done.notify_all();
        });
  };
  // Once in a while the log is not idle: it writes a promise, or makes the next segment.
  int inside = 0;
  for (int n = 0; n < 20; ++n) {
    put_async("lent" + std::to_string(n));
    io::MutexLock lock(&mutex);
    inside += told ? 1 : 0;
    while (!told) done.wait(&mutex);
  }
  EXPECT_GE(inside, 10);
  lends = false;
  put_async("kept");
  io::MutexLock lock(&mutex);
  while (!told) done.wait(&mutex);
  EXPECT_EQ(get(store.get(), id, "kept"), "v");
}

TEST(Store, ARefusalWritesNothingAndCarriesItsStatus) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId id = must_create(store.get(), "a");
  const SequenceNumber before = store->visible();
  const CommitKey key{id, "k"};
  auto refused = store->commit({&key, 1}, [&](std::span<const Image> images, WriteBatch* batch) {
    EXPECT_FALSE(images[0].found);
    batch->put(id, "k", "v");
    return Status(ErrorCode::kConflict, "no");
  });
  EXPECT_EQ(refused.code(), ErrorCode::kConflict);
  EXPECT_EQ(store->visible(), before);
  EXPECT_EQ(get(store.get(), id, "k"), "");
}

TEST(Revocation, ACommitWhoseFlagIsSetMeanwhileIsEvaluatedAnewAlsoWhenItWasRefused) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId id = must_create(store.get(), "space");
  const KeyspaceId gone = must_create(store.get(), "gone");
  std::atomic<bool> revoked{false};
  const CommitKey key{id, "key"};
  int evaluations = 0;
  const auto written = store->commit({&key, 1}, [&](std::span<const Image>, WriteBatch* batch) -> Status {
    // What the first evaluation rests on goes away before it can be applied, and with it the keyspace that it writes.
    const bool first = ++evaluations == 1;
    if (first) batch->void_if(&revoked);
    batch->put(id, "key", first ? "old" : "new");
    if (!first) return {};
    batch->put(gone, "derived", "old");
    revoked.store(true, std::memory_order_release);
    return store->drop_keyspace(gone);
  });
  ASSERT_TRUE(written.ok()) << written.status().to_string();
  EXPECT_EQ(evaluations, 2);
  EXPECT_EQ(get(store.get(), id, "key"), "new");
}

// Writers that put under a flag, and one that sets it: after drain nothing of the old kind appears any more, and what was is visible.
TEST(Revocation, AfterDrainNoCommitOfTheOldKindIsStillToCome) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    simulation.run([&] {
      auto store = must_open("store", small(&driver));
      const KeyspaceId id = must_create(store.get(), "space");
      std::atomic<bool> revoked{false};
      const auto count = [&] {
        size_t found = 0;
        for (int i = 0; i < 60; ++i) found += get(store.get(), id, "k" + std::to_string(i)) == "old" ? 1 : 0;
        return found;
      };
      std::vector<io::Thread> writers;
      for (int w = 0; w < 3; ++w) {
        writers.emplace_back("writer", [&, w] {
          for (int i = 0; i < 20; ++i) {
            const std::string name = "k" + std::to_string(w * 20 + i);
            const CommitKey key{id, name};
            const auto evaluate = [&](std::span<const Image>, WriteBatch* batch) {
              const bool old = !revoked.load(std::memory_order_acquire);
              if (old) batch->void_if(&revoked);
              batch->put(id, name, old ? "old" : "new");
              return Status();
            };
            EXPECT_TRUE(store->commit({&key, 1}, evaluate).ok());
          }
        });
      }
      io::sleep_ns(seed * 300'000);
      revoked.store(true, std::memory_order_release);
      ASSERT_TRUE(store->drain().ok());
      const size_t at_drain = count();
      for (io::Thread& writer : writers) writer.join();
      EXPECT_EQ(count(), at_drain) << "seed " << seed;
      ASSERT_TRUE(store->close().ok());
    });
  }
}

TEST(Claims, AClaimedKeyRefusesWritesWithoutTheClaimAndNothingElse) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId id = must_create(store.get(), "a");
  const KeyspaceId other = must_create(store.get(), "b");
  const std::vector<CommitKey> keys = {{id, "k"}, {id, "l"}};
  std::vector<size_t> taken;
  auto claim = store->claim(keys, &taken);
  ASSERT_NE(claim, nullptr);
  EXPECT_EQ(put(store.get(), id, "k", "v").code(), ErrorCode::kConflict);
  EXPECT_EQ(increment(store.get(), id, "l").code(), ErrorCode::kConflict);
  EXPECT_TRUE(put(store.get(), id, "m", "v").ok());
  EXPECT_TRUE(put(store.get(), other, "k", "v").ok());
  EXPECT_EQ(get(store.get(), id, "k"), "");

  WriteOptions options;
  options.claim = claim.get();
  const auto evaluate = [&](std::span<const Image>, WriteBatch* batch) {
    for (const CommitKey& key : keys) batch->put(key.keyspace, key.key, "claimed");
    return Status();
  };
  EXPECT_TRUE(store->commit(keys, evaluate, options).ok());
  EXPECT_EQ(get(store.get(), id, "l"), "claimed");
  claim.reset();
  EXPECT_TRUE(put(store.get(), id, "k", "v").ok());
}

TEST(Claims, AreTakenAllOrNoneAndNameThePositionsThatOthersHold) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId id = must_create(store.get(), "a");
  const std::vector<CommitKey> first = {{id, "b"}, {id, "d"}};
  const std::vector<CommitKey> second = {{id, "a"}, {id, "b"}, {id, "c"}, {id, "d"}};
  std::vector<size_t> taken;
  auto claim = store->claim(first, &taken);
  ASSERT_NE(claim, nullptr);
  EXPECT_EQ(store->claim(second, &taken), nullptr);
  EXPECT_EQ(taken, (std::vector<size_t>{1, 3}));
  EXPECT_FALSE(store->is_claimed(id, "a"));
  EXPECT_TRUE(store->is_claimed(id, "b"));
  claim.reset();
  EXPECT_FALSE(store->is_claimed(id, "b"));
  EXPECT_NE(store->claim(second, &taken), nullptr);
}

// Counted on the simulated driver, not timed: group commit must share syncs.
TEST(GroupCommit, SixtyFourConcurrentSyncPutsTakeAtMostSixteenSyncs) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    simulation.run([&] {
      auto store = must_open("data", small(&driver));
      const KeyspaceId id = must_create(store.get(), "a");
      const uint64_t before = driver.counters().durable_writes + driver.counters().syncs;
      {
        std::vector<io::Thread> threads;
        for (int t = 0; t < 64; ++t) {
          threads.emplace_back(
              "put", [&, t] { ASSERT_TRUE(put(store.get(), id, "key" + std::to_string(t), "v").ok()); });
        }
      }
      const uint64_t syncs = driver.counters().durable_writes + driver.counters().syncs - before;
      EXPECT_LE(syncs, 16u) << "seed " << seed;
    });
  }
}

// Two writers of two keys are inside the pipeline at once: while one's frame is being written, the other's commit is applied.
TEST(GroupCommit, WritersOfTwoKeysAreInsideThePipelineAtOnce) {
  bool seen = false;
  for (uint64_t seed = 1; seed <= 50 && !seen; ++seed) {
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    simulation.run([&] {
      auto store = must_open("data", small(&driver));
      const KeyspaceId id = must_create(store.get(), "a");
      driver.set_observer([&](const io::IoEventInfo& info) {
        if (info.event != io::IoEvent::kWriteDurable) return;
        PinnedValue value;
        // Applied, but not visible: both commits stand between reserve and acknowledgement.
        const bool x = store->get(id, "x", ReadPoint::applied(), &value)->found;
        const bool y = store->get(id, "y", ReadPoint::applied(), &value)->found;
        const bool told = store->get(id, "x", ReadPoint::visible(), &value)->found ||
                          store->get(id, "y", ReadPoint::visible(), &value)->found;
        seen = seen || (x && y && !told);
      });
      io::Thread x("x", [&] { ASSERT_TRUE(put(store.get(), id, "x", "1").ok()); });
      io::Thread y("y", [&] { ASSERT_TRUE(put(store.get(), id, "y", "1").ok()); });
      x.join();
      y.join();
      driver.set_observer(nullptr);
    });
  }
  EXPECT_TRUE(seen);
}

// What a reader is shown at any moment survives a power cut at that moment.
TEST(Visibility, NoReaderSeesWhatIsNotDurable) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(3);
  simulation.run([&] {
    auto store = must_open("data", small(&driver));
    const KeyspaceId id = must_create(store.get(), "a");
    uint64_t checked = 0;
    driver.set_observer([&](const io::IoEventInfo& info) {
      if (info.event != io::IoEvent::kWriteDurable || info.after) return;
      const std::string seen = get(store.get(), id, "k");
      Random random(7);
      io::SimulatedDisk image = disk.crash_image(io::CrashStyle::kLoseAll, &random);
      io::SimulatedDriver image_driver(&image);
      io::Simulation inner(9);
      inner.run([&] {
        auto recovered = must_open("data", small(&image_driver));
        const std::string survived = get(recovered.get(), *recovered->find_keyspace("a"), "k");
        EXPECT_TRUE(survived.size() >= seen.size()) << "saw " << seen << ", recovered " << survived;
        ++checked;
      });
    });
    for (int n = 1; n <= 40; ++n)
      ASSERT_TRUE(put(store.get(), id, "k", std::string(static_cast<size_t>(n), 'x')).ok());
    driver.set_observer(nullptr);
    EXPECT_GE(checked, 40u);
  });
}

TEST(LogFailure, StopsAcknowledgementsKeepsReadsAndReopens) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  std::set<int> acknowledged;
  io::Simulation simulation(5);
  simulation.run([&] {
    auto store = must_open("data", small(&driver));
    const KeyspaceId id = must_create(store.get(), "a");
    driver.set_faults([durable_writes = 0](const io::IoEventInfo& info) mutable {
      return info.event == io::IoEvent::kWriteDurable && ++durable_writes == 5 ? io::FaultKind::kEio
                                                                               : io::FaultKind::kNone;
    });
    Status failed;
    for (int n = 0; n < 20 && failed.ok(); ++n) {
      failed = put(store.get(), id, "key" + std::to_string(n), "v");
      if (failed.ok()) acknowledged.insert(n);
    }
    EXPECT_EQ(failed.code(), ErrorCode::kOutcomeUnknown);
    EXPECT_EQ(put(store.get(), id, "later", "v").code(), ErrorCode::kStoreFailed);
    EXPECT_EQ(store->health().code(), ErrorCode::kStoreFailed);
    for (int n : acknowledged) EXPECT_EQ(get(store.get(), id, "key" + std::to_string(n)), "v");
    EXPECT_EQ(get(store.get(), id, "later"), "");
    EXPECT_FALSE(acknowledged.empty());
    (void)store->close();
    store.reset();

    store = must_open("data", small(&driver));
    const KeyspaceId again = *store->find_keyspace("a");
    for (int n : acknowledged) EXPECT_EQ(get(store.get(), again, "key" + std::to_string(n)), "v");
    EXPECT_TRUE(put(store.get(), again, "later", "v").ok());
  });
}

TEST(LogSpace, IsBoundedByItsLimitAndRecoveryByTheLog) {
  TemporaryDirectory temporary;
  const std::string data = temporary.path() + "/data";
  StoreOptions options = small(nullptr);
  options.log_limit_bytes = 1u << 20;
  options.durability = Durability::kInterval;
  {
    auto store = must_open(data, options);
    const KeyspaceId busy = must_create(store.get(), "busy"), idle = must_create(store.get(), "idle");
    ASSERT_TRUE(put(store.get(), idle, "k", "pins the log").ok());
    for (int n = 0; n < 20'000; ++n) {
      ASSERT_TRUE(put(store.get(), busy, "key" + std::to_string(n), std::string(300, 'v')).ok());
    }
    ASSERT_TRUE(store->quiesce().ok());
    EXPECT_LE(store->statistics().log_bytes_in_use, 4 * options.log_limit_bytes);
    EXPECT_EQ(get(store.get(), idle, "k"), "pins the log");
  }
  auto store = must_open(data, options);
  EXPECT_LE(store->recovery().bytes_replayed, 4 * options.log_limit_bytes);
  EXPECT_EQ(get(store.get(), *store->find_keyspace("idle"), "k"), "pins the log");
  EXPECT_EQ(get(store.get(), *store->find_keyspace("busy"), "key19999"), std::string(300, 'v'));
}

// Which driver the engine runs on is not an accident: without_uring reruns this program under a filter that denies io_uring.
TEST(DefaultDriver, WritesFramesThroughTheRingWhereIoUringWorks) {
  TemporaryDirectory temporary;
  StoreOptions options;
  options.durability = Durability::kInterval;
  auto store = must_open(temporary.path() + "/data", options);
  const KeyspaceId id = must_create(store.get(), "a");
  for (int n = 0; n < 1000; ++n) ASSERT_TRUE(put(store.get(), id, "key" + std::to_string(n), "v").ok());
  ASSERT_TRUE(store->sync().ok());
  ASSERT_TRUE(store->close().ok());
  io::Driver* driver = io::default_driver();
  if (io::make_uring_driver().ok()) {
    EXPECT_STREQ(driver->name(), "io_uring");
    EXPECT_GT(driver->counters().ring_submissions.load(), 0u);
  } else {
    EXPECT_STREQ(driver->name(), "posix");
    EXPECT_EQ(driver->counters().ring_submissions.load(), 0u);
  }
}

TEST(Snapshot, SeesOneMomentOfAllKeyspaces) {
  TemporaryDirectory temporary;
  auto store = must_open(temporary.path() + "/data", {});
  const KeyspaceId a = must_create(store.get(), "a"), b = must_create(store.get(), "b");
  ASSERT_TRUE(put(store.get(), a, "k", "1").ok());
  auto snapshot = store->snapshot();
  ASSERT_TRUE(put(store.get(), a, "k", "2").ok());
  ASSERT_TRUE(put(store.get(), b, "k", "2").ok());
  ASSERT_TRUE(store->flush().ok());
  ASSERT_TRUE(store->compact().ok());
  EXPECT_EQ(get(store.get(), a, "k", snapshot->point()), "1");
  EXPECT_EQ(get(store.get(), b, "k", snapshot->point()), "");
  EXPECT_EQ(get(store.get(), a, "k"), "2");
}

}  // namespace
}  // namespace varve::partition
