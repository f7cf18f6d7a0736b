#include "lsm/sstable/compression.h"

#include <zstd.h>

#include <memory>

#include "base/check.h"
#include "base/coding.h"

namespace varve::lsm {

Compressor::Compressor(Compression compression, int level) : compression_(compression), level_(level) {
  if (compression_ == Compression::kZstd) {
    context_ = ZSTD_createCCtx();
    CHECK(context_ != nullptr);
  }
}

Compressor::~Compressor() {
  if (context_ != nullptr) ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(context_));
}

Compression Compressor::compress(Slice raw, std::string* out) {
  if (compression_ == Compression::kNone || raw.empty()) return Compression::kNone;
  const size_t prefix = sizeof(uint32_t);
  out->resize(prefix + ZSTD_compressBound(raw.size()));
  const size_t size = ZSTD_compressCCtx(static_cast<ZSTD_CCtx*>(context_), out->data() + prefix,
                                        out->size() - prefix, raw.data(), raw.size(), level_);
  if (ZSTD_isError(size) || prefix + size > raw.size() - raw.size() * 12 / 100) return Compression::kNone;
  store_little(out->data(), static_cast<uint32_t>(raw.size()));
  out->resize(prefix + size);
  return Compression::kZstd;
}

Result<BlockBuffer> decompress_block(Slice payload, uint64_t limit_bytes) {
  struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  // A context is 160 KiB to set up, so a thread keeps its own. No call below yields to another fiber.
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  CHECK(context != nullptr);

  ByteReader reader(payload);
  const uint32_t size = reader.u32();
  const Slice frame = reader.rest();
  if (reader.failed()) return Status::corruption("compressed block cut short");
  if (size > limit_bytes) {
    return Status::corruption("compressed block states " + std::to_string(size) +
                              " bytes, over the bound of " + std::to_string(limit_bytes));
  }
  BlockBuffer block(size);
  const size_t got = ZSTD_decompressDCtx(context.get(), block.data(), size, frame.data(), frame.size());
  if (ZSTD_isError(got)) {
    return Status::corruption(std::string("compressed block: ") + ZSTD_getErrorName(got));
  }
  if (got != size) {
    return Status::corruption("compressed block, expected " + std::to_string(size) + " bytes, got " +
                              std::to_string(got));
  }
  return block;
}

}  // namespace varve::lsm
