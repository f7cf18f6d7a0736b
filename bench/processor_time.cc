#include "bench/processor_time.h"

#include <ctime>

namespace varve::bench {
namespace {

uint64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t thread_processor_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
uint64_t process_processor_ns() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace varve::bench
