// SegmentFiles: makes segment files ready, and frees those that are no longer needed.
//
//   <number>.log     a segment, whole: it gets this name only once its zeros and header are durable
//   prepare.tmp      a segment being written; of no meaning after a crash
//   spare-<n>.tmp    a freed segment, waiting to be recycled; of no meaning after a crash
//
// Making ready: write zeros to the whole file (fallocate alone would leave unwritten extents, which cost a journal
// commit at each durable write), sync, rename, sync the directory. A spare needs only a new header; its stale frames
// belong to another segment and so never validate. Every crash between two steps leaves either the segment or a *.tmp.
//
// Freeing: rename to a spare or remove, then sync the directory; a spare is written to only after that, so a crash that
// undoes the rename finds the old segment unharmed.
//
// Threads: any. No I/O runs under its lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/io/mutex.h"
#include "base/result.h"
#include "wal/format.h"

namespace varve::wal {

struct Segment {
  SegmentHeader header;
  std::unique_ptr<io::File> file;
  SegmentNumber number() const { return SegmentNumber(header.segment); }
};

class SegmentFiles {
 public:
  static constexpr size_t kMaxSpares = 2;

  SegmentFiles(io::Driver* driver, std::string directory)
      : driver_(driver), directory_(std::move(directory)) {}

  // A durable segment file with this header, of at least header.segment_bytes: recycled when a spare is large enough.
  Result<std::unique_ptr<Segment>> make_ready(SegmentHeader header);
  // Frees segment files in order. keep_spare_bytes: files of at least this size are kept for recycling.
  Status free_files(const std::vector<SegmentNumber>& numbers, uint64_t keep_spare_bytes);
  // Removes prepare.tmp and spares of an earlier process. Call before the first make_ready.
  Status remove_leftovers();

  uint64_t recycled() const VARVE_EXCLUDES(mutex_);
  uint64_t created() const VARVE_EXCLUDES(mutex_);

 private:
  struct Spare {
    std::string path;
    uint64_t bytes;
  };
  bool take_spare(uint64_t bytes, Spare* out) VARVE_EXCLUDES(mutex_);
  Result<std::unique_ptr<io::File>> write_zeros(const std::string& path, const SegmentHeader& header);

  io::Driver* const driver_;
  const std::string directory_;
  mutable io::Mutex mutex_;
  std::vector<Spare> spares_ VARVE_GUARDED_BY(mutex_);
  size_t spares_promised_ VARVE_GUARDED_BY(mutex_) = 0;  // being freed right now
  uint64_t next_spare_ VARVE_GUARDED_BY(mutex_) = 1;
  uint64_t recycled_ VARVE_GUARDED_BY(mutex_) = 0;
  uint64_t created_ VARVE_GUARDED_BY(mutex_) = 0;
};

}  // namespace varve::wal
