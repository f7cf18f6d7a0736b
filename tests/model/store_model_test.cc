// Seeded random operations on a Store against a std::map, with flush, compaction and reopen in between, under several
// configurations. Every answer is compared with the oracle, so all configurations answer alike.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/random.h"
#include "partition/store.h"
#include "tests/support/scale.h"
#include "tests/support/temporary_directory.h"

namespace varve::partition {
namespace {

using Oracle = std::map<std::string, std::string>;

struct Configuration {
  const char* name;
  uint64_t write_buffer_bytes, block_bytes, target_file_bytes;
  bool compress, background;
  Durability durability;
};

constexpr Configuration kConfigurations[] = {
    {"tiny", 4u << 10, 512, 8u << 10, true, true, Durability::kSync},
    {"interval", 16u << 10, 4096, 32u << 10, true, true, Durability::kInterval},
    {"foreground", 8u << 10, 1024, 16u << 10, false, false, Durability::kSync},
    {"large", 1u << 20, 8192, 1u << 20, true, true, Durability::kSync},
};

StoreOptions options_of(const Configuration& configuration, io::Driver* driver) {
  StoreOptions options;
  options.driver = driver;
  options.memory_bytes = 4u << 20;
  options.write_buffer_bytes = configuration.write_buffer_bytes;
  options.block_bytes = configuration.block_bytes;
  options.target_file_bytes = configuration.target_file_bytes;
  options.level_base_bytes = 4 * configuration.target_file_bytes;
  options.compress = configuration.compress;
  options.background = configuration.background;
  options.durability = configuration.durability;
  options.sync_interval_ns = 1'000'000;
  options.log_first_segment_bytes = 64u << 10;
  options.log_max_segment_bytes = 128u << 10;
  options.log_limit_bytes = 512u << 10;
  return options;
}

// One history. Every ASSERT names the seed and the step.
class History {
 public:
  History(uint64_t seed, const Configuration& configuration, io::Driver* driver, std::string directory)
      : random_(seed), options_(options_of(configuration, driver)), directory_(std::move(directory)) {
    trace_ = std::string("configuration ") + configuration.name + ", seed " + std::to_string(seed);
  }

  void run(int steps) {
    reopen();
    for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
      SCOPED_TRACE(trace_ + ", step " + std::to_string(step));
      one_step();
    }
    if (store_ != nullptr) {
      snapshot_.reset();
      pinned_.reset();
      ASSERT_TRUE(store_->close().ok());
      store_.reset();
      auto report = verify_store(options_.driver, directory_);
      ASSERT_TRUE(report.ok()) << trace_ << report.status().to_string();
      ASSERT_TRUE(report->problems.empty()) << trace_ << report->problems[0].to_string();
    }
  }

 private:
  std::string key() { return "k" + std::to_string(random_.below(120)); }
  std::string value() {
    return std::string(random_.below(random_.one_in(20) ? 5000 : 200), static_cast<char>(random_.below(256)));
  }

  void one_step() {
    const uint64_t dice = random_.below(1000);
    if (dice < 450) return put_or_delete();
    if (dice < 650) return check_get();
    if (dice < 800) return check_range();
    if (dice < 930) return conditional();
    if (dice < 960) return check_snapshot();
    if (dice < 975) return expect_ok(store_->flush());
    if (dice < 985) return expect_ok(store_->compact());
    if (dice < 992) return recreate_keyspace();
    reopen();
  }

  void expect_ok(const Status& status) { ASSERT_TRUE(status.ok()) << status.to_string(); }

  void reopen() {
    if (store_ != nullptr) {
      snapshot_.reset();
      pinned_.reset();
      ASSERT_TRUE(store_->close().ok());
      store_.reset();
    }
    auto store = Store::open(directory_, options_);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    store_ = std::move(*store);
    for (int i = 0; i < 2; ++i) {
      const std::string name = "space" + std::to_string(i);
      auto id = store_->find_keyspace(name);
      if (!created_) {
        auto made = store_->create_keyspace(name);
        ASSERT_TRUE(made.ok()) << made.status().to_string();
        id = *made;
      }
      ASSERT_TRUE(id.has_value());
      ids_[i] = *id;
    }
    created_ = true;
  }

