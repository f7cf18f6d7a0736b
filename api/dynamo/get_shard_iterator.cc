#include "api/dynamo/operations.h"
#include "api/dynamo/shard_iterator.h"
#include "api/dynamo/stream_reader.h"
#include "api/dynamo/streams.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMinSequenceNumberLength = 21;
constexpr int64_t kMaxSequenceNumberLength = 40;

bool names_a_record(ShardIteratorType type) {
  return type == ShardIteratorType::kAtSequenceNumber || type == ShardIteratorType::kAfterSequenceNumber;
}

Failure check(const GetShardIteratorRequest& request) {
  VARVE_RETURN_IF_FAILED(check_shard_id(request.shard_id, "shardId"));
  if (request.sequence_number) {
    VARVE_RETURN_IF_FAILED(check_length(*request.sequence_number, "sequenceNumber", kMinSequenceNumberLength,
                                        kMaxSequenceNumberLength));
  }
  if (names_a_record(request.type) && !request.sequence_number) {
    return validation_error("SequenceNumber is required for this ShardIteratorType");
  }
  if (!names_a_record(request.type) && request.sequence_number) {
    return validation_error("SequenceNumber must not be specified for this ShardIteratorType");
  }
  return std::nullopt;
}

// The position that the request's sequence number stands for in the shard.
Outcome<index::StreamPosition> named_position(const GetShardIteratorRequest& request, const Shard& shard) {
  const auto named = index::parse_sequence_number(*request.sequence_number);
  const bool inside =
      named && named->sequence > shard.after && (!shard.through || named->sequence <= *shard.through);
  if (!inside) {
    return validation_error("Invalid SequenceNumber: " + *request.sequence_number + " is not in the shard");
  }
  return request.type == ShardIteratorType::kAtSequenceNumber ? *named : named->next();
}

}  // namespace

Outcome<std::string> get_shard_iterator(const Context& context, const GetShardIteratorRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const StreamArn arn, parse_stream_arn(request.stream_arn, "streamArn"));
  VARVE_RETURN_IF_FAILED(check(request));
  const auto view = context.streams->view(arn.table, arn.label);
  if (!view) return stream_not_found(request.stream_arn);
  const Stream& stream = *view->stream;
  const auto number = parse_shard_id(stream, request.shard_id);
  const Shard* const shard = number ? stream.find_shard(*number) : nullptr;
  if (shard == nullptr) {
    return Error{ErrorType::kResourceNotFound,
                 "Requested resource not found: Shard: " + request.shard_id +
                     " in stream: " + request.stream_arn + " not found",
                 {}};
  }
  const uint64_t now_us = io::wall_us();
  const SequenceNumber through = std::min(view->through, shard->through.value_or(view->through));
  ShardIterator iterator{stream.table, stream.label, *number, {shard->after.next(), 0}, false, now_us};
  if (request.type == ShardIteratorType::kTrimHorizon) iterator.at_horizon = true;
  if (request.type == ShardIteratorType::kLatest) iterator.position = {through.next(), 0};
  if (names_a_record(request.type)) {
    VARVE_ASSIGN_OR_FAIL(iterator.position, named_position(request, *shard));
    VARVE_ASSIGN_OR_FAIL_STATUS(const auto reader,
                                StreamReader::open(context.store, stream, iterator.position, through));
    if (reader->valid() && reader->record().commit_time_us + context.streams->retention_us() <= now_us) {
      return trimmed_data_access();
    }
  }
  return encode_shard_iterator(iterator);
}

}  // namespace varve::api::dynamo
