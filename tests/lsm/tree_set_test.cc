#include "lsm/tree_set.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/io/clock.h"
#include "base/io/mutex.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/io/thread.h"
#include "lsm/verify.h"
#include "tests/support/allocation_counter.h"

namespace varve::lsm {
namespace {

std::string key_of(uint64_t n) {
  std::string key = std::to_string(n);
  return "key" + std::string(8 - key.size(), '0') + key;
}

class TreeSetTest : public ::testing::Test {
 protected:
  TreeSetTest() : driver_(&disk_) {
    EXPECT_TRUE(driver_.create_directory("lsm").ok());
    options_.driver = &driver_;
    options_.directory = "lsm";
    options_.store_uuid = 5;
    options_.background = false;
    options_.write_buffer_bytes = 64 << 10;
    options_.block_cache_bytes = 1 << 20;
    options_.block_bytes = 1024;
    options_.target_file_bytes = 16 << 10;
    options_.level_base_bytes = 64 << 10;
    options_.level_fanout = 4;
    options_.compress = false;
  }

  void open() {
    auto opened = TreeSet::open(options_, true);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    set_ = std::move(*opened);
    tree_ = set_->tree(TreeId(1));
    set_->publish_visible(last_);
  }
  void put(const std::string& key, const std::string& value) {
    last_ = last_.next();
    tree_->apply(last_, ValueKind::kPut, key, value);
    set_->publish_visible(last_);
  }
  void remove(const std::string& key) {
    last_ = last_.next();
    tree_->apply(last_, ValueKind::kDelete, key, {});
    set_->publish_visible(last_);
  }
  Status flush() {
    return set_->flush_all([this] { return last_.next(); });
  }
  std::string get(const std::string& key, ReadPoint point = ReadPoint::visible()) {
    PinnedValue value;
    const auto found = tree_->get(key, point, &value);
    EXPECT_TRUE(found.ok()) << found.status().to_string();
    return found.ok() && found->found ? std::string(value.slice()) : "(none)";
  }
  std::vector<std::string> tables() {
    auto names = driver_.list("lsm");
    EXPECT_TRUE(names.ok());
    std::erase_if(*names, [](const std::string& name) { return !name.ends_with(".sst"); });
    return *names;
  }