  void recreate_keyspace() {
    snapshot_.reset();
    const size_t i = random_.below(2);
    expect_ok(store_->drop_keyspace(ids_[i]));
    ASSERT_EQ(store_->get(ids_[i], "k1", ReadPoint::visible(), &pinned_).code(), ErrorCode::kNotFound);
    auto made = store_->create_keyspace("space" + std::to_string(i));
    ASSERT_TRUE(made.ok());
    ids_[i] = *made;
    oracle_[i].clear();
  }

  void put_or_delete() {
    WriteBatch batch;
    Oracle next[2] = {oracle_[0], oracle_[1]};
    std::map<std::pair<size_t, std::string>, bool> used;
    for (uint64_t n = random_.between(1, 4); n > 0; --n) {
      const size_t i = random_.below(2);
      const std::string k = key();
      if (!used.emplace(std::make_pair(i, k), true).second) continue;
      if (random_.one_in(4)) {
        batch.remove(ids_[i], k);
        next[i].erase(k);
      } else {
        const std::string v = value();
        batch.put(ids_[i], k, v);
        next[i][k] = v;
      }
    }
    expect_ok(store_->write(&batch).status());
    oracle_[0] = std::move(next[0]);
    oracle_[1] = std::move(next[1]);
  }

  void conditional() {
    const size_t i = random_.below(2);
    const std::string k = key(), v = value();
    const bool must_exist = random_.one_in(2);
    const bool exists = oracle_[i].contains(k);
    const CommitKey commit_key{ids_[i], k};
    auto committed = store_->commit({&commit_key, 1}, [&](std::span<const Image> images, WriteBatch* batch) {
      if (images[0].found != must_exist) return Status(ErrorCode::kConflict, "the condition failed");
      batch->put(ids_[i], k, v);
      return Status();
    });
    if (must_exist == exists) {
      ASSERT_TRUE(committed.ok()) << committed.status().to_string();
      oracle_[i][k] = v;
    } else {
      ASSERT_EQ(committed.code(), ErrorCode::kConflict);
    }
  }

  void check_get() {
    const size_t i = random_.below(2);
    const std::string k = key();
    auto lookup = store_->get(ids_[i], k, ReadPoint::visible(), &pinned_);
    ASSERT_TRUE(lookup.ok()) << lookup.status().to_string();
    const auto expected = oracle_[i].find(k);
    ASSERT_EQ(lookup->found, expected != oracle_[i].end()) << k;
    if (lookup->found) {
      ASSERT_EQ(pinned_.slice(), expected->second) << k;
    }
    pinned_.reset();
  }

  void check_range() {
    const size_t i = random_.below(2);
    std::string low = key(), high = key();
    if (low > high) std::swap(low, high);
    const bool open_ended = random_.one_in(3);
    Bounds bounds{low, std::nullopt};
    if (!open_ended) bounds.upper = high;
    check_bounds(oracle_[i], ids_[i], bounds, ReadPoint::visible());
  }

  void check_bounds(const Oracle& oracle, KeyspaceId id, const Bounds& bounds, ReadPoint point) {
    auto begin = oracle.lower_bound(std::string(bounds.lower));
    auto end = bounds.upper ? oracle.lower_bound(std::string(*bounds.upper)) : oracle.end();
    auto iterator = store_->iterate(id, bounds, point);
    ASSERT_TRUE(iterator.ok()) << iterator.status().to_string();
    Iterator& it = **iterator;
    if (random_.one_in(2)) {
      it.seek_to_first();
      for (auto expected = begin; expected != end; ++expected, it.next()) {
        ASSERT_TRUE(it.valid()) << "missing " << expected->first << " " << it.status().to_string();
        ASSERT_EQ(it.key(), expected->first);
        ASSERT_EQ(it.value(), expected->second);
      }
    } else {
      it.seek_to_last();
      for (auto expected = end; expected != begin; it.prev()) {
        --expected;
        ASSERT_TRUE(it.valid()) << "missing " << expected->first << " " << it.status().to_string();
        ASSERT_EQ(it.key(), expected->first);
        ASSERT_EQ(it.value(), expected->second);
      }
    }
    ASSERT_FALSE(it.valid()) << "extra " << it.key();
    ASSERT_TRUE(it.status().ok());
    check_seek(oracle, begin, end, &it);
  }

