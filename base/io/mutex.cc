#include "base/io/mutex.h"

#include <chrono>
#include <limits>

#include "base/check.h"

namespace varve::io {

namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
// Longer waits than this (146 years) are for ever; adding one to a clock reading must not overflow.
constexpr uint64_t kLongestTimeoutNs = uint64_t{1} << 62;

}  // namespace

void Mutex::lock_fiber(Scheduler* scheduler) {
  scheduler->yield("lock");
  while (held_by_fiber_) scheduler->block(this, kNever);
  held_by_fiber_ = true;
}

void Mutex::unlock_fiber(Scheduler* scheduler) {
  CHECK(held_by_fiber_);
  held_by_fiber_ = false;
  scheduler->wake_one(this);
}

bool Mutex::try_lock() VARVE_NO_THREAD_SAFETY_ANALYSIS {
  if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
    scheduler->yield("try_lock");
    if (held_by_fiber_) return false;
    held_by_fiber_ = true;
    return true;
  }
  return mutex_.try_lock();
}

bool CondVar::wait_fiber(Scheduler* scheduler, Mutex* mutex, uint64_t deadline_ns) {
  const uint64_t seen = notifications_by_fiber_;
  mutex->unlock_fiber(scheduler);
  const bool notified = notifications_by_fiber_ != seen || scheduler->block(this, deadline_ns);
  mutex->lock_fiber(scheduler);
  return notified;
}

void CondVar::wait(Mutex* mutex) VARVE_NO_THREAD_SAFETY_ANALYSIS {
  if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
    wait_fiber(scheduler, mutex, kNever);
    return;
  }
  std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
  condition_.wait(lock);
  lock.release();
}

bool CondVar::wait_for(Mutex* mutex, uint64_t timeout_ns) VARVE_NO_THREAD_SAFETY_ANALYSIS {
  if (timeout_ns >= kLongestTimeoutNs) {
    wait(mutex);
    return true;
  }
  if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
    return wait_fiber(scheduler, mutex, scheduler->monotonic_ns() + timeout_ns);
  }
  std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
  const bool notified =
      condition_.wait_for(lock, std::chrono::nanoseconds(timeout_ns)) == std::cv_status::no_timeout;
  lock.release();
  return notified;
}

void CondVar::notify_one() {
  if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
    ++notifications_by_fiber_;
    return scheduler->wake_one(this);
  }
  condition_.notify_one();
}

void CondVar::notify_all() {
  if (Scheduler* scheduler = current_scheduler(); scheduler != nullptr) [[unlikely]] {
    ++notifications_by_fiber_;
    return scheduler->wake_all(this);
  }
  condition_.notify_all();
}

}  // namespace varve::io