  io::SimulatedDisk disk_;
  io::SimulatedDriver driver_;
  TreeSetOptions options_;
  std::unique_ptr<TreeSet> set_;
  Tree* tree_ = nullptr;
  SequenceNumber last_;
};

TEST_F(TreeSetTest, ADirectoryWithoutAManifestIsNewOnlyWhenAskedAndOnlyWithoutTables) {
  EXPECT_EQ(TreeSet::open(options_, false).code(), ErrorCode::kNotFound);
  {
    auto file = driver_.open("lsm/000012.sst", io::OpenMode::kCreate, io::Caching::kBuffered);
  }
  EXPECT_EQ(TreeSet::open(options_, true).code(), ErrorCode::kCorruption);
  EXPECT_EQ(tables().size(), 1u);
  ASSERT_TRUE(driver_.remove("lsm/000012.sst").ok());
  EXPECT_TRUE(TreeSet::open(options_, true).ok());
  EXPECT_TRUE(TreeSet::open(options_, false).ok());
  options_.store_uuid = 6;
  EXPECT_EQ(TreeSet::open(options_, false).code(), ErrorCode::kCorruption);
}

TEST_F(TreeSetTest, StrayFilesGoAndStrangersStay) {
  open();
  put("a", "1");
  ASSERT_TRUE(flush().ok());
  set_.reset();
  for (const char* name : {"lsm/000900.sst", "lsm/MANIFEST-000001.tmp", "lsm/notes.txt", "lsm/12.sst"}) {
    auto file = driver_.open(name, io::OpenMode::kCreate, io::Caching::kBuffered);
    ASSERT_TRUE(file.ok());
  }
  auto report = verify_directory(&driver_, "lsm");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->stray_files, (std::vector<std::string>{"000900.sst", "MANIFEST-000001.tmp"}));
  open();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(tables(), (std::vector<std::string>{"000002.sst", "12.sst"}));
  EXPECT_TRUE(*driver_.exists("lsm/notes.txt"));
  EXPECT_FALSE(*driver_.exists("lsm/MANIFEST-000001.tmp"));
  // Numbers pass the discarded file's.
  put("b", "2");
  ASSERT_TRUE(flush().ok());
  const std::vector<std::string> names = tables();
  EXPECT_TRUE(std::any_of(names.begin(), names.end(), [](const std::string& n) { return n > "000900.sst"; }));
}

TEST_F(TreeSetTest, AnEmptyTreeCostsNoFileAndLittleMemory) {
  open();
  const uint64_t before = set_->statistics().memtable_bytes;
  for (uint64_t i = 2; i <= 101; ++i) set_->tree(TreeId(i));
  EXPECT_LT(set_->statistics().memtable_bytes - before, 100 * 1024u);
  ASSERT_TRUE(flush().ok());
  EXPECT_TRUE(tables().empty());
  EXPECT_EQ(set_->oldest_unflushed(), kMaxSequence);
}

TEST_F(TreeSetTest, AWriterBelowTheBoundaryGoesToTheSealedMemtable) {
  SequenceNumber gate(3);
  options_.flush_gate = [&gate](SequenceNumber boundary) {
    return boundary <= gate ? Status() : Status(ErrorCode::kClosed, "beyond the gate");
  };
  open();
  put("a", "1");
  const SequenceNumber reserved(2);
  last_ = reserved;
  tree_->seal([this] { return last_.next(); });
  tree_->apply(reserved, ValueKind::kPut, "b", "late");
  put("c", "3");
  EXPECT_EQ(set_->statistics().sealed_memtables, 1u);
  EXPECT_EQ(tree_->oldest_unflushed(), SequenceNumber(1));
  // Only the sealed one passes the gate: "a" and "b" are in a file, "c" is not, and flushed_through says just that.
  EXPECT_EQ(flush().code(), ErrorCode::kClosed);
  EXPECT_EQ(tree_->flushed_through(), SequenceNumber(3));
  EXPECT_EQ(tree_->oldest_unflushed(), SequenceNumber(3));
  EXPECT_EQ(tree_->statistics().file_entries, 2u);
  set_.reset();
  open();
  EXPECT_EQ(get("b"), "late");
  EXPECT_EQ(get("c"), "(none)");
}

TEST_F(TreeSetTest, AnApproachOfManyTreesChangesNothing) {
  open();
  put("a", "1");
  const uint64_t entries = tree_->statistics().memtable_entries;
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) keys.push_back("key " + std::to_string(i));
  std::vector<TreeSet::Place> places;
  for (size_t i = 0; i < keys.size(); ++i) places.push_back({set_->tree(TreeId(1 + i % 7)), keys[i]});
  set_->approach(places);
  set_->approach({});
  EXPECT_EQ(tree_->statistics().memtable_entries, entries);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("key 7"), "(none)");
}

TEST_F(TreeSetTest, ReplayOfWhatTheFilesHoldChangesNothing) {
  open();
  put("a", "1");
  put("a", "2");
  ASSERT_TRUE(flush().ok());
  tree_->apply(SequenceNumber(1), ValueKind::kPut, "a", "1");
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(tree_->oldest_unflushed(), kMaxSequence);
}

TEST_F(TreeSetTest, ASnapshotKeepsItsVersionsThroughFlushAndCompaction) {
  open();
  put("a", "1");
  put("b", "1");
  const SequenceNumber at = set_->acquire_snapshot();
  for (int round = 2; round < 12; ++round) {
    put("a", std::to_string(round));
    remove("b");
    ASSERT_TRUE(flush().ok());
    ASSERT_TRUE(set_->compact_all().ok());
    EXPECT_EQ(get("a", ReadPoint::at(at)), "1");
    EXPECT_EQ(get("b", ReadPoint::at(at)), "1");
    EXPECT_EQ(get("b"), "(none)");
  }
  set_->release_snapshot(at);
  for (int round = 0; round < 4; ++round) {
    put("a", "last");
    remove("b");
    ASSERT_TRUE(flush().ok());
  }
  ASSERT_TRUE(set_->compact_all().ok());
  const TreeStatistics statistics = tree_->statistics();
  EXPECT_EQ(statistics.file_entries, 1u);  // the tombstone of "b" went at the bottom with what it hid
  EXPECT_EQ(statistics.file_tombstones, 0u);
}

