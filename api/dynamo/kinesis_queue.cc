#include "api/dynamo/kinesis_queue.h"

#include "api/dynamo/key_attribute_coding.h"
#include "base/coding.h"

namespace varve::api::dynamo {
namespace {

constexpr uint8_t kVersion = 1;
enum Flag : uint8_t { kHasSortKey = 1, kMicroseconds = 2, kClosed = 4 };

Status damaged(const ByteReader& in, Slice what) {
  return Status::corruption("kinesis-queues", in.offset(), "queue entry: " + std::string(what));
}

}  // namespace

std::string kinesis_queue_name(Slice table_id, uint64_t enabled_us) {
  return std::string(kKinesisPrefix).append(table_id).append("/").append(std::to_string(enabled_us));
}

std::string encode_kinesis_queue(const KinesisQueue& queue) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.u8(kVersion);
  out.u8(static_cast<uint8_t>((queue.key_schema.sort ? kHasSortKey : 0) |
                              (queue.microseconds ? kMicroseconds : 0) | (queue.closed ? kClosed : 0)));
  out.string(queue.table);
  out.string(queue.table_id);
  out.u64(queue.enabled_us);
  write_key(queue.key_schema.partition, &out);
  if (queue.key_schema.sort) write_key(*queue.key_schema.sort, &out);
  out.u64(queue.next.sequence.value);
  out.u32(queue.next.ordinal);
  return bytes;
}

Result<KinesisQueue> decode_kinesis_queue(Slice encoded) {
  KinesisQueue queue;
  ByteReader in(encoded);
  const uint8_t version = in.u8();
  if (version != kVersion) return damaged(in, "version " + std::to_string(version));
  const uint8_t flags = in.u8();
  if ((flags & ~(kHasSortKey | kMicroseconds | kClosed)) != 0) return damaged(in, "unknown flags");
  queue.microseconds = (flags & kMicroseconds) != 0;
  queue.closed = (flags & kClosed) != 0;
  queue.table = in.string();
  queue.table_id = in.string();
  queue.enabled_us = in.u64();
  if (!read_key(&in, &queue.key_schema.partition)) return damaged(in, "partition key");
  if ((flags & kHasSortKey) != 0 && !read_key(&in, &queue.key_schema.sort.emplace()))
    return damaged(in, "sort key");
  queue.next.sequence = SequenceNumber(in.u64());
  queue.next.ordinal = in.u32();
  if (!in.done()) return damaged(in, "length");
  return queue;
}

}  // namespace varve::api::dynamo
