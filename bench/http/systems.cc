#include "bench/http/systems.h"

#include <filesystem>
#include <functional>

#include "base/io/clock.h"
#include "bench/http/requests.h"

namespace varve::bench {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr int kActiveAttempts = 200;  // of 50 ms

Status call(api::HttpClient* client, const std::string& operation, Slice body, std::string* answer_body) {
  VARVE_ASSIGN_OR_RETURN(const api::HttpAnswer answer, client->call("DynamoDB_20120810." + operation, body));
  if (answer.status != 200) return Status::io_error(operation + " answered " + answer.body);
  *answer_body = answer.body;
  return {};
}

// Makes the table, waits until it is active (dynalite takes half a second over it), and puts the items.
Status prepare(const ServerProcess& server, uint64_t items, uint64_t seed) {
  api::HttpClient client(server.endpoint());
  std::string answer;
  VARVE_RETURN_IF_ERROR(call(&client, "CreateTable", Requests::create_table_body(), &answer));
  const std::string describe = R"({"TableName":")" + std::string(kTableName) + "\"}";
  for (int i = 0;; ++i) {
    VARVE_RETURN_IF_ERROR(call(&client, "DescribeTable", describe, &answer));
    if (answer.find("ACTIVE") != std::string::npos) break;
    if (i == kActiveAttempts) return Status::io_error("the table does not become ACTIVE");
    io::sleep_ns(50 * kMs);
  }
  Requests requests(items, seed);
  for (uint64_t batch = 0; batch < items / kItemsPerBatch; ++batch) {
    std::string body;
    requests.append_load_body(batch, &body);
    VARVE_RETURN_IF_ERROR(call(&client, "BatchWriteItem", body, &answer));
  }
  return {};
}

}  // namespace

Result<std::vector<System>> start_systems(const SystemPaths& paths, uint64_t items, uint64_t seed) {
  std::filesystem::remove_all(paths.directory);
  std::filesystem::create_directories(paths.directory);
  std::vector<System> systems;
  const auto add =
      [&](const std::string& name, const std::string& path,
          const std::function<std::vector<std::string>(const std::string& port)>& command) -> Status {
    if (path.empty()) return {};
    VARVE_ASSIGN_OR_RETURN(const uint16_t port, free_port());
    VARVE_ASSIGN_OR_RETURN(auto server,
                           ServerProcess::start(command(std::to_string(port)), {"127.0.0.1", port},
                                                paths.directory + "/" + name + ".log"));
    const Status prepared = prepare(*server, items, seed);
    if (!prepared.ok()) return {prepared.code(), name + ": " + prepared.message()};
    systems.push_back({name, std::move(server)});
    return {};
  };
  VARVE_RETURN_IF_ERROR(add("varve", paths.varve, [&](const std::string& port) -> std::vector<std::string> {
    return {paths.varve,         "serve",        "--data",        paths.directory + "/varve", "--listen",
            "127.0.0.1:" + port, "--durability", paths.durability};
  }));
  VARVE_RETURN_IF_ERROR(
      add("dynalite", paths.dynalite, [&](const std::string& port) -> std::vector<std::string> {
        return {"node", paths.dynalite, "--host", "127.0.0.1", "--port", port};
      }));
  VARVE_RETURN_IF_ERROR(add("moto", paths.moto, [&](const std::string& port) -> std::vector<std::string> {
    return {paths.moto, "-H", "127.0.0.1", "-p", port};
  }));
  return systems;
}

}  // namespace varve::bench
