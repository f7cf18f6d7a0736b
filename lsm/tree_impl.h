// TreeImpl: the Tree of lsm/tree.h. It owns the state that readers see; TreeSetImpl decides when to flush and
// compact and calls the install functions once the manifest edit is durable.
//
//   I1 Writers find the memtable of their sequence: the newest one whose predecessor's boundary is at or below it. A
//      writer that finds a boundary still being chosen waits for the sealer, which holds seal_mutex_ only while it
//      asks for the boundary.
//   I2 A read takes the state first and the visible sequence second, so no compaction in its state dropped what it
//      needs, and what it sees is one prefix of the commits: entries applied to a successor memtable that it does
//      not have are all newer than everything it has.
//   I3 state_ is exchanged under state_mutex_ only; readers load it under a ReadEpochs::Guard.
//
// Threads: as Tree; install functions from the workers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/io/mutex.h"
#include "lsm/tree.h"
#include "lsm/version/tree_state.h"

namespace varve::lsm {

// What a tree needs of its set. Outlives the tree.
struct TreeEnvironment {
  StateReclaimer* reclaimer = nullptr;
  // Release in publish_visible pairs with acquire in reads: what is visible is applied.
  const std::atomic<uint64_t>* visible = nullptr;
  uint64_t write_buffer_bytes = 0;
  size_t (*filter_prefix)(Slice key) = nullptr;
  std::function<void()> on_sealed;
  mutable std::atomic<uint64_t> filter_negatives{0};  // files that iterators left out
};

class TreeImpl final : public Tree {
 public:
  TreeImpl(TreeId id, const TreeEnvironment* environment, std::shared_ptr<const Version> version,
           SequenceNumber flushed_through);
  ~TreeImpl() override;

  TreeId id() const override { return id_; }
  void apply(SequenceNumber sequence, ValueKind kind, Slice key, Slice value) override;
  Result<Lookup> get(Slice key, ReadPoint point, PinnedValue* value) override;
  Result<std::unique_ptr<TreeIterator>> iterate(const Bounds& bounds, ReadPoint point) override;
  void seal(const std::function<SequenceNumber()>& boundary) override;
  bool wants_seal() const override;
  SequenceNumber flushed_through() const override {
    return SequenceNumber(flushed_through_.load(std::memory_order_acquire));
  }
  SequenceNumber oldest_unflushed() const override;
  TreeStatistics statistics() const override;

  bool dropped() const { return dropped_.load(std::memory_order_acquire); }
  // The way to the place of a key in the active memtable. The caller holds a guard of the set's epochs meanwhile.
  SkipList::Approach approach(Slice key) const {
    return state_.load(std::memory_order_seq_cst)->active()->approach(key);
  }
  // The next memtable to flush, with a reference for the caller; null when none is sealed.
  const Memtable* oldest_sealed() const;
  // The boundary of the newest sealed memtable; 0 when none is.
  SequenceNumber newest_boundary() const;
  std::shared_ptr<const Version> version() const;
  struct Pressure {
    size_t sealed = 0;
    uint64_t sealed_bytes = 0;
    size_t level0_runs = 0;
  };
  Pressure pressure() const;

  // The memtable is the oldest; files hold what it held.
  void install_flush(const Memtable* flushed, const Version::Files& added);
  void install_compaction(const std::vector<FileNumber>& removed, const Version::Files& added);
  // Empties the tree for ever; answers the files it had.
  Version::Files install_drop();

 private:
  class View;  // the current state under a guard
  SequenceNumber snapshot_of(ReadPoint point) const;
  Status open_file_cursors(const Version& version, const Bounds& bounds,
                           std::vector<std::unique_ptr<InternalIterator>>* cursors) const;
  Slice common_filter_prefix(const Bounds& bounds) const;
  Memtable* route(const TreeState& state, SequenceNumber sequence);
  void exchange(const TreeState* next) VARVE_REQUIRES(state_mutex_);

  const TreeId id_;
  const TreeEnvironment* const environment_;
  // Sequentially consistent, see read_epochs.h.
  std::atomic<const TreeState*> state_;
  // Release in install_flush, after the state that holds the files; acquire in readers.
  std::atomic<uint64_t> flushed_through_;
  std::atomic<bool> dropped_{false};
  io::Mutex seal_mutex_;   // one sealer at a time; taken before state_mutex_
  io::Mutex state_mutex_;  // I3
};

}  // namespace varve::lsm
