#include "api/cli/stream_follower.h"

#include <algorithm>
#include <utility>

#include "api/json/writer.h"

namespace varve::api {
namespace {

constexpr Slice kTables = "DynamoDB_20120810.";
constexpr Slice kStreams = "DynamoDBStreams_20120810.";
constexpr Slice kExpired = "ExpiredIteratorException";
constexpr Slice kTrimmed = "TrimmedDataAccessException";
constexpr Slice kNotFound = "ResourceNotFoundException";

std::string json_member(Slice name, Slice value) {
  std::string text = "\"" + std::string(name) + "\":";
  json::append_quoted(value, &text);
  return text;
}

// The range of a shard's sequence numbers, of which the second is empty while it is open.
std::pair<std::string, std::string> range_of(const json::Object& shard) {
  json::Object range;
  if (shard["SequenceNumberRange"].get(range) != simdjson::SUCCESS) return {};
  return {string_member(range, "StartingSequenceNumber"), string_member(range, "EndingSequenceNumber")};
}

}  // namespace

std::string string_member(const json::Object& object, const char* name) {
  Slice text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

Result<std::string> StreamFollower::call(Slice operation, const std::string& request) {
  refusal_.clear();
  VARVE_ASSIGN_OR_RETURN(HttpAnswer answer, transport_(operation, request));
  if (answer.status == 200) return std::move(answer.body);
  const std::string refusal = describe_refusal(answer);
  refusal_ = refusal.substr(0, refusal.find(':'));
  const std::string message = std::string(operation.substr(operation.find('.') + 1)) + ": " + refusal;
  if (refusal_ == kNotFound) return Status::not_found(message);
  return Status::invalid_argument(message);
}

Status StreamFollower::find_stream(bool* enabled) {
  VARVE_ASSIGN_OR_RETURN(const std::string body, call(std::string(kTables) + "DescribeTable",
                                                      "{" + json_member("TableName", table_) + "}"));
  json::Document document;
  VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
  json::Object table;
  std::string arn;
  if (root["Table"].get(table) == simdjson::SUCCESS) arn = string_member(table, "LatestStreamArn");
  if (arn.empty()) return Status::not_found("table " + table_ + " has no stream");
  *enabled = root["Table"]["StreamSpecification"].error() == simdjson::SUCCESS;
  stream_arn_ = arn;
  return {};
}

Status StreamFollower::begin_with_oldest() {
  bool enabled = false;
  VARVE_RETURN_IF_ERROR(find_stream(&enabled));
  return choose_shard(From::kOldest, "");
}

Status StreamFollower::begin_with_latest() {
  bool enabled = false;
  VARVE_RETURN_IF_ERROR(find_stream(&enabled));
  return choose_shard(From::kLatest, "");
}

Status StreamFollower::begin_after(const std::string& sequence_number) {
  bool enabled = false;
  VARVE_RETURN_IF_ERROR(find_stream(&enabled));
  return choose_shard(From::kAfter, sequence_number);
}

Status StreamFollower::resume(const std::string& stream_arn, const std::string& sequence_number) {
  stream_arn_ = stream_arn;
  return choose_shard(From::kAfter, sequence_number);
}

Result<bool> StreamFollower::go_to_newer_stream() {
  const std::string before = stream_arn_;
  bool enabled = false;
  const Status found = find_stream(&enabled);
  if (found.code() == ErrorCode::kNotFound) return false;
  VARVE_RETURN_IF_ERROR(found);
  if (!enabled || stream_arn_ == before) {
    stream_arn_ = before;
    return false;
  }
  VARVE_RETURN_IF_ERROR(choose_shard(From::kOldest, ""));
  return true;
}

Status StreamFollower::choose_shard(From from, const std::string& sequence_number) {
  shard_id_.clear();
  std::string start;
  bool first = true;
  while (true) {
    std::string request = "{" + json_member("StreamArn", stream_arn_);
    if (!start.empty()) request += "," + json_member("ExclusiveStartShardId", start);
    VARVE_ASSIGN_OR_RETURN(const std::string body,
                           call(std::string(kStreams) + "DescribeStream", request + "}"));
    json::Document document;
    VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
    json::Object stream;
    json::Array shards;
    if (root["StreamDescription"].get(stream) != simdjson::SUCCESS ||
        stream["Shards"].get(shards) != simdjson::SUCCESS) {
      return Status::invalid_argument("DescribeStream: an answer without shards");
    }
    for (const json::Value& shard : shards) {
      const json::Object entry = json::object_of(shard);
      const auto [least, greatest] = range_of(entry);
      shard_id_ = string_member(entry, "ShardId");
      if (from == From::kOldest) return begin_shard("TRIM_HORIZON", "");
      // Sequence numbers have one length, so they are in order as text.
      if (from == From::kAfter && first && sequence_number < least) {
        // The shard that held it is gone, and whatever came after it there.
        missed_ = true;
        return begin_shard("TRIM_HORIZON", "");
      }
      first = false;
      if (from == From::kAfter && (greatest.empty() || sequence_number <= greatest)) {
        Status begun = begin_shard("AFTER_SEQUENCE_NUMBER", sequence_number);
        if (refusal_ != kTrimmed) return begun;
        missed_ = true;
        return begin_shard("TRIM_HORIZON", "");
      }
    }
    start = string_member(stream, "LastEvaluatedShardId");
    if (start.empty()) break;
  }
  if (shard_id_.empty()) return Status::not_found("stream " + stream_arn_ + " has no shards left");
  // After everything there is: the end of the last shard, or of all.
  return begin_shard("LATEST", "");
}

Status StreamFollower::begin_shard(const std::string& type, const std::string& sequence_number) {
  std::string request = "{" + json_member("StreamArn", stream_arn_) + "," +
                        json_member("ShardId", shard_id_) + "," + json_member("ShardIteratorType", type);
  if (!sequence_number.empty()) request += "," + json_member("SequenceNumber", sequence_number);
  VARVE_ASSIGN_OR_RETURN(const std::string body,
                         call(std::string(kStreams) + "GetShardIterator", request + "}"));
  json::Document document;
  VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
  iterator_ = string_member(json::object_of(root), "ShardIterator");
  last_read_ = sequence_number;
  return {};
}

Result<bool> StreamFollower::go_to_child() {
  VARVE_ASSIGN_OR_RETURN(const std::string body, call(std::string(kStreams) + "DescribeStream",
                                                      "{" + json_member("StreamArn", stream_arn_) +
                                                          ",\"ShardFilter\":{\"Type\":\"CHILD_SHARDS\"," +
                                                          json_member("ShardId", shard_id_) + "}}"));
  json::Document document;
  VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
  json::Array shards;
  if (root["StreamDescription"]["Shards"].get(shards) != simdjson::SUCCESS || shards.size() == 0)
    return false;
  shard_id_ = string_member(json::object_of(shards.at(0)), "ShardId");
  VARVE_RETURN_IF_ERROR(begin_shard("TRIM_HORIZON", ""));
  return true;
}

Result<std::string> StreamFollower::get_records(uint64_t limit) {
  const auto get = [&] {
    return call(std::string(kStreams) + "GetRecords",
                "{" + json_member("ShardIterator", *iterator_) +
                    ",\"Limit\":" + std::to_string(std::min(limit, kMaxPage)) + "}");
  };
  auto body = get();
  if (refusal_ == kExpired) {
    const bool read = !last_read_.empty();
    const Status renewed = begin_shard(read ? "AFTER_SEQUENCE_NUMBER" : "TRIM_HORIZON", last_read_);
    if (refusal_.empty()) {
      VARVE_RETURN_IF_ERROR(renewed);
      body = get();
    }
  }
  if (refusal_ == kTrimmed || refusal_ == kNotFound) {
    // The shard may be gone altogether; that the stream is gone is said by choose_shard.
    missed_ = true;
    VARVE_RETURN_IF_ERROR(choose_shard(From::kOldest, ""));
    body = get();
  }
  return body;
}

Result<StreamFollower::Page> StreamFollower::read(uint64_t limit) {
  Page page;
  if (!iterator_) {
    VARVE_ASSIGN_OR_RETURN(const bool goes_on, go_to_child());
    page.ended = !goes_on;
    if (page.ended) return page;
  }
  VARVE_ASSIGN_OR_RETURN(const std::string body, get_records(limit));
  VARVE_ASSIGN_OR_RETURN(const json::Value root, page_.parse(body));
  if (root["Records"].get(page.records) != simdjson::SUCCESS)
    return Status::invalid_argument("GetRecords: an answer without records");
  if (page.records.size() > 0) {
    Slice last;
    if (page.records.at(page.records.size() - 1)["dynamodb"]["SequenceNumber"].get(last) == simdjson::SUCCESS)
      last_read_ = last;
  }
  page.missed = std::exchange(missed_, false);
  const std::string next = string_member(json::object_of(root), "NextShardIterator");
  iterator_.reset();
  if (!next.empty()) iterator_ = next;
  page.idle = iterator_.has_value() && page.records.size() == 0;
  return page;
}

}  // namespace varve::api
