// Power cuts at every operation of flush, compaction, drop and manifest edits, on the simulated disk.
#include <gtest/gtest.h>

#include <set>

#include "base/io/simulated/disk.h"
#include "lsm/verify.h"
#include "tests/lsm/tree_model.h"
#include "tests/support/scale.h"

namespace varve::lsm {
namespace {

constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kLoseAll,
                                      io::CrashStyle::kKeepAll, io::CrashStyle::kPrefix,
                                      io::CrashStyle::kTearLast};

// What must hold of any image taken now.
struct Promise {
  std::map<TreeId, SequenceNumber> flushed;                      // at least
  std::optional<TreeId> dropped;                                 // surely gone
  std::map<std::string, std::string> attributes, attributes_or;  // the one or the other
};

class CrashLane {
 public:
  CrashLane(const ModelConfiguration& configuration, uint64_t seed)
      : configuration_(configuration), seed_(seed), random_(seed * 977), driver_(&disk_) {
    EXPECT_TRUE(driver_.create_directory("lsm").ok());
    EXPECT_TRUE(driver_.sync_directory("/").ok());
    model_ = std::make_unique<TreeModel>(&driver_, "lsm", configuration, seed);
  }

  void run(uint64_t rounds) {
    ASSERT_TRUE(model_->open());
    driver_.set_observer([this](const io::IoEventInfo& event) {
      if (event.event != io::IoEvent::kRead) crash(event);
    });
    for (uint64_t round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
      for (int i = 0; i < 25; ++i) model_->commit();
      ASSERT_TRUE(model_->flush());
      note_flushed();
      const std::map<std::string, std::string> attributes = {{"round", std::to_string(round)}};
      promise_.attributes_or = attributes;
      ASSERT_TRUE(model_->set()->set_attributes(attributes).ok());
      promise_.attributes = attributes;
      if (round % 2 == 1) {
        ASSERT_TRUE(model_->compact());
      }
    }
    const TreeId victim(configuration_.trees);
    promise_.flushed.erase(victim);
    ASSERT_TRUE(model_->set()->drop(victim).ok());
    promise_.dropped = victim;
    driver_.set_observer(nullptr);
    crash_with(io::CrashStyle::kLoseAll);
    EXPECT_GE(model_->set()->statistics().flushes, 3u);
    EXPECT_GE(model_->set()->statistics().compactions, 1u);
    EXPECT_GT(manifests_.size(), 1u) << "no manifest was replaced";
  }

  uint64_t images() const { return images_; }
  uint64_t recoveries() const { return recoveries_; }

 private:
  void note_flushed() {
    for (uint64_t i = 1; i <= configuration_.trees; ++i) {
      promise_.flushed[TreeId(i)] = model_->set()->tree(TreeId(i))->flushed_through();
    }
  }

  void crash(const io::IoEventInfo& event) {
    if (::testing::Test::HasFailure()) return;
    if (event.event == io::IoEvent::kRename) manifests_.insert(event.path);
    SCOPED_TRACE(std::string("seed ") + std::to_string(seed_) + ", " + io::io_event_name(event.event) + " " +
                 event.path + (event.after ? " after" : " before"));
    for (io::CrashStyle style : kStyles) crash_with(style);
  }

  void crash_with(io::CrashStyle style) {
    io::SimulatedDisk image = disk_.crash_image(style, &random_);
    ++images_;
    if (!seen_.insert(image.content_hash()).second) return;
    recover(&image, 2);
  }

  // Recovers the image; on the way, with depth left, crashes the recovery at a random operation too.
  void recover(io::SimulatedDisk* disk, int depth) {
    ++recoveries_;
    io::SimulatedDriver driver(disk);
    std::unique_ptr<io::SimulatedDisk> again;
    if (depth > 0 && random_.one_in(4)) {
      const uint64_t at = random_.below(40);
      driver.set_observer([&, at, n = uint64_t{0}](const io::IoEventInfo&) mutable {
        if (n++ == at)
          again = std::make_unique<io::SimulatedDisk>(disk->crash_image(io::CrashStyle::kRandom, &random_));
      });
    }
    {
      ModelConfiguration configuration = configuration_;
      configuration.background = false;
      auto set = TreeSet::open(options_for(configuration, &driver, "lsm"), false);
      ASSERT_TRUE(set.ok()) << set.status().to_string();
      check(set->get());
      const std::map<std::string, std::string> attributes = (*set)->attributes();
      EXPECT_TRUE(attributes == promise_.attributes || attributes == promise_.attributes_or);
    }
    auto report = verify_directory(&driver, "lsm");
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    for (const Status& problem : report->problems) ADD_FAILURE() << problem.to_string();
    EXPECT_TRUE(report->stray_files.empty()) << report->stray_files.front();
    driver.set_observer(nullptr);
    if (again != nullptr) recover(again.get(), depth - 1);
  }

  void check(TreeSet* set) {
    for (const auto& [id, through] : promise_.flushed) {
      ASSERT_NE(set->find(id), nullptr);
      EXPECT_GE(set->find(id)->flushed_through(), through);
    }
    if (promise_.dropped) {
      EXPECT_EQ(set->find(*promise_.dropped), nullptr);
    }
    EXPECT_TRUE(model_->check_flushed(set));
  }

  ModelConfiguration configuration_;
  uint64_t seed_;
  Random random_;
  io::SimulatedDisk disk_;
  io::SimulatedDriver driver_;
  std::unique_ptr<TreeModel> model_;
  Promise promise_;
  std::set<uint64_t> seen_;
  std::set<std::string> manifests_;  // renamed while the lane ran
  uint64_t images_ = 0, recoveries_ = 0;
};

TEST(TreeCrash, WhatWasFlushedSurvivesEveryPowerCut) {
  uint64_t images = 0, recoveries = 0;
  for (uint64_t seed = 1; seed <= scaled(4); ++seed) {
    ModelConfiguration configuration;
    configuration.keys = 40;
    configuration.max_value_bytes = 60;
    configuration.cache_bytes = 64 << 10;
    configuration.target_file_bytes = seed % 2 == 0 ? 2 << 10 : 16 << 10;
    CrashLane lane(configuration, seed);
    lane.run(6);
    images += lane.images();
    recoveries += lane.recoveries();
    if (HasFailure()) break;
  }
  std::printf("%llu images, %llu recoveries of distinct ones\n", static_cast<unsigned long long>(images),
              static_cast<unsigned long long>(recoveries));
  EXPECT_GT(recoveries, 125 * scaled(4));
}

}  // namespace
}  // namespace varve::lsm
