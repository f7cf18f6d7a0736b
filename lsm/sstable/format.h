// The fixed pieces of an SSTable file: header, footer, block handles and block trailers.
// lsm/sstable/FORMAT.md is the specification; this is its only encoder and decoder.
//
//   header (96 bytes) | blocks, each payload + trailer (9 bytes) | zeros up to a multiple of 4096 | footer
//   (80 bytes)
//
// The checksum of every piece is XXH3 seeded by (file uuid, offset, kind), so bytes that are intact but of
// another file, another place or another use are found out as surely as flipped ones.
//
// Threads: pure functions and values.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/slice.h"
#include "lsm/sstable/table_options.h"

namespace varve::lsm {

inline constexpr char kTableMagic[] = "VARVESST";
inline constexpr char kTableEndMagic[] = "VARVEEND";
inline constexpr uint32_t kTableFormatVersion = 1;
inline constexpr size_t kTableMagicBytes = 8;
inline constexpr size_t kTableHeaderBytes = 96;
inline constexpr size_t kTableFooterBytes = 80;
inline constexpr size_t kBlockTrailerBytes = 9;  // compression type, checksum
inline constexpr size_t kTableAlignment = 4096;
inline constexpr uint32_t kMaxIndexLevels = 16;

enum class BlockKind : uint8_t {
  kHeader = 1,
  kData = 2,
  kIndex = 3,
  kFilter = 4,
  kProperties = 5,
  kFooter = 6
};

// How blocks are protected; decides the size of the trailer.
enum class Protection : uint8_t { kChecksum = 0, kAes256Gcm = 1 };

struct TableHeader {
  uint32_t format_version = kTableFormatVersion;
  uint64_t compatible_features = 0;    // a reader ignores those it does not know
  uint64_t incompatible_features = 0;  // a reader refuses the file for one it does not know
  FileUuid uuid;
  Protection protection = Protection::kChecksum;
  uint8_t hash_id = 1;  // base/hash.h, kHashIdXxh3
  uint32_t key_id = 0;  // 0: no key
  std::array<uint8_t, 32> salt{};

  std::string encode() const;
  // `file` names the file in errors. kUnsupported for a version or feature that this build does not have.
  static Result<TableHeader> decode(Slice bytes, const std::string& file);
};

// Where a block's payload lies; its trailer follows.
struct BlockHandle {
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  uint64_t end() const { return offset + size_bytes + kBlockTrailerBytes; }
  bool operator==(const BlockHandle&) const = default;
  std::string encode() const;  // two varints, the value of an index entry
  // False when malformed. Says nothing about the file's bounds.
  bool decode(Slice bytes);
};

struct TableFooter {
  BlockHandle properties;
  BlockHandle index_root;
  uint64_t filter_offset = 0;  // of the first partition
  uint64_t filter_bytes = 0;   // all partitions with their trailers; 0: no filter
  uint64_t file_size_bytes = 0;

  std::string encode(const FileUuid& uuid) const;
  // Checks magic, checksum, and that every handle lies between header and footer of a file of
  // file_size_bytes.
  static Result<TableFooter> decode(Slice bytes, const FileUuid& uuid, uint64_t file_size_bytes,
                                    const std::string& file);
};

// No payload of this kind is larger, stored or decompressed.
uint64_t max_stored_bytes(BlockKind kind);

uint64_t block_checksum(const FileUuid& uuid, uint64_t offset, BlockKind kind, Slice bytes);

}  // namespace varve::lsm
