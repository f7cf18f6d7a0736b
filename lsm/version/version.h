// Version: which SSTables a tree consists of at one moment. Immutable.
//
//   I1 Level 0 is ordered newest run first; runs may overlap.
//   I2 Levels 1 and deeper are ordered by key, and their files are disjoint in user keys: all versions of a key that
//      a level holds are in one file.
//   I3 For any key, a shallower level (and a newer run) holds only newer entries than a deeper one.
//
// Threads: any. Ownership: shared_ptr: tree states, iterators and jobs keep a version alive.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "lsm/internal_key.h"
#include "lsm/manifest/file_metadata.h"
#include "lsm/sstable/table_reader.h"
#include "lsm/version/table.h"

namespace varve::lsm {

// A file as one tree names it.
struct VersionFile {
  FileMetadata metadata;
  std::shared_ptr<Table> table;

  bool overlaps(Slice smallest, Slice largest) const {
    return metadata.smallest <= largest && smallest <= metadata.largest;
  }
};
using VersionFilePointer = std::shared_ptr<const VersionFile>;

class Version {
 public:
  using Files = std::vector<VersionFilePointer>;

  Version() = default;
  // Any order; the constructor sorts.
  explicit Version(const Files& files);

  // This version without the files of these numbers, and with these.
  std::shared_ptr<const Version> edit(const std::vector<FileNumber>& removed, const Files& added) const;

  const Files& level(uint32_t n) const { return levels_[n]; }
  bool empty() const;
  Files all_files() const;
  uint64_t level_bytes(uint32_t n) const;
  // Files of a level that hold keys in [smallest, largest].
  Files overlapping(uint32_t n, Slice smallest, Slice largest) const;
  bool names(FileNumber number, Level level) const;

  // The newest entry of the key at or below its snapshot; nullopt when no file has one.
  Result<std::optional<FoundEntry>> get(const LookupKey& key) const;

 private:
  Files levels_[kLevels];
};

// The first file of a sorted level whose largest key is >= key; the end when there is none.
size_t find_file(const Version::Files& level, Slice key);

}  // namespace varve::lsm