TEST_F(TreeSetTest, ATombstoneStaysWhileADeeperLevelHoldsItsKey) {
  options_.level_base_bytes = 8 << 10;
  open();
  for (int round = 0; round < 8; ++round) {
    for (uint64_t i = 0; i < 100; ++i)
      put(key_of(i * 8 + static_cast<uint64_t>(round)), std::string(100, 'v'));
    ASSERT_TRUE(flush().ok());
    ASSERT_TRUE(set_->compact_all().ok());
  }
  ASSERT_GT(tree_->statistics().level_files[2], 0u);
  for (uint64_t i = 0; i < 800; i += 2) remove(key_of(i));
  for (int round = 0; round < 5; ++round) {
    put("zz" + std::to_string(round), "x");
    ASSERT_TRUE(flush().ok());
    ASSERT_TRUE(set_->compact_all().ok());
    for (uint64_t i = 0; i < 800; i += 37) {
      ASSERT_EQ(get(key_of(i)), i % 2 == 0 ? "(none)" : std::string(100, 'v'));
    }
  }
}

TEST_F(TreeSetTest, AnIteratorKeepsItsFilesAndTheirUnlinkFollowsIt) {
  open();
  for (uint64_t i = 0; i < 400; ++i) put(key_of(i), "old");
  ASSERT_TRUE(flush().ok());
  const std::vector<std::string> old = tables();
  {
    auto it = tree_->iterate({}, ReadPoint::visible());
    ASSERT_TRUE(it.ok());
    (*it)->seek_to_first();
    for (int round = 0; round < 4; ++round) {
      for (uint64_t i = 0; i < 400; ++i) put(key_of(i), "new");
      ASSERT_TRUE(flush().ok());
    }
    ASSERT_TRUE(set_->compact_all().ok());
    for (const std::string& name : old) {
      EXPECT_TRUE(*driver_.exists("lsm/" + name));
    }
    uint64_t count = 0;
    for (; (*it)->valid(); (*it)->next()) {
      EXPECT_EQ((*it)->value(), "old");
      ++count;
    }
    EXPECT_TRUE((*it)->status().ok());
    EXPECT_EQ(count, 400u);
  }
  ASSERT_TRUE(set_->compact_all().ok());
  for (const std::string& name : old) {
    EXPECT_FALSE(*driver_.exists("lsm/" + name));
  }
  EXPECT_EQ(get(key_of(7)), "new");
}

TEST_F(TreeSetTest, FilesThatOverlapNothingMoveWithoutBeingRead) {
  open();
  for (uint64_t round = 0; round < 4; ++round) {
    for (uint64_t i = 0; i < 200; ++i) put(key_of(round * 1000 + i), "value");
    ASSERT_TRUE(flush().ok());
  }
  ASSERT_TRUE(set_->compact_all().ok());
  EXPECT_EQ(tree_->statistics().level_files[0], 0u);
  EXPECT_EQ(tree_->statistics().level_files[1], 4u);
  EXPECT_EQ(set_->statistics().compaction_write_bytes, 0u);
  EXPECT_EQ(get(key_of(3007)), "value");
  set_.reset();
  open();
  EXPECT_EQ(get(key_of(3007)), "value");
}

