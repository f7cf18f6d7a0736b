// TreeSet: all LSM trees of a store, with what they share: the manifest, file numbers, the block cache, the flush and
// compaction workers, snapshots, and the visible sequence.
//
// Invariants
//   I1 The manifest holds physical state only. An edit is durable before what it removes is deleted, and after what
//      it adds is synced.
//   I2 Edits of several trees in one call are atomic.
//   I3 A file is deleted only when no version that a reader or a job holds names it.
//   I4 Compaction keeps, for every key, the newest entry at or below each registered snapshot and at or below
//      visible().
//
// Threads: every method from any thread. Ownership: owns its trees; the driver is borrowed. close() stops the workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/io/driver.h"
#include "base/result.h"
#include "base/slice.h"
#include "lsm/tree.h"

namespace varve::lsm {

struct TreeSetOptions {
  io::Driver* driver = nullptr;
  std::string directory;                    // exists; holds the manifest and the SSTables
  uint64_t store_uuid = 0;                  // checked against the manifest
  uint64_t write_buffer_bytes = 64u << 20;  // a memtable wants sealing at this size
  uint64_t block_cache_bytes = 256u << 20;
  uint64_t block_bytes = 8u << 10;
  uint64_t target_file_bytes = 32u << 20;  // SSTables are cut near this size, never inside a user key
  uint64_t level_base_bytes = 256u << 20;  // target of the first sorted level
  uint32_t level_fanout = 8;
  uint32_t level0_compaction_trigger = 4;  // runs at L0
  uint32_t filter_bits_per_key = 10;
  bool compress = true;  // none at L0, Zstandard 1 in the middle, 3 at the bottom
  // Length of the prefix that the filter also holds, 0 for none; null: no key has one. Pure, for ever, and free of
  // prefixes: every key that begins with the prefix of another has that same prefix (bounded iterators inside one
  // prefix skip files by it).
  size_t (*filter_prefix)(Slice key) = nullptr;
  uint64_t manifest_bytes = 1u << 20;  // a manifest that has grown past this is replaced by a new one
  bool background = true;  // false: flush_all() and compact_all() do the work on the caller (tests)
  // Called by the flush worker for a memtable with boundary b: returns ok once everything below b is applied,
  // durable and visible. An error leaves the memtable in memory (the log failed).
  std::function<Status(SequenceNumber boundary)> flush_gate;
  // After a flush or when a memtable was dropped: log segments may have become free.
  std::function<void()> on_flushed;
  // A line for people about background work: flush, compaction, errors.
  std::function<void(const std::string&)> log_line;
};

struct TreeSetStatistics {
  uint64_t flushes = 0, flush_bytes = 0, compactions = 0, compaction_read_bytes = 0,
           compaction_write_bytes = 0;
  uint64_t manifest_edits = 0, cache_hits = 0, cache_misses = 0, block_reads = 0, filter_negatives = 0;
  uint64_t sealed_memtables = 0, memtable_bytes = 0;
};

class TreeSet {
 public:
  // Reads the manifest, checks that the files it names are there with the right size and identity, removes files that
  // no version names. A directory without a manifest becomes an empty set when create is true, else kNotFound.
  static Result<std::unique_ptr<TreeSet>> open(const TreeSetOptions& options, bool create);
  virtual ~TreeSet() = default;

  // The tree with this id; made empty, at no cost on disk, when there is none. Never null.
  virtual Tree* tree(TreeId id) = 0;
  virtual Tree* find(TreeId id) = 0;  // null when there is none
  virtual std::vector<TreeId> tree_ids() = 0;
  // Brings near to the processor what inserting these keys will touch, of all of them at once, so that what follows waits less for
  // memory. Changes nothing; worth its while from two keys on.
  struct Place {
    Tree* tree;  // of this set
    Slice key;
  };
  virtual void approach(std::span<const Place> places) = 0;
  // Forgets a tree and deletes its files once unread. Durable on return. Ok when unknown.
  virtual Status drop(TreeId id) = 0;

  // Small named byte strings that the rooms above keep in the manifest (log generations, partition maps). An empty
  // value removes. One durable, atomic edit.
  virtual Status set_attributes(const std::map<std::string, std::string>& attributes) = 0;
  virtual std::map<std::string, std::string> attributes() = 0;
  // Number of the last durable edit.
  virtual uint64_t last_manifest_edit() const = 0;

  // The sequence up to which readers see. Rises only.
  virtual void publish_visible(SequenceNumber sequence) = 0;
  virtual SequenceNumber visible() const = 0;

  // A snapshot keeps the versions at its sequence until released. acquire registers visible() and returns it.
  virtual SequenceNumber acquire_snapshot() = 0;
  virtual void release_snapshot(SequenceNumber sequence) = 0;

  // min over trees of oldest_unflushed(); kMaxSequence when nothing is unflushed.
  virtual SequenceNumber oldest_unflushed() const = 0;
  // Greatest sequence in any SSTable or below any flushed_through: the log ends at or after it.
  virtual SequenceNumber greatest_sequence() const = 0;

  // Sealed memtables and L0 files are so many that writers should be refused or wait.
  virtual bool overloaded() const = 0;
  // Blocks until not overloaded, or the workers failed (their error), or the disk is full (kNoSpace, until there is
  // room again).
  virtual Status wait_for_room() = 0;

  // Seals (with boundary) and flushes every tree; returns when done.
  virtual Status flush_all(const std::function<SequenceNumber()>& boundary) = 0;
  // Compacts until no tree needs it. Flushes nothing.
  virtual Status compact_all() = 0;
  // Waits for the flush and compaction work that is due now.
  virtual Status quiesce() = 0;
  // The first error of the background workers; ok when none. A failed worker stops; reads go on. A full disk stops no
  // worker and is not remembered here: the work is tried again, and flush_all, quiesce and wait_for_room say kNoSpace
  // meanwhile.
  virtual Status background_status() const = 0;

  virtual TreeSetStatistics statistics() const = 0;
  virtual Status close() = 0;
};

}  // namespace varve::lsm
