// The seam through which threads, locks, waits and clocks become deterministic. On a real thread current_scheduler()
// is null and Mutex, CondVar, Thread and the clocks use the operating system. Inside a simulation
// (base/io/simulated/simulation.h) it is the seeded scheduler, which runs every simulated thread as a fiber of one
// real thread and chooses who goes next at each of these calls.
//
// Threads: current_scheduler() is per real thread. Everything one Mutex or CondVar sees must be of one world.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace varve::io {

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // A point where another fiber may be chosen. `what` enters the trace hash.
  virtual void yield(const char* what) = 0;
  // Blocks the calling fiber until wake_* names the address, or simulated time reaches deadline_ns (UINT64_MAX:
  // never). Returns false when the deadline was reached. May return early; callers loop.
  virtual bool block(const void* address, uint64_t deadline_ns) = 0;
  virtual void wake_one(const void* address) = 0;
  virtual void wake_all(const void* address) = 0;
  // Starts a fiber; the handle is given to join, exactly once.
  virtual uint64_t spawn(std::string name, std::function<void()> body) = 0;
  virtual void join(uint64_t fiber) = 0;
  virtual uint64_t monotonic_ns() = 0;
  virtual uint64_t wall_us() = 0;
  // An identity from the simulation's seed; see base/io/entropy.h.
  virtual uint64_t random_id() = 0;
};

namespace internal {
// constinit on the declaration spares each access the thread_local wrapper call: it is on the path of every lock.
extern constinit thread_local Scheduler* this_threads_scheduler;
}  // namespace internal

inline Scheduler* current_scheduler() { return internal::this_threads_scheduler; }
// Sets the calling real thread's scheduler and returns the one before: simulations nest.
Scheduler* exchange_current_scheduler(Scheduler* scheduler);

}  // namespace varve::io
