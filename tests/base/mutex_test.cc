#include "base/io/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/io/clock.h"
#include "base/io/scheduler.h"
#include "base/io/thread.h"

namespace varve::io {
namespace {

constexpr uint64_t kMs = 1'000'000;

TEST(Mutex, ExcludesOtherThreads) {
  Mutex mutex;
  int total = 0;
  {
    std::vector<Thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back("adder", [&] {
        for (int i = 0; i < 5000; ++i) {
          MutexLock lock(&mutex);
          ++total;
        }
      });
    }
  }
  EXPECT_EQ(total, 20000);
}

// The analysis follows a try_lock only through a branch on it.
bool try_and_release(Mutex* mutex) {
  if (!mutex->try_lock()) return false;
  mutex->unlock();
  return true;
}

TEST(Mutex, TryLockFailsWhileAnotherThreadHoldsIt) {
  Mutex mutex;
  bool got = true;
  {
    MutexLock lock(&mutex);
    Thread("trier", [&] { got = try_and_release(&mutex); }).join();
  }
  EXPECT_FALSE(got);
  EXPECT_TRUE(try_and_release(&mutex));
}

TEST(CondVar, HandsAValueFromThreadToThread) {
  Mutex mutex;
  CondVar changed;
  int turn = 0;
  Thread other("other", [&] {
    for (int i = 0; i < 100; ++i) {
      MutexLock lock(&mutex);
      while (turn % 2 == 0) changed.wait(&mutex);
      ++turn;
      changed.notify_all();
    }
  });
  for (int i = 0; i < 100; ++i) {
    MutexLock lock(&mutex);
    ++turn;
    changed.notify_one();
    while (turn % 2 == 1) changed.wait(&mutex);
  }
  other.join();
  EXPECT_EQ(turn, 200);
}

TEST(CondVar, AWaitWithoutANotificationEndsAtItsTime) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(&mutex);
  const uint64_t begin = monotonic_ns();
  while (never.wait_for(&mutex, 5 * kMs)) {
  }
  EXPECT_GE(monotonic_ns() - begin, 5 * kMs);
}

TEST(CondVar, AnEndlessTimeoutIsAWait) {
  Mutex mutex;
  CondVar changed;
  bool done = false;
  Thread other("other", [&] {
    MutexLock lock(&mutex);
    done = true;
    changed.notify_one();
  });
  {
    MutexLock lock(&mutex);
    while (!done) EXPECT_TRUE(changed.wait_for(&mutex, UINT64_MAX));
  }
}

TEST(Thread, MovesAndJoinsInItsDestructor) {
  std::atomic<int> ran{0};
  {
    Thread a("a", [&] { ++ran; });
    Thread b = std::move(a);
    EXPECT_FALSE(a.joinable());  // NOLINT(bugprone-use-after-move): what a move leaves is the point
    EXPECT_TRUE(b.joinable());
    b = Thread("c", [&] { ++ran; });
    Thread none;
    EXPECT_FALSE(none.joinable());
  }
  EXPECT_EQ(ran, 2);
}

TEST(Thread, LeavesTheSignalsOfTheProcessToTheEmbedder) {
  sigset_t inside;
  Thread("masked", [&] { ::pthread_sigmask(SIG_BLOCK, nullptr, &inside); }).join();
  EXPECT_EQ(::sigismember(&inside, SIGTERM), 1);
  EXPECT_EQ(::sigismember(&inside, SIGSEGV), 0);
  sigset_t outside;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &outside);
  EXPECT_EQ(::sigismember(&outside, SIGTERM), 0);
}

