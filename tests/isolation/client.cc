#include "tests/isolation/client.h"

#include "api/json/document.h"
#include "base/check.h"

namespace varve::isolation {
namespace {

namespace json = api::json;

std::string number(int64_t value) { return "{\"N\":\"" + std::to_string(value) + "\"}"; }

std::string table_of(const std::string& key) { return "Table" + key.substr(0, 1); }

std::string key_json(const std::string& key) {
  return "{\"pk\":{\"S\":\"all\"},\"sk\":{\"S\":\"" + key.substr(2) + "\"}}";
}

std::string place(const std::string& key) {
  return "\"TableName\":\"" + table_of(key) + "\",\"Key\":" + key_json(key);
}

// The update of an account, as members of UpdateItem or of a transaction's Update.
std::string posting_json(const Posting& posting, const std::string& condition,
                         const std::string& more_values) {
  return place(posting.key) +
         ",\"UpdateExpression\":\"SET l = list_append(l, :l), c = c + :one, n = n + "
         ":n\",\"ConditionExpression\":\"" +
         condition + "\",\"ExpressionAttributeValues\":{\":l\":{\"L\":[" + number(posting.value) +
         "]},\":one\":" + number(1) + ",\":n\":" + number(posting.amount) + more_values + "}";
}

std::string demand_json(const Demand& demand) {
  return place(demand.key) + ",\"ConditionExpression\":\"c = :c\",\"ExpressionAttributeValues\":{\":c\":" +
         number(static_cast<int64_t>(demand.count)) + "}";
}

std::optional<json::Value> member(const json::Object& object, Slice name) {
  json::Value value;
  if (object[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

int64_t number_of(const json::Value& attribute) {
  const auto text = member(json::object_of(attribute), "N");
  CHECK(text.has_value());
  return std::stoll(std::string(json::string_of(*text)));
}

Seen seen_of(const std::string& table, const json::Object& item) {
  Seen seen;
  const auto sk = member(json::object_of(*member(item, "sk")), "S");
  seen.key = table.substr(5) + "/" + std::string(json::string_of(*sk));
  if (is_register(seen.key)) {
    if (const auto v = member(item, "v")) seen.values.push_back(number_of(*v));
    return seen;
  }
  for (const json::Value& value : json::array_of(*member(json::object_of(*member(item, "l")), "L"))) {
    seen.values.push_back(number_of(value));
  }
  seen.balance = number_of(*member(item, "n"));
  seen.whole = number_of(*member(item, "c")) == static_cast<int64_t>(seen.values.size());
  return seen;
}

Told told_of(const api::dynamo::Response& response) {
  if (response.status == 200) return Told::kDone;
  return response.status == 400 ? Told::kRefused : Told::kUnknown;
}

}  // namespace

std::string account_key(int table, int number) {
  return std::to_string(table) + "/a" + std::to_string(number);
}
std::string register_key(int table, int number) {
  return std::to_string(table) + "/r" + std::to_string(number);
}
bool is_register(const std::string& key) { return key[2] == 'r'; }

std::vector<std::string> account_keys(int table) {
  std::vector<std::string> keys;
  for (int i = 0; i < kAccounts; ++i) keys.push_back(account_key(table, i));
  return keys;
}

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (int table = 0; table < kTables; ++table) {
    for (int i = 0; i < kAccounts; ++i) keys.push_back(account_key(table, i));
    for (int i = 0; i < kRegisters; ++i) keys.push_back(register_key(table, i));
  }
  return keys;
}

// The items of an answer are those of Attributes, Item, Items or Responses, and an item names itself but for its table.
Client::Answer Client::call(Slice operation, const std::string& body) {
  const auto response = face_->call(operation, body);
  CHECK(response.has_value());
  Answer answer{told_of(*response), {}};
  if (answer.told != Told::kDone || response->body.empty()) return answer;
  json::Document document;
  const auto parsed = document.parse(response->body);
  CHECK(parsed.ok());
  const json::Object root = json::object_of(*parsed);
  const size_t name = body.find("\"TableName\":\"Table");
  std::string table = name == std::string::npos ? "" : body.substr(name + 13, 6);
  for (const char* one : {"Attributes", "Item"}) {
    if (const auto item = member(root, one)) answer.items.push_back(seen_of(table, json::object_of(*item)));
  }
  if (const auto items = member(root, "Items")) {
    for (const json::Value& item : json::array_of(*items)) {
      answer.items.push_back(seen_of(table, json::object_of(item)));
    }
  }
  if (const auto responses = member(root, "Responses")) {
    size_t at = 0;
    for (const json::Value& entry : json::array_of(*responses)) {
      at = body.find("\"TableName\":\"Table", at) + 13;
      table = body.substr(at, 6);
      answer.items.push_back(seen_of(table, json::object_of(*member(json::object_of(entry), "Item"))));
    }
  }
  return answer;
}

void Client::set_up() {
  for (int table = 0; table < kTables; ++table) {
    const std::string name = "Table" + std::to_string(table);
    const Answer created = call(
        "CreateTable",
        R"({"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],)"
        R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],)"
        R"("BillingMode":"PAY_PER_REQUEST","TableName":")" +
            name + "\"}");
    CHECK(created.told == Told::kDone);
  }
  for (const std::string& key : all_keys()) {
    std::string item = key_json(key);
    item.pop_back();
    if (!is_register(key)) item += ",\"l\":{\"L\":[]},\"c\":" + number(0) + ",\"n\":" + number(kOpening);
    const Answer put = call("PutItem", "{\"TableName\":\"" + table_of(key) + "\",\"Item\":" + item + "}}");
    CHECK(put.told == Told::kDone);
  }
}

