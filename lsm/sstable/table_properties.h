// TableProperties: what a table says of itself, for the manifest, for compaction's choices and for people.
// Stored in the table and checked against its content by TableReader::verify.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::lsm {

struct TableProperties {
  uint64_t entries = 0;
  uint64_t tombstones = 0;
  // Sequence of the oldest tombstone, kNoSequence when there is none.
  SequenceNumber oldest_tombstone;
  SequenceNumber min_sequence;
  SequenceNumber max_sequence;
  uint64_t raw_key_bytes = 0;  // user keys and trailers before prefix compression
  uint64_t raw_value_bytes = 0;
  uint64_t data_blocks = 0;
  uint64_t data_bytes = 0;       // data blocks as stored, trailers included
  uint64_t index_bytes = 0;      // index blocks of all levels as stored
  uint32_t index_levels = 0;     // 1: the root points to data blocks
  uint64_t filter_keys = 0;      // hashes in the filter, neighbours that are equal counted once
  uint64_t filter_prefixes = 0;  // of these, prefixes; 0: the filter says nothing of prefixes
  uint32_t filter_partitions = 0;
  uint32_t filter_partition_bytes = 0;  // each, without its trailer
  uint8_t filter_policy = 0;            // FilterPolicy::id(), 0: none
  // First and last internal key; empty when there are no entries.
  std::string smallest;
  std::string largest;

  bool operator==(const TableProperties&) const = default;

  std::string encode() const;
  // Unknown tags are skipped (what must be understood has a feature bit in the header). kCorruption, without
  // file and offset, which the caller knows, when malformed.
  static Result<TableProperties> decode(Slice bytes);
};

}  // namespace varve::lsm
