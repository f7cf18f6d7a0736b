// Readers, writers, sealers and both workers at once: on threads of the operating system (run this under
// ThreadSanitizer too) and on seeded fibers.
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "base/io/clock.h"
#include "base/io/mutex.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/io/thread.h"
#include "lsm/verify.h"
#include "tests/lsm/tree_model.h"
#include "tests/support/temporary_directory.h"

namespace varve::lsm {
namespace {

constexpr uint64_t kKeysPerWriter = 20;

std::string key_of(uint64_t writer, uint64_t key) {
  return "w" + std::to_string(writer) + "k" + std::to_string(key);
}

// A log in miniature: hands out sequences, and makes visible the prefix that is applied.
class Commits {
 public:
  SequenceNumber reserve() {
    io::MutexLock lock(&mutex_);
    return SequenceNumber(next_++);
  }
  SequenceNumber next() {
    io::MutexLock lock(&mutex_);
    return SequenceNumber(next_);
  }
  void applied(SequenceNumber sequence, TreeSet* set) {
    io::MutexLock lock(&mutex_);
    applied_.insert(sequence.value);
    while (!applied_.empty() && *applied_.begin() == visible_ + 1) {
      applied_.erase(applied_.begin());
      ++visible_;
    }
    set->publish_visible(SequenceNumber(visible_));
    condition_.notify_all();
  }
  Status pass(SequenceNumber boundary) {
    io::MutexLock lock(&mutex_);
    while (visible_ + 1 < boundary.value) condition_.wait(&mutex_);
    return {};
  }

 private:
  io::Mutex mutex_;
  io::CondVar condition_;
  uint64_t next_ VARVE_GUARDED_BY(mutex_) = 1;
  uint64_t visible_ VARVE_GUARDED_BY(mutex_) = 0;
  std::set<uint64_t> applied_ VARVE_GUARDED_BY(mutex_);
};

class Crowd {
 public:
  Crowd(io::Driver* driver, const std::string& directory, uint64_t seed) : seed_(seed) {
    ModelConfiguration configuration;
    configuration.background = true;
    configuration.write_buffer_bytes = 4 << 10;
    TreeSetOptions options = options_for(configuration, driver, directory);
    options.flush_gate = [this](SequenceNumber boundary) { return commits_.pass(boundary); };
    auto opened = TreeSet::open(options, true);
    CHECK(opened.ok());
    set_ = std::move(*opened);
  }

  void run(uint64_t writers, uint64_t readers, uint64_t commits) {
    std::vector<io::Thread> threads;
    threads.reserve(writers + readers + 1);
    for (uint64_t i = 0; i < writers; ++i)
      threads.emplace_back("writer", [this, i, commits] { write(i, commits); });
    std::vector<io::Thread> others;
    for (uint64_t i = 0; i < readers; ++i)
      others.emplace_back("reader", [this, i, writers] { read(i, writers); });
    others.emplace_back("sealer", [this] { seal(); });
    for (io::Thread& thread : threads) thread.join();
    done_.store(true, std::memory_order_release);
    for (io::Thread& thread : others) thread.join();
    EXPECT_TRUE(set_->quiesce().ok());
    for (uint64_t tree = 1; tree <= 2; ++tree) {
      // Had a writer landed in the wrong memtable, something below flushed_through would be left in memory.
      EXPECT_GE(set_->tree(TreeId(tree))->oldest_unflushed(), set_->tree(TreeId(tree))->flushed_through());
    }
    EXPECT_TRUE(set_->flush_all([this] { return commits_.next(); }).ok());
    EXPECT_TRUE(set_->quiesce().ok());
    for (uint64_t w = 0; w < writers; ++w) {
      for (uint64_t k = 0; k < kKeysPerWriter; ++k) {
        PinnedValue one, two;
        EXPECT_TRUE(set_->tree(TreeId(1))->get(key_of(w, k), ReadPoint::visible(), &one).ok());
        EXPECT_TRUE(set_->tree(TreeId(2))->get(key_of(w, k), ReadPoint::visible(), &two).ok());
        EXPECT_EQ(one.slice(), std::to_string(commits - kKeysPerWriter + k));
        EXPECT_EQ(one.slice(), two.slice());
      }
    }
    EXPECT_GE(set_->statistics().flushes, 2u);
    EXPECT_GE(set_->statistics().compactions, 1u);
    EXPECT_TRUE(set_->background_status().ok());
    EXPECT_TRUE(set_->close().ok());
  }

