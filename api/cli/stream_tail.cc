#include "api/cli/stream_tail.h"

#include <algorithm>

#include "api/json/document.h"
#include "api/json/writer.h"
#include "base/io/clock.h"

namespace varve::api {
namespace {

constexpr Slice kTables = "DynamoDB_20120810.";
constexpr Slice kStreams = "DynamoDBStreams_20120810.";
constexpr uint64_t kIdlePauseNs = 100'000'000;
constexpr uint64_t kMaxPage = 1000;

std::string json_member(Slice name, Slice value) {
  std::string text = "\"" + std::string(name) + "\":";
  json::append_quoted(value, &text);
  return text;
}

// A member that is a string; empty when it is absent.
std::string string_member(const json::Object& object, const char* name) {
  Slice text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

Result<std::string> StreamTail::call(Slice operation, const std::string& request) {
  VARVE_ASSIGN_OR_RETURN(HttpAnswer answer, transport_(operation, request));
  if (answer.status != 200) {
    return Status::invalid_argument(std::string(operation.substr(operation.find('.') + 1)) + ": " +
                                    describe_refusal(answer));
  }
  return std::move(answer.body);
}

Status StreamTail::find_stream() {
  VARVE_ASSIGN_OR_RETURN(const std::string body, call(std::string(kTables) + "DescribeTable",
                                                      "{" + json_member("TableName", options_.table) + "}"));
  json::Document document;
  VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
  json::Object table;
  if (root["Table"].get(table) == simdjson::SUCCESS) stream_arn_ = string_member(table, "LatestStreamArn");
  if (stream_arn_.empty()) return Status::not_found("table " + options_.table + " has no stream");
  return {};
}

Status StreamTail::choose_shard() {
  std::string start;
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
      shard_id_ = string_member(entry, "ShardId");
      if (options_.from_start) return begin_shard("TRIM_HORIZON", "");
      json::Object range;
      const bool closed = entry["SequenceNumberRange"].get(range) == simdjson::SUCCESS &&
                          !string_member(range, "EndingSequenceNumber").empty();
      // Sequence numbers have one length, so they are in order as text.
      const bool holds =
          !closed || (options_.after_sequence &&
                      *options_.after_sequence <= string_member(range, "EndingSequenceNumber"));
      if (options_.after_sequence && holds)
        return begin_shard("AFTER_SEQUENCE_NUMBER", *options_.after_sequence);
    }
    start = string_member(stream, "LastEvaluatedShardId");
    if (start.empty()) break;
  }
  if (shard_id_.empty()) return Status::not_found("stream " + stream_arn_ + " has no shards left");
  return begin_shard("LATEST", "");
}

Status StreamTail::begin_shard(const std::string& type, const std::string& sequence_number) {
  std::string request = "{" + json_member("StreamArn", stream_arn_) + "," +
                        json_member("ShardId", shard_id_) + "," + json_member("ShardIteratorType", type);
  if (!sequence_number.empty()) request += "," + json_member("SequenceNumber", sequence_number);
  VARVE_ASSIGN_OR_RETURN(const std::string body,
                         call(std::string(kStreams) + "GetShardIterator", request + "}"));
  json::Document document;
  VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
  iterator_ = string_member(json::object_of(root), "ShardIterator");
  return {};
}

Result<bool> StreamTail::go_to_child() {
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

Status StreamTail::read_page(const OnRecord& on_record, bool* empty) {
  const uint64_t limit = std::min(kMaxPage, options_.records - records_);
  VARVE_ASSIGN_OR_RETURN(const std::string body, call(std::string(kStreams) + "GetRecords",
                                                      "{" + json_member("ShardIterator", *iterator_) +
                                                          ",\"Limit\":" + std::to_string(limit) + "}"));
  json::Document document;
  VARVE_ASSIGN_OR_RETURN(const json::Value root, document.parse(body));
  json::Array records;
  if (root["Records"].get(records) != simdjson::SUCCESS) {
    return Status::invalid_argument("GetRecords: an answer without records");
  }
  *empty = records.size() == 0;
  for (const json::Value& record : records) {
    VARVE_RETURN_IF_ERROR(on_record(std::string(simdjson::minify(record))));
    ++records_;
  }
  const std::string next = string_member(json::object_of(root), "NextShardIterator");
  iterator_.reset();
  if (!next.empty()) iterator_ = next;
  return {};
}

Status StreamTail::run(const OnRecord& on_record, const std::function<bool()>& keep_going) {
  VARVE_RETURN_IF_ERROR(find_stream());
  VARVE_RETURN_IF_ERROR(choose_shard());
  while (keep_going() && records_ < options_.records) {
    if (!iterator_) {
      VARVE_ASSIGN_OR_RETURN(const bool goes_on, go_to_child());
      if (!goes_on) return {};
    }
    bool empty = false;
    VARVE_RETURN_IF_ERROR(read_page(on_record, &empty));
    if (!empty || !iterator_) continue;
    if (options_.until_now) return {};
    io::sleep_ns(kIdlePauseNs);
  }
  return {};
}

}  // namespace varve::api
