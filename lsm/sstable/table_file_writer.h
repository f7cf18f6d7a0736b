// TableFileWriter: the append-only end of a table file. Gathers bytes into an aligned buffer, writes it in
// pieces of 256 KiB at aligned offsets (so direct I/O works and the device sees large writes), and hashes
// every byte once on the way, which is the whole-file checksum that the manifest keeps.
//
// Threads: one. Ownership: borrows the file.
#pragma once

#include <cstdint>

#include "base/hash.h"
#include "base/io/aligned_buffer.h"
#include "base/io/driver.h"
#include "base/result.h"

namespace varve::lsm {

class TableFileWriter {
 public:
  static constexpr size_t kBufferBytes = 256 << 10;

  explicit TableFileWriter(io::File* file) : file_(file), buffer_(kBufferBytes) {}

  Status append(Slice bytes);
  // Appends zeros until `tail_bytes` more would end on a multiple of kTableAlignment.
  Status pad_before(size_t tail_bytes);
  // Writes what is buffered. Precondition: offset() is a multiple of kTableAlignment.
  Status finish();

  uint64_t offset() const { return flushed_ + used_; }
  uint64_t checksum() const { return hasher_.digest(); }

 private:
  Status flush();

  io::File* file_;
  io::AlignedBuffer buffer_;
  size_t used_ = 0;
  uint64_t flushed_ = 0;
  Hasher hasher_;
};

}  // namespace varve::lsm
