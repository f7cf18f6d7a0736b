// A Database on a simulated disk inside a Simulation, and the Dispatcher called as if it blocked: what the tests of operations
// run on. Nothing here touches the real disk, and a run repeats from its seed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/dynamo/dispatcher.h"
#include "api/varve.h"
#include "base/check.h"
#include "base/io/mutex.h"
#include "base/io/simulated/disk.h"
#include "base/io/simulated/simulation.h"

namespace varve::api {

// Small sizes, so that tests flush and compact.
inline DatabaseOptions small_options(io::Driver* driver) {
  DatabaseOptions options;
  options.store.driver = driver;
  options.store.memory_bytes = 8u << 20;
  options.store.log_first_segment_bytes = 256u << 10;
  options.store.log_max_segment_bytes = 1u << 20;
  return options;
}

// "Streams.GetRecords" is of the service of the streams, everything else of DynamoDB's.
inline std::string target_of(Slice operation) {
  constexpr Slice kStreams = "Streams.";
  if (!operation.starts_with(kStreams)) return "DynamoDB_20120810." + std::string(operation);
  return "DynamoDBStreams_20120810." + std::string(operation.substr(kStreams.size()));
}

// Calls the dispatcher and waits for its answer.
inline dynamo::Response call(dynamo::Dispatcher* dispatcher, Slice operation, Slice body) {
  io::Mutex mutex;
  io::CondVar answered;
  std::optional<dynamo::Response> response;
  dispatcher->handle(target_of(operation), body, [&](dynamo::Response r) {
    io::MutexLock lock(&mutex);
    CHECK(!response.has_value());  // done is called exactly once
    response = std::move(r);
    answered.notify_all();
  });
  io::MutexLock lock(&mutex);
  while (!response) answered.wait(&mutex);
  return *std::move(response);
}

// Runs `body` in a simulation with a fresh database.
inline void with_database(uint64_t seed, const std::function<void(Database*)>& body) {
  io::SimulatedDisk disk;
  io::SimulatedDriver driver(&disk);
  io::Simulation simulation(seed);
  simulation.run([&] {
    auto database = Database::open("db", small_options(&driver));
    CHECK(database.ok());
    body(database->get());
    CHECK((*database)->close().ok());
  });
}

inline void with_dispatcher(uint64_t seed, const std::function<void(dynamo::Dispatcher*)>& body) {
  with_database(seed, [&](Database* database) {
    dynamo::Dispatcher dispatcher(database);
    body(&dispatcher);
  });
}

}  // namespace varve::api