Client::Answer Client::read(const std::string& key) { return call("GetItem", "{" + place(key) + "}"); }

Client::Answer Client::read_all(const std::vector<std::string>& keys) {
  std::string body;
  for (const std::string& key : keys) body += (body.empty() ? "" : ",") + ("{\"Get\":{" + place(key) + "}}");
  return call("TransactGetItems", "{\"TransactItems\":[" + body + "]}");
}

Client::Answer Client::read_table(int table) {
  return call("Query", "{\"TableName\":\"Table" + std::to_string(table) +
                           "\",\"KeyConditionExpression\":\"pk = :p AND begins_with(sk, :a)\","
                           "\"ExpressionAttributeValues\":{\":p\":{\"S\":\"all\"},\":a\":{\"S\":\"a\"}}}");
}

Client::Answer Client::append(const std::string& key, int64_t value, std::optional<size_t> count) {
  const std::string update =
      count ? posting_json({key, value, 0}, "c = :c", ",\":c\":" + number(static_cast<int64_t>(*count)))
            : posting_json({key, value, 0}, "attribute_exists(pk)", "");
  return call("UpdateItem", "{" + update + ",\"ReturnValues\":\"ALL_NEW\"}");
}

Client::Answer Client::compare_and_set(const std::string& key, int64_t expected, int64_t value) {
  const bool is_first = expected == 0;
  return call("UpdateItem", "{" + place(key) +
                                ",\"UpdateExpression\":\"SET v = :new\",\"ConditionExpression\":\"" +
                                (is_first ? "attribute_not_exists(v)" : "v = :old") +
                                "\",\"ExpressionAttributeValues\":{\":new\":" + number(value) +
                                (is_first ? "" : ",\":old\":" + number(expected)) + "}}");
}

Client::Answer Client::transact(const std::vector<Posting>& postings, const std::vector<Demand>& demands) {
  std::string body;
  for (const Posting& posting : postings) {
    const std::string update =
        posting.amount < 0 ? posting_json(posting, "n >= :needed", ",\":needed\":" + number(-posting.amount))
                           : posting_json(posting, "attribute_exists(pk)", "");
    body += (body.empty() ? "" : ",") + ("{\"Update\":{" + update + "}}");
  }
  for (const Demand& demand : demands) {
    body += (body.empty() ? "" : ",") + ("{\"ConditionCheck\":{" + demand_json(demand) + "}}");
  }
  return call("TransactWriteItems", "{\"TransactItems\":[" + body + "]}");
}

}  // namespace varve::isolation
