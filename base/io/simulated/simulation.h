// Simulation: runs code whose threads, locks, waits and clocks go through base/io as fibers of one real thread, under
// one seeded choice. The same seed and the same code give the same schedule, and so the same trace hash.
//
//   Simulation simulation(seed);
//   simulation.run([&] { ... Store::open(&simulated_driver, ...) ... });   // returns when root and all others end
//   simulation.trace_hash();
//
// Choice: at a yield the running fiber goes on or gives way, at a rate that the seed picks for the whole run (from
// always to 1 in 16), so that some seeds interleave finely and others run long. The next is any of the runnable; in
// half of the seeds every other fiber is slow, which is to say chosen rarely, so that what it holds or has read grows
// old. wake_one wakes any of the waiters.
//
// Time: each step costs a fixed 100 ns; when every fiber waits, the clock jumps to the earliest deadline. The wall clock
// is a fixed date plus that, and may be made to jump.
//
// A deadlock (every fiber blocked without a deadline) is a CHECK failure that lists the fibers and what each waits on.
//
// Simulations nest: run() inside a fiber of another simulation runs to its end before the outer one goes on, with a
// clock and a trace of its own.
//
// Identities (base/io/entropy.h) come from the seed too, so two lives of one store, before and after a simulated crash,
// need two seeds: real ones never draw the same identity twice.
//
// Threads: one real thread. A fiber has 256 KiB of stack (2 MiB under a sanitizer). thread_local is shared by all fibers.
// The trace hash holds no address: what a fiber blocks on is named by a number in order of first use.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/io/scheduler.h"
#include "base/slice.h"

namespace varve::io {

class Simulation {
 public:
  explicit Simulation(uint64_t seed);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  void run(std::function<void()> root);

  // Hash over every scheduling choice and every noted event so far. The seed itself is not in it: two seeds
  // that led to one schedule hash alike.
  uint64_t trace_hash() const;
  // Mixes an event of the caller (an I/O operation, say) into the trace hash.
  void note(const char* what, uint64_t a, uint64_t b);
  // A seeded number in [0, bound) for choices of the caller's own (a latency, an order); bound > 0.
  uint64_t draw(uint64_t bound);
  uint64_t context_switches() const;

  // Moves the wall clock, as an operator or NTP does; the monotonic clock does not notice.
  void jump_wall_clock_us(int64_t by_us);

  // The innermost one whose run() the calling real thread is in; null outside of any.
  static Simulation* current();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::io
