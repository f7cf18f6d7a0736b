#include "base/io/simulated/simulation.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/io/clock.h"
#include "base/io/entropy.h"
#include "base/io/mutex.h"
#include "base/io/thread.h"

namespace varve::io {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;

// Four fibers that append their number under a lock, with yields in between; answers the order.
std::string interleaving(uint64_t seed, uint64_t* trace_hash = nullptr) {
  Simulation simulation(seed);
  std::string order;
  simulation.run([&] {
    Mutex mutex;
    std::vector<Thread> threads;
    threads.reserve(5);
    for (char name = 'a'; name < 'e'; ++name) {
      threads.emplace_back(std::string(1, name), [&order, &mutex, name] {
        for (int i = 0; i < 4; ++i) {
          MutexLock lock(&mutex);
          order.push_back(name);
          spin_pause();
        }
      });
    }
  });
  if (trace_hash != nullptr) *trace_hash = simulation.trace_hash();
  return order;
}

TEST(Simulation, TheSameSeedGivesTheSameTraceAndOtherSeedsOthers) {
  std::set<uint64_t> traces;
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    uint64_t first = 0, second = 0;
    const std::string order = interleaving(seed, &first);
    // Something else on the heap, so that addresses differ.
    const auto shift = std::make_unique<char[]>(1000 + seed);
    EXPECT_EQ(order, interleaving(seed, &second)) << "seed " << seed;
    EXPECT_EQ(first, second) << "seed " << seed;
    traces.insert(first);
    orders.insert(order);
  }
  EXPECT_GT(traces.size(), 195u);
  EXPECT_GT(orders.size(), 150u);
}

TEST(Simulation, MutexExcludesOthersAcrossYields) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Simulation simulation(seed);
    int inside = 0, entries = 0;
    simulation.run([&] {
      Mutex mutex;
      std::vector<Thread> threads;
      threads.reserve(5);
      for (int i = 0; i < 5; ++i) {
        threads.emplace_back("t", [&] {
          for (int n = 0; n < 10; ++n) {
            MutexLock lock(&mutex);
            ASSERT_EQ(++inside, 1) << "seed " << seed;
            spin_pause();
            sleep_ns(10);
            --inside;
            ++entries;
          }
        });
      }
    });
    EXPECT_EQ(entries, 50);
  }
}

TEST(Simulation, CondVarHandsOverEachItemOnce) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Simulation simulation(seed);
    std::multiset<int> taken;
    simulation.run([&] {
      Mutex mutex;
      CondVar changed;
      std::vector<int> queue;
      bool closed = false;
      std::vector<Thread> consumers;
      consumers.reserve(5);
      for (int i = 0; i < 3; ++i) {
        consumers.emplace_back("consumer", [&] {
          MutexLock lock(&mutex);
          for (;;) {
            while (queue.empty() && !closed) changed.wait(&mutex);
            if (queue.empty()) return;
            taken.insert(queue.back());
            queue.pop_back();
          }
        });
      }
      for (int i = 0; i < 20; ++i) {
        MutexLock lock(&mutex);
        queue.push_back(i);
        changed.notify_one();
      }
      {
        MutexLock lock(&mutex);
        closed = true;
        changed.notify_all();
      }
      consumers.clear();
    });
    ASSERT_EQ(taken.size(), 20u) << "seed " << seed;
    EXPECT_EQ(std::set<int>(taken.begin(), taken.end()).size(), 20u) << "seed " << seed;
  }
}

TEST(Simulation, WaitForTimesOutAtItsDeadlineAndAnHourPassesAtOnce) {
  Simulation simulation(1);
  simulation.run([] {
    Mutex mutex;
    CondVar never;
    const uint64_t start = monotonic_ns();
    const uint64_t wall_start = wall_us();
    {
      MutexLock lock(&mutex);
      EXPECT_FALSE(never.wait_for(&mutex, 3600 * 1000 * kMillisecond));
    }
    const uint64_t passed = monotonic_ns() - start;
    EXPECT_GE(passed, 3600 * 1000 * kMillisecond);
    EXPECT_LT(passed, 3600 * 1000 * kMillisecond + kMillisecond);
    EXPECT_NEAR(static_cast<double>(wall_us() - wall_start), 3.6e9, 1e3);
  });
}

TEST(Simulation, ANotifiedWaitForDoesNotWaitForItsDeadline) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Simulation simulation(seed);
    simulation.run([] {
      Mutex mutex;
      CondVar changed;
      bool ready = false;
      const uint64_t start = monotonic_ns();
      Thread notifier("notifier", [&] {
        sleep_ns(kMillisecond);
        MutexLock lock(&mutex);
        ready = true;
        changed.notify_one();
      });
      MutexLock lock(&mutex);
      while (!ready) EXPECT_TRUE(changed.wait_for(&mutex, 1000 * kMillisecond));
      EXPECT_LT(monotonic_ns() - start, 2 * kMillisecond);
    });
  }
}

TEST(Simulation, SleepersWakeInTheOrderOfTheirDeadlines) {
  Simulation simulation(3);
  std::vector<int> order;
  simulation.run([&] {
    std::vector<Thread> threads;
    threads.reserve(5);
    for (const int n : {30, 10, 20}) {
      threads.emplace_back("sleeper", [&order, n] {
        sleep_ns(static_cast<uint64_t>(n) * kMillisecond);
        order.push_back(n);
      });
    }
  });
  EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
}

TEST(Simulation, ALoopThatPollsTheClockEnds) {
  Simulation simulation(1);
  simulation.run([] {
    const uint64_t end = monotonic_ns() + kMillisecond;
    while (monotonic_ns() < end) {
    }
  });
}

