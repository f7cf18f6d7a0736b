#include "base/io/scheduler.h"

#include <utility>

namespace varve::io {

namespace internal {
constinit thread_local Scheduler* this_threads_scheduler = nullptr;
}  // namespace internal

Scheduler* exchange_current_scheduler(Scheduler* scheduler) {
  return std::exchange(internal::this_threads_scheduler, scheduler);
}

}  // namespace varve::io
