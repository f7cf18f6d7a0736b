#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMaxListedShards = 100;

// A shard's id that the request has at `path`.
Failure check_if_given(const std::optional<std::string>& id, Slice path) {
  return id ? check_shard_id(*id, path) : std::nullopt;
}

Outcome<uint64_t> shard_number(const Stream& stream, const std::string& id, Slice member) {
  if (const auto number = parse_shard_id(stream, id)) return *number;
  return validation_error("Invalid " + std::string(member) + ": " + id);
}

ShardDescription described_shard(const Stream& stream, const Shard& shard) {
  ShardDescription description;
  description.id = shard_id(stream, shard.number);
  if (shard.number > 0) description.parent_id = shard_id(stream, shard.number - 1);
  description.starting_sequence_number = index::sequence_number_text({shard.after.next(), 0});
  if (shard.through) {
    description.ending_sequence_number =
        index::sequence_number_text({*shard.through, index::StreamPosition::kMaxOrdinal});
  }
  return description;
}

}  // namespace

Outcome<StreamDescription> describe_stream(const Context& context, const DescribeStreamRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const StreamArn arn, parse_stream_arn(request.stream_arn, "streamArn"));
  VARVE_ASSIGN_OR_FAIL(const size_t limit, limit_of(request.limit, kMaxListedShards));
  VARVE_RETURN_IF_FAILED(check_if_given(request.exclusive_start_shard_id, "exclusiveStartShardId"));
  VARVE_RETURN_IF_FAILED(check_if_given(request.children_of, "shardFilter.shardId"));
  const auto view = context.streams->view(arn.table, arn.label);
  if (!view) return stream_not_found(request.stream_arn);
  const Stream& stream = *view->stream;

  StreamDescription description;
  description.name = {request.stream_arn, stream.table, stream.label};
  description.enabled = stream.enabled();
  description.view_type = stream.view_type;
  description.created_us = stream.created_us;
  description.key_schema = stream.key_schema;
  uint64_t first = 0;
  if (request.exclusive_start_shard_id) {
    VARVE_ASSIGN_OR_FAIL(const uint64_t start,
                         shard_number(stream, *request.exclusive_start_shard_id, "ExclusiveStartShardId"));
    first = start + 1;
  }
  std::optional<uint64_t> parent;
  if (request.children_of) {
    VARVE_ASSIGN_OR_FAIL(parent, shard_number(stream, *request.children_of, "ShardId"));
  }
  for (const Shard& shard : stream.shards) {
    if (shard.number < first || (parent && shard.number != *parent + 1)) continue;
    if (description.shards.size() == limit) {
      description.last_evaluated_shard_id = description.shards.back().id;
      break;
    }
    description.shards.push_back(described_shard(stream, shard));
  }
  return description;
}

}  // namespace varve::api::dynamo
