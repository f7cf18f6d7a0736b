// TreeState: everything a read of one tree looks at, as of one moment: its memtables and its version. Immutable,
// replaced whole by seal, flush, compaction and drop. StateReclaimer: frees the replaced ones when their last reader
// has gone.
//
// Threads: any. Ownership: counted. The tree holds one reference, given up through the reclaimer; an iterator takes
// its own while it is under a ReadEpochs::Guard; a get needs none beyond its guard.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/io/mutex.h"
#include "lsm/memtable/memtable.h"
#include "lsm/version/read_epochs.h"
#include "lsm/version/version.h"

namespace varve::lsm {

class TreeState {
 public:
  // memtables: newest first, at least one; takes a reference to each.
  TreeState(std::vector<Memtable*> memtables, std::shared_ptr<const Version> version)
      : memtables_(std::move(memtables)), version_(std::move(version)) {
    for (Memtable* memtable : memtables_) memtable->ref();
  }
  TreeState(const TreeState&) = delete;
  TreeState& operator=(const TreeState&) = delete;

  // Newest first. The first is active, the others sealed (or, the second one, about to be).
  const std::vector<Memtable*>& memtables() const { return memtables_; }
  Memtable* active() const { return memtables_.front(); }
  Memtable* oldest() const { return memtables_.back(); }
  const std::shared_ptr<const Version>& version() const { return version_; }

  void ref() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void unref() const {
    // Acquire-release: the last one sees what all others did before it frees.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~TreeState() {
    for (Memtable* memtable : memtables_) memtable->unref();
  }

  std::vector<Memtable*> memtables_;
  std::shared_ptr<const Version> version_;
  mutable std::atomic<uint64_t> references_{1};
};

class StateReclaimer {
 public:
  ~StateReclaimer();  // precondition: no reader is left
  ReadEpochs* epochs() { return &epochs_; }
  // Takes over the tree's reference to a state that was just exchanged for another.
  void retire(const TreeState* state);
  // Lets go of retired states that no reader can hold any more. True when none is left waiting.
  bool reclaim();

 private:
  struct Retired {
    const TreeState* state;
    uint64_t epoch;
  };
  ReadEpochs epochs_;
  io::Mutex mutex_;
  std::vector<Retired> retired_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::lsm
