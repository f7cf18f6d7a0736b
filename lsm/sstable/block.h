// Reading one block (lsm/sstable/block_builder.h describes its layout).
//
// Block is a view with two searches: lower_bound, which never builds a key (a point read), and BlockIterator,
// which walks both ways. Neither trusts the bytes: a checksum says that the writer wrote them, not that the
// writer was ours.
//
//   I1 No byte pattern makes a read outside the block, a hang or a CHECK: a malformed entry makes the search
//   answer
//      kCorrupt, the iterator invalid with corrupt() true.
//   I2 Every step of an iterator moves to a strictly larger or strictly smaller offset, so each walk ends.
//
// Threads: Block any, BlockIterator one. Ownership: both borrow the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/slice.h"
#include "lsm/internal_key.h"

namespace varve::lsm {

class Block {
 public:
  // The answer of lower_bound: the first entry at or after the target.
  struct Found {
    enum Outcome : uint8_t { kEntry, kPastEnd, kCorrupt } outcome = kPastEnd;
    bool same_user_key = false;  // the entry's user key is the target's
    uint64_t trailer = 0;
    Slice value;
  };

  Block() = default;
  // False when the restart array does not fit the bytes.
  bool parse(Slice bytes);
  // Hints for what parse, and then a search, will look at.
  static void prefetch_end(Slice bytes);
  void prefetch_restarts() const;

  // The whole structure: each restart leads to a full key, intervals are no longer than allowed, and every
  // other entry shares exactly what it has in common with the one before, on which lower_bound relies. Order
  // is not looked at.
  bool well_formed() const;

  // First entry >= (user_key, trailer) in internal order.
  Found lower_bound(Slice user_key, uint64_t trailer) const;

 private:
  friend class BlockIterator;

  // One entry's fields as stored; `delta` is the unshared user-key bytes, the trailer behind them.
  struct Entry {
    uint32_t shared = 0;
    uint32_t unshared = 0;
    const char* delta = nullptr;
    Slice value;
    uint32_t next = 0;  // offset of the following entry
    uint64_t trailer() const { return load_little<uint64_t>(delta + unshared); }
  };
  bool decode(uint32_t offset, Entry* entry) const;
  uint32_t restart_offset(uint32_t index) const {
    return load_little<uint32_t>(bytes_.data() + entries_end_ + index * sizeof(uint32_t));
  }
  // A hint; any offset will do.
  void prefetch(uint64_t offset) const {
    if (offset < entries_end_) __builtin_prefetch(bytes_.data() + offset);
  }
  void prefetch_interval(uint32_t restart) const;
  // The last restart whose key is < the target, or 0. False: corrupt.
  bool find_restart(Slice user_key, uint64_t trailer, uint32_t* index) const;

  Slice bytes_;
  uint32_t entries_end_ = 0;
  uint32_t restarts_ = 0;
};

class BlockIterator {
 public:
  BlockIterator() = default;
  // Starts invalid. Keeps its buffers' memory from earlier blocks.
  void reset(const Block& block);
  void clear();

  bool valid() const { return valid_; }
  bool corrupt() const { return corrupt_; }
  Slice key() const { return key_; }
  Slice value() const { return value_; }

  void seek(Slice target);
  void seek_for_prev(Slice target);
  void seek_to_first();
  void seek_to_last();
  void next();
  void prev();

 private:
  friend class Block;

  // An entry of the interval that prev() has unpacked.
  struct Unpacked {
    uint32_t offset;
    uint32_t next;
    size_t key_begin;
    size_t key_size;
    Slice value;
  };

  void fail();
  void set_end();
  // Decodes the entry at `offset`, whose predecessor's key is key_ (unless it is a restart).
  bool load(uint32_t offset);
  bool rewind_to_restart(uint32_t index);
  // Unpacks the entries from restart `index` that lie before `limit`, and stands on the last.
  void unpack_before(uint32_t index, uint32_t limit);
  void show(const Unpacked& entry);

  Block block_;
  bool valid_ = false;
  bool corrupt_ = false;
  uint32_t offset_ = 0;         // of the current entry
  uint32_t next_ = 0;           // of the one after
  uint32_t restart_index_ = 0;  // a restart at or before offset_
  Slice key_;                   // in the block, in key_buffer_ or in unpacked_keys_
  Slice value_;
  std::string key_buffer_;
  std::vector<Unpacked> unpacked_;  // empty unless prev() filled it; the current entry is its last
  std::string unpacked_keys_;
};

}  // namespace varve::lsm
