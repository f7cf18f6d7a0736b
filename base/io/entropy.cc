#include "base/io/entropy.h"

#include <sys/random.h>

#include "base/check.h"
#include "base/io/scheduler.h"

namespace varve::io {

uint64_t random_id() {
  uint64_t id = 0;
  while (id == 0) {
    if (Scheduler* scheduler = current_scheduler()) {
      id = scheduler->random_id();
    } else {
      CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
    }
  }
  return id;
}

}  // namespace varve::io
