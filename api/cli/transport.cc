#include "api/cli/transport.h"

#include <simdjson.h>

#include "api/cli/local_database.h"

namespace varve::api {
namespace {

// A string member of an object; empty when there is none.
std::string member(const simdjson::dom::element& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

std::string describe_refusal(const HttpAnswer& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(answer.body).get(root) != simdjson::SUCCESS)
    return "HTTP status " + std::to_string(answer.status);
  const std::string type = member(root, "__type");
  const std::string message = member(root, "message");
  return type.substr(type.find('#') + 1) + ": " + (message.empty() ? member(root, "Message") : message);
}

Result<Transport> open_transport(const std::string& endpoint, const std::string& data,
                                 std::unique_ptr<LocalDatabase>* database) {
  if (!data.empty()) {
    VARVE_ASSIGN_OR_RETURN(*database, LocalDatabase::open(data, LocalDatabaseOptions{}));
    LocalDatabase* const local = database->get();
    return Transport([local](Slice target, Slice body) { return local->call(target, body); });
  }
  VARVE_ASSIGN_OR_RETURN(Endpoint parsed, parse_endpoint(endpoint));
  auto client = std::make_shared<HttpClient>(std::move(parsed));  // shared: std::function copies
  return Transport([client](Slice target, Slice body) { return client->call(target, body); });
}

}  // namespace varve::api