 private:
  // Writes rising numbers over its own keys, in both trees by one commit. `commits` is a multiple of kKeysPerWriter.
  void write(uint64_t writer, uint64_t commits) {
    for (uint64_t i = 0; i < commits; ++i) {
      const std::string key = key_of(writer, i % kKeysPerWriter);
      const std::string value = std::to_string(i);
      EXPECT_TRUE(set_->wait_for_room().ok());
      // As commits do; what it looks at may be sealed, flushed and freed meanwhile.
      const TreeSet::Place places[] = {{set_->tree(TreeId(1)), key}, {set_->tree(TreeId(2)), key}};
      set_->approach(places);
      const SequenceNumber sequence = commits_.reserve();
      if (i % 3 == 0) io::spin_pause();
      for (uint64_t tree = 1; tree <= 2; ++tree) {
        set_->tree(TreeId(tree))->apply(sequence, ValueKind::kPut, key, value);
      }
      commits_.applied(sequence, set_.get());
      for (uint64_t tree = 1; tree <= 2; ++tree) {
        Tree* t = set_->tree(TreeId(tree));
        if (t->wants_seal()) t->seal([this] { return commits_.next(); });
      }
    }
  }
  void read(uint64_t reader, uint64_t writers) {
    Random random(seed_ * 100 + reader);
    std::map<std::string, uint64_t> seen;
    while (!done_.load(std::memory_order_acquire)) {
      const std::string key = key_of(random.below(writers), random.below(kKeysPerWriter));
      PinnedValue value;
      const auto found = set_->tree(TreeId(1))->get(key, ReadPoint::visible(), &value);
      ASSERT_TRUE(found.ok());
      if (found->found) {
        const uint64_t number = std::stoull(std::string(value.slice()));
        EXPECT_GE(number, seen[key]);
        seen[key] = number;
      } else {
        EXPECT_EQ(seen.count(key), 0u);
      }
      if (random.one_in(20)) same_at_a_snapshot();
      if (random.one_in(4)) io::spin_pause();
    }
  }
  // Two trees written by the same commits look alike at one sequence.
  void same_at_a_snapshot() {
    const SequenceNumber at = set_->acquire_snapshot();
    {
      auto one = set_->tree(TreeId(1))->iterate({}, ReadPoint::at(at));
      auto two = set_->tree(TreeId(2))->iterate({}, ReadPoint::at(at));
      ASSERT_TRUE(one.ok() && two.ok());
      (*one)->seek_to_first();
      (*two)->seek_to_first();
      while ((*one)->valid() && (*two)->valid()) {
        EXPECT_EQ((*one)->key(), (*two)->key());
        EXPECT_EQ((*one)->value(), (*two)->value());
        EXPECT_EQ((*one)->sequence(), (*two)->sequence());
        EXPECT_LE((*one)->sequence(), at);
        (*one)->next();
        (*two)->next();
      }
      EXPECT_EQ((*one)->valid(), (*two)->valid());
      EXPECT_TRUE((*one)->status().ok() && (*two)->status().ok());
    }
    set_->release_snapshot(at);
  }
  void seal() {
    Random random(seed_);
    while (!done_.load(std::memory_order_acquire)) {
      set_->tree(TreeId(1 + random.below(2)))->seal([this] {
        io::spin_pause();
        return commits_.next();
      });
      io::sleep_ns(random.between(100'000, 3'000'000));
    }
  }

  uint64_t seed_;
  Commits commits_;
  std::atomic<bool> done_{false};
  std::unique_ptr<TreeSet> set_;
};

TEST(TreeConcurrency, ThreadsSeeWholeCommitsInOrder) {
  const std::unique_ptr<io::Driver> driver = io::make_posix_driver();
  TemporaryDirectory directory;
  Crowd(driver.get(), directory.path(), 1).run(3, 2, 40 * kKeysPerWriter);
  auto report = verify_directory(driver.get(), directory.path());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->problems.empty());
}

TEST(TreeConcurrency, FibersSeeWholeCommitsInOrderUnderManySchedules) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    simulation.run([&] {
      ASSERT_TRUE(driver.create_directory("lsm").ok());
      Crowd(&driver, "lsm", seed).run(3, 2, 10 * kKeysPerWriter);
    });
    if (HasFailure()) break;
  }
}

TEST(TreeConcurrency, OneSeedHasOneHistory) {
  const auto trace = [](uint64_t seed) {
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    simulation.run([&] {
      ASSERT_TRUE(driver.create_directory("lsm").ok());
      Crowd(&driver, "lsm", seed).run(2, 1, 5 * kKeysPerWriter);
    });
    return std::make_pair(simulation.trace_hash(), disk.content_hash());
  };
  EXPECT_EQ(trace(5), trace(5));
  EXPECT_NE(trace(5).first, trace(6).first);
}

}  // namespace
}  // namespace varve::lsm
