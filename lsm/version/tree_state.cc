#include "lsm/version/tree_state.h"

#include <algorithm>

namespace varve::lsm {

StateReclaimer::~StateReclaimer() {
  const bool all = reclaim();
  CHECK(all);
}

void StateReclaimer::retire(const TreeState* state) {
  {
    io::MutexLock lock(&mutex_);
    retired_.push_back({state, epochs_.retire()});
  }
  reclaim();
}

bool StateReclaimer::reclaim() {
  std::vector<const TreeState*> free;
  bool all = false;
  {
    io::MutexLock lock(&mutex_);
    std::erase_if(retired_, [&](const Retired& retired) {
      if (!epochs_.passed(retired.epoch)) return false;
      free.push_back(retired.state);
      return true;
    });
    all = retired_.empty();
  }
  // Outside the lock: freeing a state may free memtables and close files.
  for (const TreeState* state : free) state->unref();
  return all;
}

}  // namespace varve::lsm
