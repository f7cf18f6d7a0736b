// The answers of the operations on streams and on time to live.
#include <array>

#include "api/dynamo/constraints.h"
#include "api/dynamo/encode.h"
#include "api/dynamo/value_json.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {
namespace {

using json::JsonWriter;

Slice event_name(StreamEvent event) {
  switch (event) {
    case StreamEvent::kInsert:
      return "INSERT";
    case StreamEvent::kModify:
      return "MODIFY";
    case StreamEvent::kRemove:
      return "REMOVE";
  }
  return "MODIFY";
}

Slice time_to_live_status_name(TimeToLiveStatus status) {
  switch (status) {
    case TimeToLiveStatus::kDisabled:
      return "DISABLED";
    case TimeToLiveStatus::kEnabling:
      return "ENABLING";
    case TimeToLiveStatus::kEnabled:
      return "ENABLED";
  }
  return "DISABLED";
}

void write_member(Slice key, Slice value, JsonWriter* out) {
  out->key(key);
  out->string(value);
}

void write_member(Slice key, const std::optional<std::string>& value, JsonWriter* out) {
  if (value) write_member(key, Slice(*value), out);
}

void write_image(Slice key, const std::optional<index::Item>& image, JsonWriter* out) {
  if (!image) return;
  out->key(key);
  write_item(*image, out);
}

void write_key_element(const index::KeyAttribute& key, Slice type, JsonWriter* out) {
  out->begin_object();
  write_member("AttributeName", Slice(key.name), out);
  write_member("KeyType", type, out);
  out->end_object();
}

void write_shard(const ShardDescription& shard, JsonWriter* out) {
  out->begin_object();
  write_member("ShardId", Slice(shard.id), out);
  out->key("SequenceNumberRange");
  out->begin_object();
  write_member("StartingSequenceNumber", Slice(shard.starting_sequence_number), out);
  write_member("EndingSequenceNumber", shard.ending_sequence_number, out);
  out->end_object();
  write_member("ParentShardId", shard.parent_id, out);
  out->end_object();
}

}  // namespace

Slice view_type_name(StreamViewType view_type) {
  switch (view_type) {
    case StreamViewType::kKeysOnly:
      return "KEYS_ONLY";
    case StreamViewType::kNewImage:
      return "NEW_IMAGE";
    case StreamViewType::kOldImage:
      return "OLD_IMAGE";
    case StreamViewType::kNewAndOldImages:
      return "NEW_AND_OLD_IMAGES";
  }
  return "KEYS_ONLY";
}

Slice precision_name(bool microseconds) { return microseconds ? "MICROSECOND" : "MILLISECOND"; }

std::string encode_time_to_live(const TimeToLiveSpecification& specification) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("TimeToLiveSpecification");
  out.begin_object();
  out.key("Enabled");
  out.boolean(specification.enabled);
  write_member("AttributeName", Slice(specification.attribute), &out);
  out.end_object();
  out.end_object();
  return body;
}

std::string encode_time_to_live_description(const TimeToLiveDescription& description) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("TimeToLiveDescription");
  out.begin_object();
  write_member("TimeToLiveStatus", time_to_live_status_name(description.status), &out);
  if (!description.attribute.empty()) write_member("AttributeName", Slice(description.attribute), &out);
  out.end_object();
  out.end_object();
  return body;
}

std::string encode_list_streams(const ListStreamsResult& result) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Streams");
  out.begin_array();
  for (const StreamName& stream : result.streams) {
    out.begin_object();
    write_member("StreamArn", Slice(stream.arn), &out);
    write_member("TableName", Slice(stream.table), &out);
    write_member("StreamLabel", Slice(stream.label), &out);
    out.end_object();
  }
  out.end_array();
  write_member("LastEvaluatedStreamArn", result.last_evaluated_stream_arn, &out);
  out.end_object();
  return body;
}

