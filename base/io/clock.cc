#include "base/io/clock.h"

#include <cerrno>
#include <ctime>

#include "base/io/scheduler.h"

namespace varve::io {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

uint64_t read_clock_ns(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t monotonic_ns() {
  if (Scheduler* scheduler = current_scheduler()) return scheduler->monotonic_ns();
  return read_clock_ns(CLOCK_MONOTONIC);
}

uint64_t wall_us() {
  if (Scheduler* scheduler = current_scheduler()) return scheduler->wall_us();
  return read_clock_ns(CLOCK_REALTIME) / 1000;
}

void sleep_ns(uint64_t duration_ns) {
  const uint64_t deadline = monotonic_ns() + duration_ns;
  if (Scheduler* scheduler = current_scheduler()) {
    // Nobody wakes the address of a local: only the deadline ends the wait.
    while (scheduler->monotonic_ns() < deadline) scheduler->block(&deadline, deadline);
    return;
  }
  timespec until;
  until.tv_sec = static_cast<time_t>(deadline / kNsPerSecond);
  until.tv_nsec = static_cast<long>(deadline % kNsPerSecond);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace varve::io
