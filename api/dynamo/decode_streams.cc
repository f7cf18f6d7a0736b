// The requests on streams.
#include <array>

#include "api/dynamo/decode.h"
#include "api/dynamo/member_reader.h"

namespace varve::api::dynamo {
namespace {

constexpr std::array<Slice, 4> kIteratorTypeNames = {"TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER",
                                                     "AFTER_SEQUENCE_NUMBER"};
constexpr std::array kIteratorTypeValues = {ShardIteratorType::kTrimHorizon, ShardIteratorType::kLatest,
                                            ShardIteratorType::kAtSequenceNumber,
                                            ShardIteratorType::kAfterSequenceNumber};
constexpr EnumTable<ShardIteratorType> kIteratorType{kIteratorTypeNames, kIteratorTypeValues};

enum class FilterType : uint8_t { kChildShards };
constexpr std::array<Slice, 1> kFilterTypeNames = {"CHILD_SHARDS"};
constexpr std::array kFilterTypeValues = {FilterType::kChildShards};
constexpr EnumTable<FilterType> kFilterType{kFilterTypeNames, kFilterTypeValues};

template <typename T>
Outcome<T> finish(const DecodeState& state, T request) {
  if (auto failure = state.result()) return *std::move(failure);
  return request;
}

}  // namespace

Outcome<ListStreamsRequest> decode_list_streams(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  ListStreamsRequest request;
  in.string("TableName", &request.table);
  in.integer("Limit", "Integer", &request.limit);
  in.string("ExclusiveStartStreamArn", &request.exclusive_start_stream_arn);
  return finish(state, std::move(request));
}

Outcome<DescribeStreamRequest> decode_describe_stream(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  DescribeStreamRequest request;
  in.required_string("StreamArn", &request.stream_arn);
  in.integer("Limit", "Integer", &request.limit);
  in.string("ExclusiveStartShardId", &request.exclusive_start_shard_id);
  in.structure("ShardFilter", "ShardFilter", Presence::kOptional, [&](MemberReader& filter) {
    std::optional<FilterType> type;
    filter.enumeration("Type", kFilterType, &type);
    filter.string("ShardId", &request.children_of);
  });
  return finish(state, std::move(request));
}

Outcome<GetShardIteratorRequest> decode_get_shard_iterator(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  GetShardIteratorRequest request;
  in.required_string("StreamArn", &request.stream_arn);
  in.required_string("ShardId", &request.shard_id);
  in.enumeration("ShardIteratorType", kIteratorType, &request.type);
  if (!in.has("ShardIteratorType")) state.note_violation(missing_member(in.path("ShardIteratorType")));
  in.string("SequenceNumber", &request.sequence_number);
  return finish(state, std::move(request));
}

Outcome<GetRecordsRequest> decode_get_records(json::Object body) {
  DecodeState state(DecodeState::Report::kAll);
  MemberReader in(body, &state);
  GetRecordsRequest request;
  in.required_string("ShardIterator", &request.shard_iterator);
  in.integer("Limit", "Integer", &request.limit);
  return finish(state, std::move(request));
}

}  // namespace varve::api::dynamo
