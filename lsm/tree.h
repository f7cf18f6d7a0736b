// Tree: one ordered, versioned map of bytes: memtables above SSTables. Part of a TreeSet (lsm/tree_set.h), which owns
// the manifest, the caches and the background work of all trees of a store.
//
// Invariants
//   I1 An entry's sequence number is unique per (tree, key): one commit holds at most one operation on a key of a tree.
//   I2 A sealed memtable with boundary b holds exactly the entries with sequence < b not in older memtables or files.
//   I3 No SSTable holds an entry that the log could lose: a memtable is flushed only once the flush gate has passed b.
//
// Threads: every method from any thread; reads take no lock and allocate nothing when all they need is in memory.
// Ownership: a Tree belongs to its TreeSet and lives until the TreeSet closes, also after drop().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "lsm/internal_key.h"
#include "lsm/pinned_value.h"

namespace varve::lsm {

// At which sequence a read looks.
struct ReadPoint {
  enum class Kind { kLatestVisible, kLatestApplied, kAt };
  Kind kind = Kind::kLatestVisible;
  SequenceNumber sequence;  // kAt only; the caller has registered it as a snapshot

  // What readers are shown: TreeSet::visible(), taken after the version. The default.
  static ReadPoint visible() { return {Kind::kLatestVisible, {}}; }
  // The newest applied entry, durable or not: for conditions inside the commit path, never for answers to readers.
  static ReadPoint applied() { return {Kind::kLatestApplied, {}}; }
  static ReadPoint at(SequenceNumber s) { return {Kind::kAt, s}; }
};

struct Lookup {
  bool found = false;  // a value; false for an absent key and for a tombstone
  SequenceNumber
      sequence;  // of the newest entry at the read point, tombstones included; 0 when the key has none
};

// Keys in [lower, upper); an absent upper is unbounded. Borrowed for the iterator's life.
struct Bounds {
  Slice lower;
  std::optional<Slice> upper;
};

// Walks the live keys of a tree at one sequence: no tombstones, one version a key. Pins memory and files: page,
// release, resume. After an error it is invalid and status() says why; a clean end has an ok status.
class TreeIterator {
 public:
  virtual ~TreeIterator() = default;
  virtual bool valid() const = 0;
  virtual void seek_to_first() = 0;
  virtual void seek_to_last() = 0;
  virtual void seek(Slice key) = 0;           // first key >= key
  virtual void seek_for_prev(Slice key) = 0;  // last key <= key
  virtual void next() = 0;
  virtual void prev() = 0;
  virtual Slice key() const = 0;    // valid until the iterator moves
  virtual Slice value() const = 0;  // likewise
  virtual SequenceNumber sequence() const = 0;
  virtual Status status() const = 0;
};

struct TreeStatistics {
  uint64_t memtable_bytes = 0, memtable_entries = 0;
  uint64_t files = 0, file_bytes = 0;
  uint64_t file_entries = 0, file_tombstones = 0;
  uint64_t level_files[8] = {};
  SequenceNumber flushed_through;
};

class Tree {
 public:
  virtual ~Tree() = default;
  virtual TreeId id() const = 0;

  // Inserts one entry of a commit. The sequence number comes from the log; callers may be many and out of order, but
  // a key's entries come in sequence order (latches see to that). Never fails.
  virtual void apply(SequenceNumber sequence, ValueKind kind, Slice key, Slice value) = 0;

  // The newest entry at the read point. *value is pinned: valid until it is reset or destroyed.
  virtual Result<Lookup> get(Slice key, ReadPoint point, PinnedValue* value) = 0;
  virtual Result<std::unique_ptr<TreeIterator>> iterate(const Bounds& bounds, ReadPoint point) = 0;

  // Sealing (design, section 3): installs a successor memtable as pending, calls boundary() for b, publishes b.
  // Writers with a sequence < b insert into the old memtable, others into the new. No-op when the active memtable is
  // empty.
  virtual void seal(const std::function<SequenceNumber()>& boundary) = 0;
  // The active memtable has reached the write buffer size.
  virtual bool wants_seal() const = 0;
  // Everything below is in SSTables: replay skips it.
  virtual SequenceNumber flushed_through() const = 0;
  // A lower bound of the sequences that only memtables hold; kMaxSequence when they are empty.
  virtual SequenceNumber oldest_unflushed() const = 0;

  virtual TreeStatistics statistics() const = 0;
};

}  // namespace varve::lsm
