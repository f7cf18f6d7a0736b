// Databases with a bug, planted between a client and a face that works: what each does is what an engine with that bug would show.
// A checker that misses one of them proves nothing about an engine.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "tests/isolation/client.h"

namespace varve::isolation {

struct PlantedBug {
  const char* name;
  // What they share (an early acknowledgement is carried out by whoever comes next) is made for one history.
  std::unique_ptr<Client> (*make)(api::Face* face, struct PlantedState* state);
};

// What the clients of one history share of a bug.
struct PlantedState {
  io::Mutex mutex;
  std::string late_key VARVE_GUARDED_BY(mutex);  // acknowledged, not done
  int64_t late_value VARVE_GUARDED_BY(mutex) = 0;
  Client::Answer old_table[kTables] VARVE_GUARDED_BY(mutex);
  uint64_t calls VARVE_GUARDED_BY(mutex) = 0;
};

std::span<const PlantedBug> planted_bugs();

}  // namespace varve::isolation
