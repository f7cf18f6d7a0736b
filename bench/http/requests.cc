#include "bench/http/requests.h"

#include "base/check.h"

namespace varve::bench {
namespace {

constexpr size_t kTextBytes = 884;

std::string padded(uint64_t number, size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

}  // namespace

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::kEmptyReply:
      return "GET /";
    case Operation::kPutItem:
      return "PutItem";
    case Operation::kGetItem:
      return "GetItem";
    case Operation::kUpdateItem:
      return "UpdateItem";
    case Operation::kQuery:
      return "Query";
    case Operation::kBatchWriteItem:
      return "BatchWriteItem";
  }
  return "";
}

std::vector<Operation> all_operations() {
  return {Operation::kEmptyReply, Operation::kPutItem, Operation::kGetItem,
          Operation::kUpdateItem, Operation::kQuery,   Operation::kBatchWriteItem};
}

Requests::Requests(uint64_t items, uint64_t seed) : items_(items), random_(seed) {
  CHECK(items % kItemsPerCollection == 0 && items % kItemsPerBatch == 0 && items > 0);
  texts_.resize(64u << 10);
  for (char& c : texts_) c = static_cast<char>(' ' + random_.below(90));
  // As prose has them: neither to be escaped nor absent.
  for (char& c : texts_)
    if (c == '"' || c == '\\') c = ' ';
}

std::string Requests::create_table_body() {
  return R"({"TableName":")" + std::string(kTableName) +
         R"(","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],)"
         R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],)"
         R"("BillingMode":"PAY_PER_REQUEST"})";
}

void Requests::append_key(uint64_t item) {
  body_.append(R"("pk":{"S":"collection#)").append(padded(item / kItemsPerCollection, 9));
  body_.append(R"("},"sk":{"N":")").append(std::to_string(item % kItemsPerCollection)).append("\"}");
}

void Requests::append_item(uint64_t item) {
  body_.push_back('{');
  append_key(item);
  body_.append(R"(,"name":{"S":"Name of )").append(padded(item, 12));
  body_.append(R"("},"score":{"N":")").append(std::to_string(1'000'000 + random_.below(1'000'000)));
  body_.append(
      R"("},"active":{"BOOL":true},"tags":{"L":[{"S":"red"},{"S":"green"},{"S":"blue"}]},"text":{"S":")");
  body_.append(texts_, random_.below(texts_.size() - kTextBytes), kTextBytes).append("\"}}");
}

void Requests::append_batch(uint64_t first_item) {
  body_.append(R"({"RequestItems":{")").append(kTableName).append("\":[");
  for (uint64_t i = 0; i < kItemsPerBatch; ++i) {
    body_.append(i == 0 ? R"({"PutRequest":{"Item":)" : R"(,{"PutRequest":{"Item":)");
    append_item(first_item + i);
    body_.append("}}");
  }
  body_.append("]}}");
}

void Requests::append_load_body(uint64_t number, std::string* out) {
  body_.clear();
  append_batch(number * kItemsPerBatch);
  out->append(body_);
}

void Requests::append_body(Operation operation) {
  const uint64_t item = random_.below(items_);
  if (operation == Operation::kBatchWriteItem) return append_batch(item / kItemsPerBatch * kItemsPerBatch);
  body_.append(R"({"TableName":")").append(kTableName).append("\",");
  switch (operation) {
    case Operation::kPutItem:
      body_.append("\"Item\":");
      append_item(item);
      break;
    case Operation::kGetItem:
      body_.append("\"Key\":{");
      append_key(item);
      body_.push_back('}');
      break;
    case Operation::kUpdateItem:
      body_.append("\"Key\":{");
      append_key(item);
      body_.append(
          R"(},"UpdateExpression":"SET #s = #s + :one","ConditionExpression":"attribute_exists(pk) AND #s >= :zero",)"
          R"("ExpressionAttributeNames":{"#s":"score"},)"
          R"("ExpressionAttributeValues":{":one":{"N":"1"},":zero":{"N":"0"}})");
      break;
    case Operation::kQuery:
      body_.append(
          R"("KeyConditionExpression":"pk = :p AND sk >= :s","ExpressionAttributeValues":{":p":{"S":"collection#)");
      body_.append(padded(item / kItemsPerCollection, 9)).append(R"("},":s":{"N":"0"}})");
      break;
    case Operation::kEmptyReply:
    case Operation::kBatchWriteItem:
      break;
  }
  body_.push_back('}');
}

void Requests::append_http(Operation operation, std::string* out) {
  if (operation == Operation::kEmptyReply) {
    out->append("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return;
  }
  body_.clear();
  append_body(operation);
  // A signature in the form that SDKs send; none of the systems is told to verify it.
  out->append(
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
      "X-Amz-Target: DynamoDB_20120810.");
  out->append(name_of(operation));
  out->append(
      "\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 "
      "Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
      "SignedHeaders=host;x-amz-date;x-amz-target, "
      "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\nContent-Length: ");
  out->append(std::to_string(body_.size())).append("\r\n\r\n").append(body_);
}

}  // namespace varve::bench