TEST_F(TreeSetTest, AQueryWithLimitOneReadsAFewBlocksOfABigTree) {
  options_.block_cache_bytes = 64 << 20;
  options_.write_buffer_bytes = 1 << 20;
  options_.target_file_bytes = 128 << 10;
  options_.level_base_bytes = 256 << 10;
  open();
  for (uint64_t i = 0; i < 50000; ++i) {
    put(key_of(i * 7919 % 50000), std::string(40, 'v'));
    if (i % 5000 == 4999) {
      ASSERT_TRUE(flush().ok());
      ASSERT_TRUE(set_->compact_all().ok());
    }
  }
  ASSERT_TRUE(flush().ok());
  ASSERT_GE(tree_->statistics().files, 10u);
  for (uint64_t i = 100; i < 50000; i += 9973) {
    const std::string lower = key_of(i);
    const uint64_t before = set_->statistics().block_reads;
    const uint64_t reads_before = driver_.counters().reads.load();
    for (bool backward : {false, true}) {
      Bounds bounds;
      bounds.lower = backward ? Slice() : Slice(lower);
      if (backward) bounds.upper = lower;
      auto it = tree_->iterate(bounds, ReadPoint::visible());
      ASSERT_TRUE(it.ok());
      backward ? (*it)->seek_to_last() : (*it)->seek_to_first();
      ASSERT_TRUE((*it)->valid());
      EXPECT_EQ((*it)->key(), key_of(backward ? i - 1 : i));
    }
    EXPECT_LE(set_->statistics().block_reads - before, 2 * 2 * 6u);
    EXPECT_LE(driver_.counters().reads.load() - reads_before, 2 * 2 * 6u);
  }
}

// What a flush writes, and what a compaction rewrites of blocks that were in memory, is read without the disk; what was cold
// stays cold.
TEST_F(TreeSetTest, FlushAndCompactionKeepInMemoryWhatWasThere) {
  options_.block_cache_bytes = 8 << 20;
  open();
  constexpr uint64_t kKeys = 2000;
  const auto write_all = [&](const std::string& value) {
    for (uint64_t i = 0; i < kKeys; ++i) put(key_of(i), value);
    ASSERT_TRUE(flush().ok());
  };
  const auto read_all = [&](const std::string& value) {
    const uint64_t before = set_->statistics().block_reads;
    for (uint64_t i = 0; i < kKeys; ++i) EXPECT_EQ(get(key_of(i)), value);
    return set_->statistics().block_reads - before;
  };
  std::string value;
  for (char c = 'a'; c < 'e'; ++c) write_all(value = std::string(100, c));
  EXPECT_EQ(read_all(value), 0u);
  ASSERT_TRUE(set_->compact_all().ok());
  EXPECT_GT(set_->statistics().compactions, 0u);
  EXPECT_EQ(read_all(value), 0u);

  // A new process finds everything cold: merging it reads no block into the cache that nobody asked for.
  set_.reset();
  open();
  for (int run = 0; run < 4; ++run) {
    put(key_of(0), value);
    put(key_of(kKeys - 1), value);
    ASSERT_TRUE(flush().ok());
  }
  const uint64_t compactions = set_->statistics().compactions;
  ASSERT_TRUE(set_->compact_all().ok());
  ASSERT_GT(set_->statistics().compactions, compactions);
  EXPECT_GT(read_all(value), 100u);
}

TEST_F(TreeSetTest, AGetInMemoryAllocatesNothing) {
  open();
  for (uint64_t i = 0; i < 2000; ++i) put(key_of(i), std::string(100, 'v'));
  ASSERT_TRUE(flush().ok());
  for (uint64_t i = 2000; i < 3000; ++i) put(key_of(i), std::string(100, 'v'));
  PinnedValue value;
  const auto read_all = [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      char key[12];
      std::snprintf(key, sizeof(key), "key%08llu", static_cast<unsigned long long>(i));
      const auto found = tree_->get(Slice(key, 11), ReadPoint::visible(), &value);
      if (!found.ok() || !found->found || value.slice().size() != 100) return false;
    }
    return true;
  };
  ASSERT_TRUE(read_all(0, 3000));  // fills the cache
  const uint64_t reads = driver_.counters().reads.load();
  uint64_t before = allocations();
  ASSERT_TRUE(read_all(2000, 3000));
  EXPECT_EQ(allocations() - before, 0u) << "memtable";
  before = allocations();
  ASSERT_TRUE(read_all(0, 2000));
  EXPECT_EQ(allocations() - before, 0u) << "cache";
  EXPECT_EQ(driver_.counters().reads.load(), reads);
}