TEST(Simulation, ASpinningFiberLetsTheOneItWaitsForRun) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Simulation simulation(seed);
    simulation.run([] {
      bool done = false;
      Thread other("other", [&] { done = true; });
      while (!done) spin_pause();
    });
  }
}

TEST(Simulation, TheWallClockJumpsApartFromTheMonotonicOne) {
  Simulation simulation(1);
  simulation.run([&] {
    const uint64_t wall = wall_us();
    const uint64_t monotonic = monotonic_ns();
    simulation.jump_wall_clock_us(-3'600'000'000);
    EXPECT_LT(wall_us(), wall - 3'500'000'000);
    EXPECT_LT(monotonic_ns() - monotonic, kMillisecond);
  });
}

TEST(Simulation, IdentitiesComeFromTheSeed) {
  const auto identities = [](uint64_t seed) {
    std::vector<uint64_t> drawn;
    Simulation simulation(seed);
    simulation.run([&] {
      for (int i = 0; i < 100; ++i) drawn.push_back(random_id());
    });
    return drawn;
  };
  const auto first = identities(1);
  EXPECT_EQ(first, identities(1));
  EXPECT_NE(first, identities(2));
  EXPECT_EQ(std::set<uint64_t>(first.begin(), first.end()).size(), 100u);
}

TEST(Simulation, RunsAgainAfterARunAndFibersNeedNotBeJoinedToEnd) {
  Simulation simulation(9);
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    simulation.run([&] {
      current_scheduler()->spawn("detached", [&] {
        sleep_ns(5 * kMillisecond);
        ++runs;
      });
    });
  }
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(current_scheduler(), nullptr);
}

TEST(Simulation, ANestedOneRunsToItsEndWithAClockOfItsOwn) {
  uint64_t inner_trace = 0;
  (void)interleaving(77, &inner_trace);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Simulation outer(seed);
    int steps_of_others = 0;
    outer.run([&] {
      Thread other("other", [&] {
        for (int i = 0; i < 100; ++i) {
          spin_pause();
          ++steps_of_others;
        }
      });
      spin_pause();
      const int before = steps_of_others;
      const uint64_t start = monotonic_ns();
      EXPECT_EQ(Simulation::current(), &outer);
      Simulation inner(5);
      inner.run([&] {
        EXPECT_EQ(Simulation::current(), &inner);
        uint64_t trace = 0;
        (void)interleaving(77, &trace);  // a third level
        EXPECT_EQ(trace, inner_trace);
        Thread sleeper("sleeper", [] { sleep_ns(1000 * kMillisecond); });
      });
      EXPECT_EQ(Simulation::current(), &outer);
      EXPECT_EQ(steps_of_others, before);
      EXPECT_LT(monotonic_ns() - start, kMillisecond);
    });
    EXPECT_EQ(steps_of_others, 100);
  }
}

TEST(Simulation, TwoHundredFibersRunAndTheirStacksHoldTheirFrames) {
  Simulation simulation(4);
  int sum = 0;
  simulation.run([&] {
    std::vector<Thread> threads;
    threads.reserve(5);
    for (int i = 0; i < 200; ++i) {
      threads.emplace_back("t", [&sum, i] {
        volatile char frame[32 * 1024];
        frame[0] = static_cast<char>(i);
        frame[sizeof(frame) - 1] = 1;
        sleep_ns(100);
        sum += frame[0] == static_cast<char>(i) ? frame[sizeof(frame) - 1] : 0;
      });
    }
  });
  EXPECT_EQ(sum, 200);
}

TEST(SimulationDeathTest, ADeadlockListsEachFiberAndWhatItWaitsOn) {
  const auto deadlock = [] {
    Simulation simulation(1);
    simulation.run([] {
      Mutex first, second;
      bool first_held = false, second_held = false;
      Thread a("ann", [&] {
        MutexLock lock(&first);
        first_held = true;
        while (!second_held) spin_pause();
        MutexLock other(&second);
      });
      Thread b("bob", [&] {
        MutexLock lock(&second);
        second_held = true;
        while (!first_held) spin_pause();
        MutexLock other(&first);
      });
    });
  };
  // EXPECT_DEATH's regular expressions have no "." that crosses lines, hence one expectation per line.
  EXPECT_DEATH(deadlock(), "\"ann\" waits on address #[0-9]+, last step: lock");
  EXPECT_DEATH(deadlock(), "\"bob\" waits on address #[0-9]+, last step: lock");
  EXPECT_DEATH(deadlock(), "\"root\" waits to join");
  EXPECT_DEATH(deadlock(), "CHECK failed");
}

TEST(SimulationCost, ASimulationAndASwitchCostThisMuch) {
  constexpr int kSimulations = 20'000;
  uint64_t start = monotonic_ns();
  for (int i = 0; i < kSimulations; ++i) {
    Simulation simulation(static_cast<uint64_t>(i));
    simulation.run([] { spin_pause(); });
  }
  const double per_simulation = static_cast<double>(monotonic_ns() - start) / kSimulations;
  Simulation simulation(1);
  start = monotonic_ns();
  simulation.run([] {
    Thread other("other", [] {
      for (int i = 0; i < 500'000; ++i) spin_pause();
    });
    for (int i = 0; i < 500'000; ++i) spin_pause();
  });
  const auto elapsed = static_cast<double>(monotonic_ns() - start);
  std::printf("simulation: %.0f ns each; yield: %.0f ns, %llu switches in 1000000\n", per_simulation,
              elapsed / 1e6, static_cast<unsigned long long>(simulation.context_switches()));
  EXPECT_GT(simulation.context_switches(), 0u);
}

}  // namespace
}  // namespace varve::io
