// The typed requests and results of the operations on streams and on time to live. See api/dynamo/requests.h for the conventions.
//
// Threads: values; share none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "index/attribute_value.h"
#include "index/key_schema.h"
#include "index/stream_record.h"

namespace varve::api {

using StreamViewType = index::StreamViewType;
using StreamEvent = index::StreamEvent;

struct StreamOptions {
  // A shard that holds records ends at this age: DynamoDB's are about four hours long.
  uint64_t shard_us = 4ull * 3600 * 1'000'000;
  // For how long records can be read: DynamoDB's promise.
  uint64_t retention_us = 24ull * 3600 * 1'000'000;
  // The file of a Kinesis destination is set aside at this size, in place of the one that was set aside before.
  uint64_t kinesis_file_bytes = 256u << 20;
};

// Of CreateTable and UpdateTable.
struct StreamSpecification {
  bool enabled = false;
  std::optional<StreamViewType> view_type;  // required to enable, forbidden to disable
};

struct ListStreamsRequest {
  std::optional<std::string> table;  // absent: of all tables. Need not exist
  std::optional<int64_t> limit;      // 1 to 100; default 100
  std::optional<std::string> exclusive_start_stream_arn;
};

struct StreamName {
  std::string arn;
  std::string table;
  std::string label;
};

struct ListStreamsResult {
  std::vector<StreamName> streams;
  std::optional<std::string> last_evaluated_stream_arn;
};

struct DescribeStreamRequest {
  std::string stream_arn;
  std::optional<int64_t> limit;  // shards in the answer, 1 to 100; default 100
  std::optional<std::string> exclusive_start_shard_id;
  std::optional<std::string> children_of;  // ShardFilter CHILD_SHARDS: only the shards that follow this one
};

struct ShardDescription {
  std::string id;
  std::optional<std::string> parent_id;
  std::string starting_sequence_number;
  std::optional<std::string> ending_sequence_number;  // present once the shard is closed
};

struct StreamDescription {
  StreamName name;
  bool enabled = false;
  StreamViewType view_type = StreamViewType::kKeysOnly;
  uint64_t created_us = 0;
  index::KeySchema key_schema;
  std::vector<ShardDescription> shards;  // oldest first
  std::optional<std::string> last_evaluated_shard_id;
};

enum class ShardIteratorType : uint8_t { kTrimHorizon, kLatest, kAtSequenceNumber, kAfterSequenceNumber };

struct GetShardIteratorRequest {
  std::string stream_arn;
  std::string shard_id;
  ShardIteratorType type = ShardIteratorType::kTrimHorizon;
  std::optional<std::string> sequence_number;  // with the last two types, and only with them
};

struct GetRecordsRequest {
  std::string shard_iterator;
  std::optional<int64_t> limit;  // 1 to 1000; default 1000
};

struct ChangeRecord {
  std::string event_id;  // of this record alone, the same whenever it is read
  StreamEvent event = StreamEvent::kInsert;
  bool by_service = false;  // an expired item's removal
  uint64_t created_us = 0;  // the commit's time
  index::Item keys;
  std::optional<index::Item> new_image;  // whole, the keys included
  std::optional<index::Item> old_image;
  std::string sequence_number;
  uint64_t size_bytes = 0;  // of keys and images
};

struct GetRecordsResult {
  StreamViewType view_type = StreamViewType::kKeysOnly;
  std::vector<ChangeRecord> records;
  // Absent at the end of a closed shard: go on with its child.
  std::optional<std::string> next_shard_iterator;
};

struct TimeToLiveSpecification {
  bool enabled = false;
  std::string attribute;  // of type N in the items that expire: seconds since 1970
};

struct UpdateTimeToLiveRequest {
  std::string table;
  TimeToLiveSpecification specification;
};

enum class TimeToLiveStatus : uint8_t { kDisabled, kEnabling, kEnabled };

struct TimeToLiveDescription {
  TimeToLiveStatus status = TimeToLiveStatus::kDisabled;
  std::string attribute;  // empty when disabled
};

}  // namespace varve::api
