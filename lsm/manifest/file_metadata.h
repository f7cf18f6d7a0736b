// FileMetadata: what the manifest says of one SSTable in one tree. Two trees may name one file under different bounds
// (after a split), so identity is the file's and bounds are the tree's.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "lsm/sstable/table_options.h"

namespace varve::lsm {

inline constexpr uint32_t kLevels = 8;

struct FileMetadata {
  FileNumber number;
  FileUuid uuid;
  uint64_t size_bytes = 0;
  uint64_t checksum = 0;  // hash64 of the whole file
  Level level;
  // Level 0 only: the boundary of the memtable it came from. A higher one is newer; file numbers say nothing about age.
  uint64_t run_order = 0;
  std::string smallest, largest;  // user keys, both inclusive
  std::string prefix;             // put before every key of the file; empty in this version
  SequenceNumber min_sequence, max_sequence;
  uint64_t entries = 0, tombstones = 0;

  bool operator==(const FileMetadata&) const = default;
};

// Fresh random bytes: what makes a file itself, whatever its name or number.
FileUuid random_file_uuid();

// "000012.sst"
std::string table_file_name(FileNumber number);
// The number in such a name; 0 when it is not one.
FileNumber parse_table_file_name(const std::string& name);

}  // namespace varve::lsm
