// Clocks. Monotonic time orders and measures; wall time is for people, TTL and commit times, and may jump. Inside a
// simulation both come from the simulated scheduler.
#pragma once

#include <cstdint>

namespace varve::io {

// Nanoseconds from an arbitrary start; never goes back.
uint64_t monotonic_ns();
// Microseconds since 1970-01-01 UTC, as the machine believes it.
uint64_t wall_us();
// Blocks the calling thread. A simulated thread lets others run and simulated time pass.
void sleep_ns(uint64_t duration_ns);

}  // namespace varve::io
