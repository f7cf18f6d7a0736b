#include "api/cli/load.h"

#include <simdjson.h>

#include <algorithm>

#include "base/io/clock.h"

namespace varve::api {
namespace {

constexpr size_t kBatchItems = 25;            // BatchWriteItem's limit
constexpr size_t kBatchJsonBytes = 8u << 20;  // well under the 16 MiB a request may have
constexpr uint64_t kFirstBackoffNs = 50'000'000;
constexpr uint64_t kMaxBackoffNs = 2'000'000'000;

std::string json_string(Slice text) {
  std::string out;
  append_json_string(text, &out);
  return out;
}

bool is_refusal(const HttpAnswer& answer, Slice type) {
  return answer.status == 400 && answer.body.find("#" + std::string(type) + "\"") != std::string::npos;
}

bool is_worth_retrying(const HttpAnswer& answer) {
  return answer.status >= 500 || answer.status == 408 || is_refusal(answer, "ThrottlingException") ||
         is_refusal(answer, "ProvisionedThroughputExceededException") ||
         is_refusal(answer, "RequestLimitExceeded");
}

// What BatchWriteItem gave back, as the RequestItems of the next request; empty when it took everything.
Result<std::string> unprocessed_of(const HttpAnswer& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object unprocessed;
  if (parser.parse(answer.body).get(root) != simdjson::SUCCESS) {
    return Status::invalid_argument("the server's answer to BatchWriteItem is not JSON");
  }
  if (root["UnprocessedItems"].get(unprocessed) != simdjson::SUCCESS || unprocessed.size() == 0)
    return std::string();
  return std::string(simdjson::minify(simdjson::dom::element(root["UnprocessedItems"])));
}

}  // namespace

void append_json_string(Slice text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->append({'\\', c});
    } else if (c == '\n') {
      out->append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out->append("\\u00").append({kHex[c >> 4], kHex[c & 15]});
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

Status Loader::ensure_table() {
  const std::string describe = "{\"TableName\":" + json_string(options_.table) + "}";
  for (int attempt = 0; attempt < 100; ++attempt) {
    VARVE_ASSIGN_OR_RETURN(const HttpAnswer answer, transport_("DynamoDB_20120810.DescribeTable", describe));
    if (answer.status == 200) {
      if (answer.body.find("\"CREATING\"") == std::string::npos) return check_key_schema(answer.body);
      io::sleep_ns(kFirstBackoffNs);
    } else if (is_refusal(answer, "ResourceNotFoundException")) {
      VARVE_RETURN_IF_ERROR(create_table());
    } else {
      return Status::invalid_argument("DescribeTable: " + describe_refusal(answer));
    }
  }
  return Status(ErrorCode::kBusy, "table " + options_.table + " does not become ACTIVE");
}

Status Loader::create_table() {
  std::string definitions =
      R"({"AttributeName":)" + json_string(options_.partition_key) + R"(,"AttributeType":"S"})";
  std::string schema = R"({"AttributeName":)" + json_string(options_.partition_key) + R"(,"KeyType":"HASH"})";
  if (!options_.sort_key.empty()) {
    definitions += R"(,{"AttributeName":)" + json_string(options_.sort_key) + R"(,"AttributeType":"S"})";
    schema += R"(,{"AttributeName":)" + json_string(options_.sort_key) + R"(,"KeyType":"RANGE"})";
  }
  const std::string request = "{\"TableName\":" + json_string(options_.table) +
                              ",\"AttributeDefinitions\":[" + definitions + "],\"KeySchema\":[" + schema +
                              "],\"BillingMode\":\"PAY_PER_REQUEST\"}";
  VARVE_ASSIGN_OR_RETURN(const HttpAnswer answer, transport_("DynamoDB_20120810.CreateTable", request));
  if (answer.status == 200 || is_refusal(answer, "ResourceInUseException")) return {};
  return Status::invalid_argument("CreateTable: " + describe_refusal(answer));
}

Status Loader::check_key_schema(Slice describe_answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array schema;
  if (parser.parse(describe_answer.data(), describe_answer.size()).get(root) != simdjson::SUCCESS ||
      root["Table"]["KeySchema"].get(schema) != simdjson::SUCCESS) {
    return Status::invalid_argument("the server's answer to DescribeTable has no KeySchema");
  }
  std::string partition_key, sort_key;
  for (const auto element : schema) {
    std::string_view name, type;
    if (element["AttributeName"].get(name) != simdjson::SUCCESS) continue;
    if (element["KeyType"].get(type) != simdjson::SUCCESS) continue;
    (type == "HASH" ? partition_key : sort_key) = name;
  }
  if (partition_key == options_.partition_key && sort_key == options_.sort_key) return {};
  return Status::invalid_argument("table " + options_.table + " exists with the key (" + partition_key +
                                  ", " + sort_key + "), not (" + options_.partition_key + ", " +
                                  options_.sort_key + ")");
}

void Loader::add(const Deb822Record& record) {
  const std::string* partition_value = record.find(options_.partition_key);
  const std::string* sort_value = options_.sort_key.empty() ? nullptr : record.find(options_.sort_key);
  const bool sorted = options_.sort_key.empty() || (sort_value != nullptr && !sort_value->empty());
  if (partition_value == nullptr || partition_value->empty() || !sorted) {
    ++progress_.skipped;
    return;
  }
  PendingItem item;
  item.key = *partition_value + '\0' + (sort_value == nullptr ? "" : *sort_value);
  item.json = "{\"PutRequest\":{\"Item\":{";
  for (const auto& [name, value] : record.fields) {
    if (item.json.back() != '{') item.json.push_back(',');
    append_json_string(name, &item.json);
    item.json += ":{\"S\":";
    append_json_string(value, &item.json);
    item.json.push_back('}');
  }
  item.json += "}}}";
  batch_json_bytes_ += item.json.size() + 1;
  batch_input_bytes_ += record.bytes + 1;
  acknowledged_.push_back({record.number, *partition_value, sort_value == nullptr ? "" : *sort_value});
  const auto twin =
      std::find_if(items_.begin(), items_.end(), [&](const auto& other) { return other.key == item.key; });
  if (twin != items_.end()) {
    *twin = std::move(item);  // the later record of a key wins, as it would in two batches
  } else {
    items_.push_back(std::move(item));
  }
}

Status Loader::run(Deb822Reader* reader, const OnBatch& on_batch, const std::function<bool()>& keep_going) {
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(const std::optional<Deb822Record> record, reader->next());
    if (!record) break;
    if (record->number <= options_.skip_records) continue;
    add(*record);
    if (items_.size() < kBatchItems && batch_json_bytes_ < kBatchJsonBytes) continue;
    VARVE_RETURN_IF_ERROR(send_batch(on_batch));
    if (!keep_going()) return {};
  }
  return items_.empty() ? Status() : send_batch(on_batch);
}

Status Loader::send_batch(const OnBatch& on_batch) {
  std::string request = "{" + json_string(options_.table) + ":[";
  for (const PendingItem& item : items_) {
    if (request.back() != '[') request.push_back(',');
    request += item.json;
  }
  request += "]}";
  if (const Status sent = send_with_retries(std::move(request)); !sent.ok()) {
    return {sent.code(), "records " + std::to_string(acknowledged_.front().record_number) + " to " +
                             std::to_string(acknowledged_.back().record_number) + ": " + sent.message()};
  }
  ++progress_.batches;
  progress_.records += acknowledged_.size();
  progress_.bytes += batch_input_bytes_;
  const Status told = on_batch(acknowledged_);
  items_.clear();
  acknowledged_.clear();
  batch_json_bytes_ = batch_input_bytes_ = 0;
  return told;
}

// `request_items` is the RequestItems member; what comes back unprocessed replaces it.
Status Loader::send_with_retries(std::string request_items) {
  uint64_t backoff_ns = kFirstBackoffNs;
  Status last;
  for (int attempt = 0; attempt < options_.max_attempts; ++attempt) {
    if (attempt > 0) {
      ++progress_.retries;
      io::sleep_ns(backoff_ns);
      backoff_ns = std::min(backoff_ns * 2, kMaxBackoffNs);
    }
    const auto answer =
        transport_("DynamoDB_20120810.BatchWriteItem", "{\"RequestItems\":" + request_items + "}");
    if (!answer.ok()) {
      last = answer.status();
      continue;
    }
    if (answer->status != 200) {
      last = Status::invalid_argument("BatchWriteItem: " + describe_refusal(*answer));
      if (!is_worth_retrying(*answer)) return last;
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(std::string unprocessed, unprocessed_of(*answer));
    if (unprocessed.empty()) return {};
    last = Status(ErrorCode::kThrottled, "the server keeps giving items back as unprocessed");
    request_items = std::move(unprocessed);
    // Something was taken: that is progress, which waiting longer and longer does not help.
    backoff_ns = kFirstBackoffNs;
  }
  return last;
}

}  // namespace varve::api