TEST(Clock, MonotonicTimeAdvancesBySleepAndWallTimeIsPlausible) {
  const uint64_t before = monotonic_ns();
  sleep_ns(2 * kMs);
  EXPECT_GE(monotonic_ns() - before, 2 * kMs);
  EXPECT_GT(wall_us(), uint64_t{1'600'000'000} * 1'000'000);
}

// A scheduler that only notes what it is asked, to see that nothing reaches the operating system.
class NotingScheduler final : public Scheduler {
 public:
  NotingScheduler() : before_(exchange_current_scheduler(this)) {}
  ~NotingScheduler() override { exchange_current_scheduler(before_); }
  void yield(const char* what) override { calls.emplace_back(what); }
  bool block(const void*, uint64_t deadline_ns) override {
    calls.emplace_back("block");
    if (on_block) on_block();
    if (deadline_ns == UINT64_MAX) return true;
    now = deadline_ns;
    return false;
  }
  void wake_one(const void*) override {
    calls.emplace_back("wake_one");
    if (on_wake) on_wake();
  }
  void wake_all(const void*) override { calls.emplace_back("wake_all"); }
  uint64_t spawn(std::string name, std::function<void()> body) override {
    calls.push_back("spawn " + name);
    body();
    return 7;
  }
  void join(uint64_t fiber) override { calls.push_back("join " + std::to_string(fiber)); }
  uint64_t monotonic_ns() override { return now; }
  uint64_t wall_us() override { return 12345; }
  uint64_t random_id() override { return 99; }

  std::vector<std::string> calls;
  std::function<void()> on_block;
  std::function<void()> on_wake;
  uint64_t now = 1000;

 private:
  Scheduler* before_;
};

using Calls = std::vector<std::string>;

// What another fiber does, of which the analysis knows nothing.
void mutex_held_again(Mutex* mutex) VARVE_NO_THREAD_SAFETY_ANALYSIS { mutex->lock(); }
void unlock_for_another(Mutex* mutex) VARVE_NO_THREAD_SAFETY_ANALYSIS { mutex->unlock(); }

TEST(SimulatedWorld, LocksYieldAndWakeThroughTheScheduler) {
  NotingScheduler scheduler;
  Mutex mutex;
  {
    MutexLock lock(&mutex);
  }
  EXPECT_TRUE(try_and_release(&mutex));
  scheduler.on_block = [&] { unlock_for_another(&mutex); };
  {
    MutexLock held(&mutex);
    EXPECT_FALSE(try_and_release(&mutex));
    // Waits for the holder, which lets go while this one is blocked.
    Thread("fiber", [&] { MutexLock lock(&mutex); }).join();
    scheduler.on_block = nullptr;
    scheduler.calls.emplace_back("end");
    mutex_held_again(&mutex);
  }
  EXPECT_EQ(scheduler.calls,
            (Calls{"lock", "wake_one", "try_lock", "wake_one", "lock", "try_lock", "spawn fiber", "lock",
                   "block", "wake_one", "wake_one", "join 7", "end", "lock", "wake_one"}));
}

TEST(SimulatedWorld, WaitsTimeOutInSimulatedTime) {
  NotingScheduler scheduler;
  Mutex mutex;
  CondVar changed;
  MutexLock lock(&mutex);
  EXPECT_FALSE(changed.wait_for(&mutex, 500));
  EXPECT_EQ(scheduler.now, 1500u);
  changed.notify_one();
  changed.notify_all();
  EXPECT_EQ(scheduler.calls, (Calls{"lock", "wake_one", "block", "lock", "wake_one", "wake_all"}));
}

TEST(SimulatedWorld, ANotificationBetweenUnlockAndBlockIsNotLost) {
  NotingScheduler scheduler;
  Mutex mutex;
  CondVar changed;
  bool inside = false;
  MutexLock lock(&mutex);
  scheduler.on_wake = [&] {
    // The scheduler switched fibers inside the unlock, and the other notified.
    if (!std::exchange(inside, true)) changed.notify_all();
  };
  scheduler.on_block = [] { FAIL() << "blocked after its notification"; };
  changed.wait(&mutex);
}

TEST(SimulatedWorld, ThreadsClocksAndSleepAreTheSchedulers) {
  NotingScheduler scheduler;
  bool ran = false;
  Thread("fiber", [&] { ran = true; }).join();
  EXPECT_TRUE(ran);
  EXPECT_EQ(wall_us(), 12345u);
  sleep_ns(250);
  EXPECT_EQ(monotonic_ns(), 1250u);
  spin_pause();
  EXPECT_EQ(scheduler.calls, (Calls{"spawn fiber", "join 7", "block", "spin"}));
}

}  // namespace
}  // namespace varve::io
