#include "base/io/entropy.h"

#include <sys/random.h>

#include <array>
#include <cstdio>

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

std::string random_uuid() {
  const uint64_t high = (random_id() & ~0xf000ull) | 0x4000;
  const uint64_t low = (random_id() & ~(3ull << 62)) | 1ull << 63;
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffff'ffff'ffffull));
  return text.data();
}

}  // namespace varve::io
