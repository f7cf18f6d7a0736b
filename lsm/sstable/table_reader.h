// TableReader: one open SSTable (lsm/sstable/FORMAT.md).
//
//   I1 Nothing in the file is believed before its checksum, which binds bytes to this file, this offset and
//   this kind of
//      block, is right; and nothing then trips a CHECK, hangs, or takes more memory than kMaxBlockBytes at a
//      time.
//   I2 An error names the file and the offset. Corruption is found at first touch; verify() touches
//   everything. I3 A point read costs at most one filter partition, the index path and one data block; on
//   cache hits it takes no
//      lock and allocates nothing.
//   I4 A bounded iterator reads the data blocks inside its bounds and at most one beyond, which shows where they end.
//
// Open memory: the index root (index_block_size_bytes and one key) and the properties; the rest lives in the
// cache. Threads: all methods from any thread at once; an iterator from one at a time. Ownership: owns its
// file; borrows the cache. Iterators and pinned values outlive neither reader (iterators) nor cache (both).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/io/driver.h"
#include "base/result.h"
#include "lsm/cache/block_cache.h"
#include "lsm/internal_key.h"
#include "lsm/iterator.h"
#include "lsm/pinned_value.h"
#include "lsm/sstable/table_options.h"
#include "lsm/sstable/table_properties.h"

namespace varve::lsm {

// The newest version at or below the snapshot; a tombstone is found too, with kind kDelete and an empty
// value.
struct FoundEntry {
  SequenceNumber sequence;
  ValueKind kind = ValueKind::kDelete;
  PinnedValue value;
};

struct TableReaderOptions {
  FileNumber file_number;       // with the offset, a block's name in the cache
  BlockCache* cache = nullptr;  // null: every read goes to the file
  // What the manifest says of the file; a difference is corruption (a swapped or stale file).
  std::optional<FileUuid> expected_uuid;
  std::optional<uint64_t> expected_size_bytes;
};

struct TableIteratorOptions {
  // User keys: lower <= key < upper. The iterator keeps copies.
  std::optional<Slice> lower;
  std::optional<Slice> upper;
  // Priority at which blocks enter the cache.
  CachePriority priority = CachePriority::kScan;
  // False: blocks are looked up in the cache but not left there (compaction).
  bool fill_cache = true;
  // Above 0: data is read ahead in pieces of this size while moving forward, past the cache's back
  // (compaction).
  uint32_t readahead_bytes = 0;
};

struct OpenTable;

class TableReader {
 public:
  static Result<std::unique_ptr<TableReader>> open(std::unique_ptr<io::File> file,
                                                   const TableReaderOptions& options);
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  // The newest version of key.user_key with sequence <= key.snapshot; nullopt when this table has none.
  Result<std::optional<FoundEntry>> get(const LookupKey& key) const;
  // False: no key with this prefix is in the table, surely. Always true for a table without prefixes in its
  // filter.
  Result<bool> may_contain_prefix(Slice prefix) const;
  std::unique_ptr<InternalIterator> iterate(const TableIteratorOptions& options = {}) const;

  // Reads every block and holds the whole table to its word: checksums, order, index bounds, counts and
  // extremes of the properties, and that the filter knows every key. With file_checksum, the bytes of the
  // whole file too.
  Status verify(std::optional<uint64_t> file_checksum = std::nullopt) const;

  const TableProperties& properties() const;
  const FileUuid& uuid() const;
  uint64_t file_size_bytes() const;
  const std::string& path() const;
  // Heap held while open, the cache not counted.
  uint64_t memory_bytes() const;
  // About how many stored bytes hold keys in [first, last) of user keys; reads index blocks only.
  Result<uint64_t> approximate_bytes(Slice first, Slice last) const;

 private:
  explicit TableReader(std::unique_ptr<OpenTable> table);
  std::unique_ptr<OpenTable> table_;
};

}  // namespace varve::lsm