TEST_F(TreeSetTest, AFailedFlushLeavesEverythingReadableAndIsRemembered) {
  open();
  put("a", "1");
  ASSERT_TRUE(flush().ok());
  put("b", "2");
  driver_.set_faults([](const io::IoEventInfo& event) {
    return event.event == io::IoEvent::kSync ? io::FaultKind::kEio : io::FaultKind::kNone;
  });
  EXPECT_EQ(flush().code(), ErrorCode::kIoError);
  driver_.set_faults(nullptr);
  EXPECT_EQ(set_->background_status().code(), ErrorCode::kIoError);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "2");
  EXPECT_EQ(tree_->oldest_unflushed(), SequenceNumber(2));
  set_.reset();
  open();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(tree_->flushed_through(), SequenceNumber(2));
}

TEST_F(TreeSetTest, WorkGoesOnWhenAFullDiskHasSpaceAgain) {
  io::Simulation simulation(9);
  simulation.run([this] {
    options_.background = true;
    open();
    put("a", "1");
    ASSERT_TRUE(flush().ok());
    put("b", "2");
    driver_.set_capacity_bytes(0);
    EXPECT_EQ(flush().code(), ErrorCode::kNoSpace);
    EXPECT_EQ(get("b"), "2");
    EXPECT_TRUE(set_->background_status().ok());
    driver_.set_capacity_bytes(UINT64_MAX);
    Status flushed = flush();
    while (flushed.code() == ErrorCode::kNoSpace) {  // until the worker has tried again
      io::sleep_ns(50'000'000);
      flushed = flush();
    }
    EXPECT_TRUE(flushed.ok());
    EXPECT_EQ(tree_->flushed_through(), last_.next());
    set_.reset();
    open();
    EXPECT_EQ(get("b"), "2");
    set_.reset();
  });
}

TEST_F(TreeSetTest, AQueryInsideOnePrefixSkipsFilesThatDoNotHoldIt) {
  options_.filter_prefix = [](Slice key) { return key.size() < 4 ? size_t{0} : size_t{4}; };
  options_.level0_compaction_trigger = 100;
  open();
  for (int run = 0; run < 8; ++run) {
    for (int i = 0; i < 50; ++i)
      put(key_of(static_cast<uint64_t>(i)).substr(0, 3) + std::to_string(run) + std::to_string(i), "v");
    put("aaa", "");
    put("zzzz", "");
    ASSERT_TRUE(flush().ok());
  }
  const auto count = [this](const std::string& lower, const std::string& upper) {
    auto it = tree_->iterate({lower, upper}, ReadPoint::visible());
    EXPECT_TRUE(it.ok());
    uint64_t n = 0;
    for ((*it)->seek_to_first(); (*it)->valid(); (*it)->next()) ++n;
    return n;
  };
  EXPECT_EQ(count("key3", "key4"), 50u);
  EXPECT_EQ(count("key31", "key4"), 49u);
  EXPECT_EQ(count("key3", "key5"), 100u);
  EXPECT_EQ(count("key9", "key:"), 0u);
  EXPECT_GE(set_->statistics().filter_negatives, 7u + 7u + 8u);
  EXPECT_EQ(count("key", "kez"), 400u);
}

TEST_F(TreeSetTest, AnEditThatMayHaveSurvivedKeepsItsFiles) {
  // The manifest's write fails after it reached the disk: a reopen may find the edit, so its table must be there.
  open();
  put("a", "1");
  driver_.set_faults([](const io::IoEventInfo& event) {
    return event.event == io::IoEvent::kWriteDurable ? io::FaultKind::kEio : io::FaultKind::kNone;
  });
  EXPECT_FALSE(flush().ok());
  driver_.set_faults(nullptr);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(tables().size(), 1u);
  set_.reset();
  EXPECT_EQ(tables().size(), 1u);
}

