// What a table is made with. Few knobs: a level of the tree chooses them, users do not.
#pragma once

#include <array>
#include <cstdint>

#include "base/ids.h"
#include "lsm/filter/filter_policy.h"

namespace varve::lsm {

class BlockCache;

// 16 random bytes that name a file for ever, across stores, backups and hard links. Chosen by the caller;
// recorded in the file's header and in the manifest, and mixed into the checksum of every block.
struct FileUuid {
  std::array<uint8_t, 16> bytes{};
  bool operator==(const FileUuid&) const = default;
};

// Also the type byte on disk.
enum class Compression : uint8_t { kNone = 0, kZstd = 1 };

struct TableOptions {
  // Data blocks close before they would pass this; a larger entry is a block of its own.
  uint32_t block_size_bytes = 8192;
  // Entries between two full keys of a data block at most, 1..kMaxRestartInterval (see BlockBuilder).
  uint32_t restart_interval = 16;
  // Index blocks close at this size; more than one makes another level above. The root stays in memory while
  // the table is open, so this bounds the cost of an open table (plus one key).
  uint32_t index_block_size_bytes = 32768;
  // Filters are stored in partitions of about this size, the unit in which they enter the cache.
  uint32_t filter_partition_bytes = 16384;

  Compression compression = Compression::kNone;
  // Zstandard level: 1 in the middle of the tree, 3 at the bottom.
  int compression_level = 1;

  // Null: no filter. Borrowed for the builder's life.
  const FilterPolicy* filter = nullptr;
  // Null: whole keys only. Else the prefix of each key enters the filter too.
  PrefixExtractor prefix_extractor = nullptr;

  // What is worth keeping in memory goes there as it is written: index and filter blocks, and data blocks of which more than
  // half is warm (TableBuilder::add). Null: nothing does. Borrowed; the number is the file's.
  BlockCache* cache = nullptr;
  FileNumber file_number;
};

// Bounds that every table keeps and every reader enforces, so that no file makes a reader take unbounded
// memory.
inline constexpr uint32_t kMaxBlockBytes = 20u << 20;  // one block, decompressed
inline constexpr uint32_t kMaxValueBytes = 16u << 20;
inline constexpr uint32_t kMaxIndexBlockBytes =
    2u << 20;  // TableOptions::index_block_size_bytes is at most half of it
inline constexpr uint32_t kMaxPropertiesBytes = 256u << 10;
inline constexpr uint32_t kMaxRestartInterval = 64;

}  // namespace varve::lsm
