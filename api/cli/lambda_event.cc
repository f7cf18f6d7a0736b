#include "api/cli/lambda_event.h"

#include <algorithm>

#include "api/dynamo/stream.h"
#include "api/json/writer.h"
#include "base/io/entropy.h"

namespace varve::api {
namespace {

void append_member(Slice name, Slice json_text, std::string* out) {
  if (out->back() != '{') out->push_back(',');
  json::append_quoted(name, out);
  out->push_back(':');
  out->append(json_text);
}

std::string quoted(Slice text) {
  std::string out;
  json::append_quoted(text, &out);
  return out;
}

// {"PrincipalId": ..., "Type": ...} with names that begin small.
std::string identity_of(const json::Object& identity) {
  std::string out = "{";
  for (const auto& [name, value] : identity) {
    std::string small(name);
    if (!small.empty() && small[0] >= 'A' && small[0] <= 'Z')
      small[0] = static_cast<char>(small[0] - 'A' + 'a');
    append_member(small, simdjson::minify(value), &out);
  }
  return out + "}";
}

// "2026-01-31T12:34:56.789Z".
std::string date(uint64_t wall_us) { return dynamo::stream_label(wall_us) + "Z"; }

}  // namespace

Result<LambdaRecord> lambda_record(const json::Value& record, Slice stream_arn) {
  LambdaRecord result;
  json::Object members;
  Slice sequence_number;
  double created_s = 0;
  if (record.get(members) != simdjson::SUCCESS ||
      record["dynamodb"]["SequenceNumber"].get(sequence_number) != simdjson::SUCCESS ||
      record["dynamodb"]["ApproximateCreationDateTime"].get(created_s) != simdjson::SUCCESS) {
    return Status::invalid_argument("GetRecords: a record without its sequence number or time");
  }
  result.sequence_number = sequence_number;
  result.created_us = static_cast<uint64_t>(std::max(0.0, created_s) * 1e6);
  result.json = "{";
  for (const auto& [name, value] : members) {
    json::Object identity;
    const bool is_identity = name == "userIdentity" && value.get(identity) == simdjson::SUCCESS;
    append_member(name, is_identity ? identity_of(identity) : simdjson::minify(value), &result.json);
  }
  append_member("eventSourceARN", quoted(stream_arn), &result.json);
  result.json += "}";
  return result;
}

std::string lambda_event(std::span<const LambdaRecord> records) {
  std::string event = "{\"Records\":[";
  for (const LambdaRecord& record : records) {
    if (event.back() != '[') event += ',';
    event += record.json;
  }
  return event + "]}";
}

std::optional<size_t> first_failure(Slice answer, std::span<const LambdaRecord> records) {
  if (answer.find_first_not_of(" \t\r\n") == Slice::npos) return records.size();
  json::Document document;
  const auto root = document.parse(answer);
  if (!root.ok()) return std::nullopt;
  if (root->type() == json::Type::NULL_VALUE) return records.size();
  json::Object object;
  if (root->get(object) != simdjson::SUCCESS) return std::nullopt;
  json::Value failures;
  if (object["batchItemFailures"].get(failures) != simdjson::SUCCESS ||
      failures.type() == json::Type::NULL_VALUE) {
    return records.size();
  }
  json::Array items;
  if (failures.get(items) != simdjson::SUCCESS) return std::nullopt;
  size_t first = records.size();
  for (const json::Value& item : items) {
    Slice name;
    if (item["itemIdentifier"].get(name) != simdjson::SUCCESS) return std::nullopt;
    const auto named = std::ranges::find(records, name, &LambdaRecord::sequence_number);
    if (named == records.end()) return std::nullopt;
    first = std::min(first, static_cast<size_t>(named - records.begin()));
  }
  return first;
}

std::string failed_batch_line(const FailedBatch& failed, std::span<const LambdaRecord> records,
                              uint64_t now_us) {
  std::string line;
  json::JsonWriter out(&line);
  const auto member = [&](Slice name, Slice value) {
    out.key(name);
    out.string(value);
  };
  out.begin_object();
  out.key("requestContext");
  out.begin_object();
  member("requestId", io::random_uuid());
  member("functionArn", failed.command);
  member("condition", failed.condition);
  out.key("approximateInvokeCount");
  out.integer(failed.attempts);
  out.end_object();
  if (failed.exit_code) {
    out.key("responseContext");
    out.begin_object();
    out.key("statusCode");
    out.integer(200);
    member("executedVersion", "$LATEST");
    member("functionError", "Unhandled");
    out.key("exitStatus");
    out.integer(*failed.exit_code);
    out.end_object();
  }
  member("version", "1.0");
  member("timestamp", date(now_us));
  out.key("DDBStreamBatchInfo");
  out.begin_object();
  member("shardId", failed.shard_id);
  member("startSequenceNumber", records.front().sequence_number);
  member("endSequenceNumber", records.back().sequence_number);
  member("approximateArrivalOfFirstRecord", date(records.front().created_us));
  member("approximateArrivalOfLastRecord", date(records.back().created_us));
  out.key("batchSize");
  out.integer(static_cast<int64_t>(records.size()));
  member("streamArn", failed.stream_arn);
  out.end_object();
  member("payload", lambda_event(records));
  out.end_object();
  return line;
}

}  // namespace varve::api
