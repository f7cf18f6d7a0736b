// BlockBuilder: packs sorted entries into one data or index block, with the shared prefix of neighbouring
// user keys stored once. The layout is LevelDB's with one change: the 8-byte trailer of an internal key
// stands whole after the differing part of the user key, so `shared` counts user-key bytes only and a reader
// can compare without rebuilding keys (lsm/sstable/block.h).
//
//   entry    varint shared | varint unshared | varint value size | user key bytes | trailer, 8 | value bytes
//   block    entries | restart offsets, 4 each | restart count, 4
//
// The first entry has shared = 0 and its offset in the restart array, and so has one that comes restart_interval entries or
// kRestartBytes after the last such: large entries are found by a search alone, where a walk over them would cost a cache miss each.
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "base/slice.h"

namespace varve::lsm {

class BlockBuilder {
 public:
  static constexpr size_t kRestartBytes = 512;

  explicit BlockBuilder(uint32_t restart_interval) : restart_interval_(restart_interval) {}

  // Precondition: after every key added since reset, in internal order.
  void add(Slice internal_key, Slice value);
  // Appends the restart array and gives the block; good until reset.
  Slice finish();
  void reset();

  // finish()'s size as of now, and with one more entry at worst.
  size_t size_bytes() const;
  size_t size_bytes_with(Slice internal_key, Slice value) const;
  bool empty() const { return entries_ == 0; }
  size_t entries() const { return entries_; }
  Slice last_key() const { return last_key_; }

 private:
  bool restarts_now() const;

  uint32_t restart_interval_;
  std::string bytes_;
  std::vector<uint32_t> restarts_;
  size_t entries_ = 0;
  uint32_t since_restart_ = 0;
  std::string last_key_;
};

}  // namespace varve::lsm
