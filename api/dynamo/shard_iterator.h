// ShardIterator: where a reader of a shard stands, as the string that clients carry from call to call. It holds all there is to know, so
// the server keeps nothing for a reader, however slow.
//
//   <stream ARN> "|1|" base64(flags u8, shard varint, sequence number u64, ordinal u32, issued u64, hash64 of all before u64)
//
// Threads: values; free functions.
#pragma once

#include <cstdint>
#include <string>

#include "api/dynamo/error.h"
#include "api/dynamo/stream.h"
#include "base/slice.h"
#include "index/stream_record.h"

namespace varve::api::dynamo {

inline constexpr uint64_t kIteratorLifetimeUs = 15ull * 60 * 1'000'000;

struct ShardIterator {
  std::string table;
  std::string label;
  uint64_t shard = 0;
  index::StreamPosition position;  // of the next record wanted, or the least it may have
  // At the oldest record there is, whichever that will be: records that are trimmed meanwhile are none that the reader has missed.
  bool at_horizon = false;
  uint64_t issued_us = 0;
};

std::string encode_shard_iterator(const ShardIterator& iterator);
// ValidationException for anything that encode_shard_iterator would not have written; ExpiredIteratorException.
Outcome<ShardIterator> decode_shard_iterator(Slice text, uint64_t now_us);

}  // namespace varve::api::dynamo
