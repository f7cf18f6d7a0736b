// InternalIterator: a cursor over internal keys (lsm/internal_key.h) in their order. Memtables, SSTables and
// the merge of many of them all show this face; the layers above see versions and tombstones through it and
// decide what a user sees.
//
//   iterator->seek(make_seek_key(user_key, snapshot));
//   for (; iterator->valid(); iterator->next()) { ... iterator->key(), iterator->value() ... }
//   VARVE_RETURN_IF_ERROR(iterator->status());
//
//   I1 Not valid() means one of two things, and status() tells them apart: ok is the end of the range,
//   anything else is
//      an error (corruption, I/O). An error never looks like an end, and sticks until the next seek.
//   I2 key() and value() stay good until the iterator moves or dies.
//   I3 next() and prev() may be mixed freely while valid(). From an end only a seek leads back.
//
// Threads: one at a time. Ownership: an iterator borrows what it walks; who made it says what must outlive
// it.
#pragma once

#include "base/result.h"
#include "base/slice.h"

namespace varve::lsm {

class InternalIterator {
 public:
  InternalIterator() = default;
  virtual ~InternalIterator() = default;
  InternalIterator(const InternalIterator&) = delete;
  InternalIterator& operator=(const InternalIterator&) = delete;

  virtual bool valid() const = 0;
  // The first entry >= target, an internal key.
  virtual void seek(Slice target) = 0;
  // A seek in steps, between which others may take theirs, so that several wait for memory together: seek_step until it answers false
  // does what seek does. The target lives until then; nothing else is called in between.
  virtual void begin_seek(Slice target) { seek(target); }
  virtual bool seek_step() { return false; }
  // The last entry <= target, an internal key.
  virtual void seek_for_prev(Slice target) = 0;
  virtual void seek_to_first() = 0;
  virtual void seek_to_last() = 0;
  // Precondition of these four: valid().
  virtual void next() = 0;
  virtual void prev() = 0;
  virtual Slice key() const = 0;
  virtual Slice value() const = 0;
  // Whether the entry was in memory before the iterator came to it. Compaction keeps in memory what was there. Precondition:
  // valid().
  virtual bool warm() const { return false; }

  virtual Status status() const = 0;

 protected:
  // What seek is where it has steps.
  void seek_by_steps(Slice target) {
    begin_seek(target);
    while (seek_step()) {
    }
  }
};

}  // namespace varve::lsm
