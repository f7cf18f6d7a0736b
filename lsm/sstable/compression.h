// Block compression (Zstandard, RFC 8878). A compressed payload is the decompressed size, 4 bytes
// little-endian, and one Zstandard frame of exactly that size.
//
// Threads: a Compressor from one at a time; decompress_block from any (each thread keeps one context).
#pragma once

#include <string>

#include "base/result.h"
#include "lsm/cache/block_buffer.h"
#include "lsm/sstable/table_options.h"

namespace varve::lsm {

class Compressor {
 public:
  // level: Zstandard's; unused for kNone.
  Compressor(Compression compression, int level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Replaces *out by what should be stored for `raw` and says as what: kNone, leaving *out alone, when
  // compression would save less than 12 %: then the saved bytes are not worth the reader's time.
  Compression compress(Slice raw, std::string* out);

 private:
  Compression compression_;
  int level_;
  void* context_ = nullptr;
};

// The stored payload of a kZstd block, expanded. kCorruption (without a place) when it is not one whole frame
// of the stated size, or states more than limit_bytes: no more memory than that is taken on a file's word.
Result<BlockBuffer> decompress_block(Slice payload, uint64_t limit_bytes);

}  // namespace varve::lsm
