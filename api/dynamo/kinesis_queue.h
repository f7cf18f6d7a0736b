// KinesisQueue: the changes of a table's items that are on their way to its Kinesis destination, a file; and its entry on disk
// (FORMAT.md beside this file).
//
// The records lie in a keyspace of the queue's own, stamped as those of a stream and with both images, in the log record of the
// write. They are removed once they are in the file. A closed queue gets no more; it is gone when it is empty.
//
// Threads: const after construction. A change of the queue makes a new KinesisQueue.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "index/key_schema.h"
#include "index/stream_record.h"

namespace varve::api::dynamo {

struct KinesisQueue {
  // What records say of their table, which may be gone when they are delivered.
  std::string table;
  std::string table_id;
  index::KeySchema key_schema;
  uint64_t enabled_us = 0;
  bool microseconds = false;  // how records tell their time; else milliseconds
  bool closed = false;
  index::StreamPosition next;  // the least position that is not delivered
  KeyspaceId records;          // found by its name, not stored
};
using KinesisQueueRef = std::shared_ptr<const KinesisQueue>;

// Its keyspace, and its key among the queues: "kinesis/<table id>/<microseconds>".
inline constexpr Slice kKinesisPrefix = "kinesis/";
std::string kinesis_queue_name(Slice table_id, uint64_t enabled_us);

std::string encode_kinesis_queue(const KinesisQueue& queue);
// kCorruption for anything that encode_kinesis_queue would not have written. `records` is left 0.
Result<KinesisQueue> decode_kinesis_queue(Slice encoded);

}  // namespace varve::api::dynamo
