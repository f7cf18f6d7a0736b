// Every index equals what is computed from its table: after any history, after any crash, and only without the planted bugs.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "base/random.h"
#include "tests/api/index_history.h"
#include "tests/support/scale.h"

namespace varve::api::dynamo {
namespace {

using partition::PlantedBug;

constexpr int kWriters = 3;
constexpr int kSteps = 60;

// One history; what was found at its end, and after a reopen. With a planted bug a write may also fail, which is not what is looked for.
std::string run_seed(uint64_t seed, PlantedBug bug) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  std::string found;
  for (int life = 0; life < 2 && found.empty(); ++life) {
    io::Simulation simulation(seed * 2 + static_cast<uint64_t>(life));
    simulation.run([&] {
      auto world = IndexWorld::open(&driver, bug);
      ASSERT_TRUE(world.ok()) << world.status().to_string();
      if (life == 0) {
        create_history_table((*world)->context());
        const HistoryOutcome outcome = run_history(world->get(), seed, kWriters, kSteps);
        found = outcome.difference;
        if (found.empty() && bug == PlantedBug::kNone) found = outcome.failure;
      }
      (*world)->settle();
      if (found.empty()) found = (*world)->difference();
    });
  }
  return found;
}

TEST(IndexModel, IndexesEqualWhatTheTableSays) {
  const uint64_t seeds = scaled(60);
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    ASSERT_EQ(run_seed(seed, PlantedBug::kNone), "") << "VARVE_SEED=" << seed;
    ASSERT_FALSE(HasFatalFailure());
  }
  std::printf("%llu seeds from seed %llu\n", static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(first_seed()));
}

void expect_found(PlantedBug bug) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const std::string found = run_seed(seed, bug);
    if (found.empty()) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), found.c_str());
    return;
  }
  ADD_FAILURE() << "a planted bug was not found";
}

TEST(IndexModel, AStaleImageIsFound) { expect_found(PlantedBug::kStaleImage); }
TEST(IndexModel, AnEntryLeftBehindIsFound) { expect_found(PlantedBug::kLeftBehind); }
TEST(IndexModel, ABackfillThatOverwritesNewerEntriesIsFound) { expect_found(PlantedBug::kStaleBackfill); }
TEST(IndexModel, AWriterThatDoesNotKnowTheIndexIsFound) { expect_found(PlantedBug::kOldCatalog); }

// The disk as a power cut would leave it, at moments of a history, each opened and looked at.
TEST(IndexModel, NoCrashMakesTableAndIndexDiffer) {
  const uint64_t seeds = scaled(12);
  size_t opened = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    SCOPED_TRACE("VARVE_SEED=" + std::to_string(seed));
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    std::vector<io::SimulatedDisk> images;
    Random random(seed);
    io::Simulation simulation(seed);
    simulation.run([&] {
      auto world = IndexWorld::open(&driver, PlantedBug::kNone);
      ASSERT_TRUE(world.ok());
      create_history_table((*world)->context());
      driver.set_observer([&](const io::IoEventInfo& event) {
        if (!event.after || images.size() >= 12 || !random.one_in(25)) return;
        images.push_back(
            disk.crash_image(random.one_in(2) ? io::CrashStyle::kLoseAll : io::CrashStyle::kRandom, &random));
      });
      const HistoryOutcome outcome = run_history(world->get(), seed, kWriters, kSteps);
      EXPECT_EQ(outcome.difference, "");
      EXPECT_EQ(outcome.failure, "");
      driver.set_observer(nullptr);
    });
    for (size_t i = 0; i < images.size(); ++i) {
      SCOPED_TRACE("image " + std::to_string(i));
      io::SimulatedDriver after(&images[i]);
      io::Simulation second(seed * 1000 + i);
      second.run([&] {
        auto world = IndexWorld::open(&after, PlantedBug::kNone);
        ASSERT_TRUE(world.ok()) << world.status().to_string();
        EXPECT_EQ((*world)->difference(), "");
        (*world)->settle();
        EXPECT_EQ((*world)->difference(), "");
        ++opened;
      });
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(opened, 0u);
  std::printf("%llu seeds from seed %llu, %zu crash images\n", static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(first_seed()), opened);
}

}  // namespace
}  // namespace varve::api::dynamo