std::string encode_stream_description(const StreamDescription& stream) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("StreamDescription");
  out.begin_object();
  write_member("StreamArn", Slice(stream.name.arn), &out);
  write_member("StreamLabel", Slice(stream.name.label), &out);
  write_member("StreamStatus", stream.enabled ? Slice("ENABLED") : Slice("DISABLED"), &out);
  write_member("StreamViewType", view_type_name(stream.view_type), &out);
  out.key("CreationRequestDateTime");
  out.timestamp(stream.created_us);
  write_member("TableName", Slice(stream.name.table), &out);
  out.key("KeySchema");
  out.begin_array();
  write_key_element(stream.key_schema.partition, "HASH", &out);
  if (stream.key_schema.sort) write_key_element(*stream.key_schema.sort, "RANGE", &out);
  out.end_array();
  out.key("Shards");
  out.begin_array();
  for (const ShardDescription& shard : stream.shards) write_shard(shard, &out);
  out.end_array();
  write_member("LastEvaluatedShardId", stream.last_evaluated_shard_id, &out);
  out.end_object();
  out.end_object();
  return body;
}

std::string encode_shard_iterator_answer(const std::string& iterator) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  write_member("ShardIterator", Slice(iterator), &out);
  out.end_object();
  return body;
}

void write_change_record(const ChangeRecord& record, StreamViewType view_type, JsonWriter* out) {
  out->begin_object();
  write_member("eventID", Slice(record.event_id), out);
  write_member("eventName", event_name(record.event), out);
  write_member("eventVersion", Slice("1.1"), out);
  write_member("eventSource", Slice("aws:dynamodb"), out);
  write_member("awsRegion", kRegion, out);
  out->key("dynamodb");
  out->begin_object();
  out->key("ApproximateCreationDateTime");
  out->integer(static_cast<int64_t>(record.created_us / 1'000'000));  // whole seconds, as the model asks
  out->key("Keys");
  write_item(record.keys, out);
  write_image("NewImage", record.new_image, out);
  write_image("OldImage", record.old_image, out);
  write_member("SequenceNumber", Slice(record.sequence_number), out);
  out->key("SizeBytes");
  out->integer(static_cast<int64_t>(record.size_bytes));
  write_member("StreamViewType", view_type_name(view_type), out);
  out->end_object();
  if (record.by_service) {
    out->key("userIdentity");
    out->begin_object();
    write_member("PrincipalId", Slice("dynamodb.amazonaws.com"), out);
    write_member("Type", Slice("Service"), out);
    out->end_object();
  }
  out->end_object();
}

void write_kinesis_record(const ChangeRecord& record, Slice table, bool microseconds, JsonWriter* out) {
  out->begin_object();
  write_member("awsRegion", kRegion, out);
  write_member("eventID", Slice(record.event_id), out);
  write_member("eventName", event_name(record.event), out);
  out->key("userIdentity");
  if (record.by_service) {
    out->begin_object();
    write_member("principalId", Slice("dynamodb.amazonaws.com"), out);
    write_member("type", Slice("Service"), out);
    out->end_object();
  } else {
    out->null();
  }
  write_member("recordFormat", Slice("application/json"), out);
  write_member("tableName", table, out);
  out->key("dynamodb");
  out->begin_object();
  out->key("ApproximateCreationDateTime");
  out->integer(static_cast<int64_t>(microseconds ? record.created_us : record.created_us / 1000));
  out->key("Keys");
  write_item(record.keys, out);
  write_image("NewImage", record.new_image, out);
  write_image("OldImage", record.old_image, out);
  out->key("SizeBytes");
  out->integer(static_cast<int64_t>(record.size_bytes));
  write_member("ApproximateCreationDateTimePrecision", precision_name(microseconds), out);
  out->end_object();
  write_member("eventSource", Slice("aws:dynamodb"), out);
  out->end_object();
}

std::string encode_get_records(const GetRecordsResult& result) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Records");
  out.begin_array();
  for (const ChangeRecord& record : result.records) write_change_record(record, result.view_type, &out);
  out.end_array();
  write_member("NextShardIterator", result.next_shard_iterator, &out);
  out.end_object();
  return body;
}

}  // namespace varve::api::dynamo
