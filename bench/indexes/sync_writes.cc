#include "bench/indexes/sync_writes.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "base/io/clock.h"
#include "bench/indexes/subject.h"

namespace varve::bench {
namespace {

constexpr uint64_t kItems = 2000;

Status put(api::Database* database, api::PutItemRequest* request, api::Item item) {
  request->item = std::move(item);
  const auto done = database->put_item(*request);
  return done.ok() ? Status() : as_status(done.error());
}

Status run_round(api::Database* database, const Arrangement& arrangement, const SyncWritesOptions& options,
                 uint64_t seed, Cost* cost) {
  // Made before the clock starts.
  std::vector<std::vector<api::Item>> items(options.threads);
  ArrangedItems source(arrangement, kItems, seed);
  for (auto& of_thread : items) {
    for (uint64_t i = 0; i < options.puts; ++i) {
      of_thread.push_back(source.make(source.random().below(kItems), DerivedKeys::kMoved));
    }
  }
  std::mutex mutex;
  Status first_failure;
  const uint64_t process_ns = process_processor_ns();
  const uint64_t start_ns = io::monotonic_ns();
  {
    std::vector<std::jthread> threads;
    for (auto& of_thread : items) {
      threads.emplace_back([&] {
        api::PutItemRequest request;
        request.table = kBenchTable;
        for (api::Item& item : of_thread) {
          const uint64_t began_ns = io::monotonic_ns();
          Status status = put(database, &request, std::move(item));
          if (!status.ok()) {
            const std::lock_guard lock(mutex);
            first_failure = std::move(status);
            return;
          }
          cost->latency_ns.record(io::monotonic_ns() - began_ns);
        }
      });
    }
  }
  cost->seconds += static_cast<double>(io::monotonic_ns() - start_ns) / 1e9;
  cost->process_ns += process_processor_ns() - process_ns;
  cost->operations += options.threads * options.puts;
  VARVE_RETURN_IF_ERROR(database->store().quiesce());
  return first_failure;
}

}  // namespace

Result<std::vector<SyncWritesResult>> measure_sync_writes(const SyncWritesOptions& options) {
  const std::vector<Arrangement> arrangements = {
      {"none", 0, {}, {}, false},
      {"1 keys-only", 1, index::ProjectionType::kKeysOnly, {}, false},
      {"1 all", 1, index::ProjectionType::kAll, {}, false}};
  std::vector<SyncWritesResult> results;
  std::vector<std::unique_ptr<api::Database>> databases;
  for (size_t i = 0; i < arrangements.size(); ++i) {
    VARVE_ASSIGN_OR_RETURN(auto database, open_database(arranged_table(arrangements[i]),
                                                        options.directory + "/sync-" + std::to_string(i),
                                                        partition::Durability::kSync));
    databases.push_back(std::move(database));
    results.push_back({arrangements[i].name, {}});
  }
  // A round that does not count fills the tables and warms what is cold.
  for (uint64_t round = 0; round <= options.rounds; ++round) {
    for (size_t turn = 0; turn < databases.size(); ++turn) {
      const size_t i = (turn + round) % databases.size();
      Cost warm_up;
      VARVE_RETURN_IF_ERROR(run_round(databases[i].get(), arrangements[i], options, options.seed + round,
                                      round == 0 ? &warm_up : &results[i].cost));
    }
  }
  for (const auto& database : databases) VARVE_RETURN_IF_ERROR(database->close());
  databases.clear();
  for (size_t i = 0; i < arrangements.size(); ++i) {
    std::filesystem::remove_all(options.directory + "/sync-" + std::to_string(i));
  }
  return results;
}

}  // namespace varve::bench