  void check_seek(const Oracle& oracle, Oracle::const_iterator begin, Oracle::const_iterator end,
                  Iterator* it) {
    const std::string target = key();
    auto expected = oracle.lower_bound(target);
    if (begin == end || target < begin->first) expected = begin;
    const bool inside =
        begin != end && expected != oracle.end() && (end == oracle.end() || expected->first < end->first);
    it->seek(target);
    ASSERT_EQ(it->valid(), inside) << target;
    if (inside) {
      ASSERT_EQ(it->key(), expected->first);
    }
    // A step back from a forward position lands on the entry before.
    if (inside && expected != begin) {
      it->prev();
      ASSERT_TRUE(it->valid());
      ASSERT_EQ(it->key(), std::prev(expected)->first);
    }
  }

  // Takes a snapshot, or checks the one taken before against what the oracle was then.
  void check_snapshot() {
    if (snapshot_ == nullptr) {
      snapshot_ = store_->snapshot();
      snapshot_oracle_[0] = oracle_[0];
      snapshot_oracle_[1] = oracle_[1];
      return;
    }
    for (size_t i = 0; i < 2; ++i)
      check_bounds(snapshot_oracle_[i], ids_[i], {"", std::nullopt}, snapshot_->point());
    if (random_.one_in(2)) snapshot_.reset();
  }

  Random random_;
  const StoreOptions options_;
  const std::string directory_;
  std::string trace_;
  std::unique_ptr<Store> store_;
  bool created_ = false;
  KeyspaceId ids_[2];
  Oracle oracle_[2];
  PinnedValue pinned_;
  std::unique_ptr<Snapshot> snapshot_;
  Oracle snapshot_oracle_[2];
};

constexpr int kSteps = 500;

TEST(StoreModel, AnswersLikeAMapOnTheSimulatedDriver) {
  const uint64_t seeds = scaled(2000);
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    const Configuration& configuration = kConfigurations[seed % std::size(kConfigurations)];
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    io::Simulation simulation(seed);
    simulation.run([&] { History(seed, configuration, &driver, "store").run(kSteps); });
    ASSERT_FALSE(HasFatalFailure()) << "VARVE_SEED=" << seed;
  }
  std::printf("%llu seeds of %d operations from seed %llu\n", static_cast<unsigned long long>(seeds), kSteps,
              static_cast<unsigned long long>(first_seed()));
}

void run_on(io::Driver* driver) {
  const uint64_t seeds = std::max<uint64_t>(scaled(50), 4);
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    TemporaryDirectory directory;
    History(seed, kConfigurations[seed % std::size(kConfigurations)], driver, directory.path() + "/store")
        .run(kSteps);
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "VARVE_SEED=" << seed;
  }
  std::printf("%llu seeds of %d operations on %s from seed %llu; %llu ring submissions\n",
              static_cast<unsigned long long>(seeds), kSteps, driver->name(),
              static_cast<unsigned long long>(first_seed()),
              static_cast<unsigned long long>(driver->counters().ring_submissions.load()));
}

TEST(StoreModel, AnswersLikeAMapOnPosix) {
  auto driver = io::make_posix_driver();
  run_on(driver.get());
}

TEST(StoreModel, AnswersLikeAMapOnUring) {
  auto driver = io::make_uring_driver();
  if (!driver.ok()) {
    ASSERT_EQ(driver.code(), ErrorCode::kUnsupported);
    std::printf("io_uring is refused here: %s\n", driver.status().to_string().c_str());
    return;
  }
  run_on(driver->get());
  EXPECT_GT((*driver)->counters().ring_submissions.load(), 0u);
}

}  // namespace
}  // namespace varve::partition