TEST_F(TreeSetTest, EveryFaultyOperationOfFlushAndCompactionLosesNothing) {
  options_.block_cache_bytes = 0;  // compaction reads the disk
  for (io::FaultKind kind : {io::FaultKind::kEio, io::FaultKind::kNoSpace}) {
    for (uint64_t at = 0;; ++at) {
      SCOPED_TRACE("operation " + std::to_string(at));
      io::SimulatedDisk disk;
      io::SimulatedDriver driver(&disk);
      ASSERT_TRUE(driver.create_directory("lsm").ok());
      options_.driver = &driver;
      last_ = {};
      open();
      for (uint64_t round = 0; round < 4; ++round) {
        for (uint64_t i = 0; i < 30; ++i) put(key_of(i), std::to_string(round));
        if (round < 3) {
          ASSERT_TRUE(flush().ok());
        }
      }
      uint64_t n = 0;
      bool hit = false;
      driver.set_faults([&](const io::IoEventInfo&) {
        if (n++ != at) return io::FaultKind::kNone;
        hit = true;
        return kind;
      });
      const Status flushed = flush();
      const Status compacted = flushed.ok() ? set_->compact_all() : flushed;
      driver.set_faults(nullptr);
      for (uint64_t i = 0; i < 30; ++i) {
        ASSERT_EQ(get(key_of(i)), "3");
      }
      const SequenceNumber flushed_through = tree_->flushed_through();
      if (compacted.ok()) {
        ASSERT_TRUE(set_->close().ok());
      }
      set_.reset();
      open();
      ASSERT_GE(tree_->flushed_through(), flushed_through);
      const std::string expected = tree_->flushed_through() > SequenceNumber(91) ? "3" : "2";
      for (uint64_t i = 0; i < 30; ++i) {
        ASSERT_EQ(get(key_of(i)), expected);
      }
      auto report = verify_directory(&driver, "lsm");
      ASSERT_TRUE(report.ok() && report->problems.empty());
      set_.reset();
      if (!hit) {
        EXPECT_GT(at, 20u);
        break;
      }
    }
  }
}

TEST_F(TreeSetTest, ADroppedTreeIsGoneWithItsFilesAndItsIdStartsAnew) {
  open();
  put("a", "1");
  ASSERT_TRUE(flush().ok());
  ASSERT_TRUE(set_->drop(TreeId(1)).ok());
  EXPECT_TRUE(tables().empty());
  EXPECT_EQ(set_->find(TreeId(1)), nullptr);
  EXPECT_EQ(get("a"), "(none)");  // the old pointer stays usable
  EXPECT_EQ(set_->greatest_sequence(), SequenceNumber(1));
  EXPECT_EQ(set_->oldest_unflushed(), kMaxSequence);
  EXPECT_TRUE(set_->drop(TreeId(99)).ok());
  set_.reset();
  open();
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(set_->greatest_sequence(), SequenceNumber(1));
}

TEST_F(TreeSetTest, VisibleOnlyRises) {
  open();
  set_->publish_visible(SequenceNumber(9));
  set_->publish_visible(SequenceNumber(4));
  EXPECT_EQ(set_->visible(), SequenceNumber(9));
}

TEST_F(TreeSetTest, ReadersSeeVisibleAndConditionsSeeApplied) {
  open();
  put("a", "1");
  tree_->apply(SequenceNumber(2), ValueKind::kPut, "a", "2");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("a", ReadPoint::applied()), "2");
  auto it = tree_->iterate({}, ReadPoint::visible());
  (*it)->seek_to_first();
  ASSERT_TRUE((*it)->valid());
  EXPECT_EQ((*it)->value(), "1");
  EXPECT_EQ((*it)->sequence(), SequenceNumber(1));
}

TEST_F(TreeSetTest, WritersAreHeldBackWhileMemtablesWait) {
  io::Simulation simulation(3);
  simulation.run([this] {
    io::Mutex mutex;
    io::CondVar opened;
    bool gate = false;
    options_.background = true;
    options_.flush_gate = [&](SequenceNumber) {
      io::MutexLock lock(&mutex);
      while (!gate) opened.wait(&mutex);
      return Status();
    };
    open();
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(set_->overloaded());
      put("a", std::to_string(i));
      tree_->seal([this] { return last_.next(); });
    }
    EXPECT_TRUE(set_->overloaded());
    io::Thread opener("opener", [&] {
      io::MutexLock lock(&mutex);
      gate = true;
      opened.notify_all();
    });
    EXPECT_TRUE(set_->wait_for_room().ok());
    EXPECT_FALSE(set_->overloaded());
    EXPECT_TRUE(set_->quiesce().ok());
    EXPECT_EQ(set_->statistics().flushes, 3u);
    set_.reset();
  });
}

}  // namespace
}  // namespace varve::lsm
