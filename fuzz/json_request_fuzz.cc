// A request to the dispatcher: the first line names the operation, the rest is the body. Whatever the bytes are, there is exactly
// one answer, it is JSON, its status fits its error, and the database goes on.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "api/dynamo/dispatcher.h"
#include "api/json/document.h"
#include "api/varve.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/io/mutex.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"
#include "fuzz/planted_crash.h"

namespace {

using varve::Slice;
using varve::api::Database;
using varve::api::DatabaseOptions;
using varve::api::dynamo::Dispatcher;
using varve::api::dynamo::Response;

Response call(Dispatcher* dispatcher, Slice operation, Slice body) {
  varve::io::Mutex mutex;
  varve::io::CondVar answered;
  std::optional<Response> response;
  dispatcher->handle("DynamoDB_20120810." + std::string(operation), body, [&](Response r) {
    varve::io::MutexLock lock(&mutex);
    CHECK(!response.has_value());
    response = std::move(r);
    answered.notify_all();
  });
  varve::io::MutexLock lock(&mutex);
  while (!response) answered.wait(&mutex);
  return *std::move(response);
}

void check_answer(const Response& response) {
  CHECK(response.status == 200 || response.status == 400);
  CHECK((response.status == 200) == response.error_type.empty());
  if (response.body.empty()) return;  // TagResource and UntagResource
  varve::api::json::Document document;
  const auto parsed = document.parse(response.body);
  CHECK(parsed.ok() && parsed->is_object());
  varve::fuzz::reached(varve::hash64(response.body));
}

constexpr Slice kTable =
    R"({"TableName":"Tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},)"
    R"({"AttributeName":"sk","AttributeType":"N"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
    R"({"AttributeName":"sk","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST"})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Slice input(reinterpret_cast<const char*>(data), size);
  const size_t line_end = input.find('\n');
  if (line_end == Slice::npos) return 0;
  varve::io::SimulatedDisk disk;
  varve::io::SimulatedDriver driver(&disk);
  varve::io::Simulation simulation(1);
  simulation.run([&] {
    DatabaseOptions options;
    options.store.driver = &driver;
    options.store.memory_bytes = 4u << 20;
    options.store.log_first_segment_bytes = 64u << 10;
    options.store.log_max_segment_bytes = 256u << 10;
    auto database = Database::open("db", options);
    CHECK(database.ok());
    Dispatcher dispatcher(database->get());
    CHECK(call(&dispatcher, "CreateTable", kTable).status == 200);
    CHECK(
        call(
            &dispatcher, "PutItem",
            R"({"TableName":"Tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"l":{"L":[{"S":"x"}]},"n":{"N":"1"}}})")
            .status == 200);
    // Twice: an answer must not depend on what the first one left behind in the parser.
    for (int i = 0; i < 2; ++i)
      check_answer(call(&dispatcher, input.substr(0, line_end), input.substr(line_end + 1)));
    check_answer(call(&dispatcher, "Scan", R"({"TableName":"Tab"})"));
  });
  return 0;
}
