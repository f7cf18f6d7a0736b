#include "bench/indexes/stream_latency.h"

#include <atomic>

#include "api/change_reader.h"
#include "base/io/clock.h"
#include "base/io/thread.h"
#include "bench/indexes/arrangement.h"
#include "bench/indexes/subject.h"

namespace varve::bench {
namespace {

// Puts at a steady rate; told(begun_ns) after each.
template <typename Told>
Status put_all(api::Database* database, const StreamLatencyOptions& options, ArrangedItems* items,
               const Told& told) {
  api::PutItemRequest request;
  request.table = kBenchTable;
  uint64_t due_ns = io::monotonic_ns();
  for (uint64_t i = 0; i < options.puts; ++i, due_ns += 1'000'000'000 / options.puts_per_second) {
    request.item = items->make(i, DerivedKeys::kKept);
    for (uint64_t now_ns = io::monotonic_ns(); now_ns < due_ns; now_ns = io::monotonic_ns()) {
      io::sleep_ns(due_ns - now_ns);
    }
    const uint64_t begun_ns = io::monotonic_ns();
    const auto done = database->put_item(request);
    if (!done.ok()) return as_status(done.error());
    VARVE_RETURN_IF_ERROR(told(begun_ns));
  }
  return {};
}

Status read_own(api::Database* database, const StreamLatencyOptions& options, ArrangedItems* items,
                StreamLatencyResult* result) {
  auto reader = api::ChangeReader::open(database, kBenchTable, api::ChangeReader::From::kNow);
  if (!reader.ok()) return as_status(reader.error());
  return put_all(database, options, items, [&](uint64_t begun_ns) -> Status {
    const uint64_t answered_ns = io::monotonic_ns();
    const auto changes = (*reader)->next(10);
    const uint64_t read_ns = io::monotonic_ns();
    if (!changes.ok()) return as_status(changes.error());
    result->put_ns.record(answered_ns - begun_ns);
    result->read_ns.record(read_ns - answered_ns);
    ++result->puts;
    if (changes->size() != 1) ++result->late;
    return {};
  });
}

Status follow(api::Database* database, const StreamLatencyOptions& options, ArrangedItems* items,
              StreamLatencyResult* result) {
  auto reader = api::ChangeReader::open(database, kBenchTable, api::ChangeReader::From::kNow);
  if (!reader.ok()) return as_status(reader.error());
  std::vector<uint64_t> begun_ns;
  begun_ns.reserve(options.puts);
  std::vector<uint64_t> seen_ns;  // of the change of the same place: one thread puts
  seen_ns.reserve(options.puts);
  std::atomic<bool> stop{false};
  Status failure;
  io::Thread follower("follower", [&] {
    while (seen_ns.size() < options.puts && !stop.load(std::memory_order_relaxed)) {
      const auto changes = (*reader)->next(100);
      if (!changes.ok()) {
        failure = as_status(changes.error());
        return;
      }
      seen_ns.resize(seen_ns.size() + changes->size(), io::monotonic_ns());
      if (changes->empty()) io::spin_pause();
    }
  });
  const Status status = put_all(database, options, items, [&](uint64_t begun) -> Status {
    begun_ns.push_back(begun);
    return {};
  });
  if (!status.ok()) stop = true;
  follower.join();
  VARVE_RETURN_IF_ERROR(status);
  VARVE_RETURN_IF_ERROR(failure);
  for (size_t i = 0; i < begun_ns.size(); ++i) result->followed_ns.record(seen_ns[i] - begun_ns[i]);
  return {};
}

}  // namespace

Result<std::vector<StreamLatencyResult>> measure_stream_latency(const StreamLatencyOptions& options) {
  std::vector<StreamLatencyResult> results;
  const Arrangement arrangement{"stream both", 0, {}, index::StreamViewType::kNewAndOldImages, false};
  for (const auto durability : {partition::Durability::kSync, partition::Durability::kInterval}) {
    const std::string directory = options.directory + "/stream";
    VARVE_ASSIGN_OR_RETURN(auto database, open_database(arranged_table(arrangement), directory, durability));
    ArrangedItems items(arrangement, options.puts, options.seed);
    StreamLatencyResult& result = results.emplace_back();
    result.durability = durability == partition::Durability::kSync ? "sync" : "interval";
    VARVE_RETURN_IF_ERROR(read_own(database.get(), options, &items, &result));
    VARVE_RETURN_IF_ERROR(follow(database.get(), options, &items, &result));
    VARVE_RETURN_IF_ERROR(close_database(std::move(database), directory));
  }
  return results;
}

}  // namespace varve::bench
