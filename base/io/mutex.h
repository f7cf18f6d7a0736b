// Mutex, MutexLock and CondVar: the only locks and waits of Varve. Real threads get the operating system's;
// fibers of a simulation get the scheduler's, which makes each lock and wait a point of seeded choice.
//
// The real path costs a std::mutex plus one thread-local load. In a simulation a Mutex is a flag: a single
// real thread runs all fibers, so between two calls of the Scheduler nothing else moves.
//
// Threads: any. A Mutex is not recursive. CondVar waits may wake early; callers loop on their condition.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/io/scheduler.h"
#include "base/thread_annotations.h"

namespace varve::io {

class VARVE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() VARVE_ACQUIRE() VARVE_NO_THREAD_SAFETY_ANALYSIS {
    if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
      return lock_fiber(scheduler);
    }
    mutex_.lock();
  }
  void unlock() VARVE_RELEASE() VARVE_NO_THREAD_SAFETY_ANALYSIS {
    if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
      return unlock_fiber(scheduler);
    }
    mutex_.unlock();
  }
  bool try_lock() VARVE_TRY_ACQUIRE(true);

 private:
  friend class CondVar;
  void lock_fiber(Scheduler* scheduler);
  void unlock_fiber(Scheduler* scheduler);

  std::mutex mutex_;
  bool held_by_fiber_ = false;  // inside a simulation, in place of mutex_
};

class VARVE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) VARVE_ACQUIRE(mutex) : mutex_(mutex) { mutex_->lock(); }
  ~MutexLock() VARVE_RELEASE() { mutex_->unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mutex_;
};

class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;
  void wait(Mutex* mutex) VARVE_REQUIRES(mutex);
  // False when the time ran out before a notification.
  bool wait_for(Mutex* mutex, uint64_t timeout_ns) VARVE_REQUIRES(mutex);
  void notify_one();
  void notify_all();

 private:
  bool wait_fiber(Scheduler* scheduler, Mutex* mutex, uint64_t deadline_ns);

  std::condition_variable condition_;
  // Inside a simulation: rises at each notification, so that one that lands between a waiter's unlock and its
  // block is not lost, whether or not the scheduler switches fibers on a wake.
  uint64_t notifications_by_fiber_ = 0;
};

}  // namespace varve::io
