#include "bench/indexes/writes.h"

#include <memory>
#include <numeric>

#include "base/io/clock.h"
#include "bench/indexes/subject.h"

namespace varve::bench {
namespace {

struct Contestant {
  std::unique_ptr<Subject> subject;
  ArrangedItems items;
  std::array<Cost, kPhaseCount>* costs;
};

Status run_phase(Contestant* contestant, std::vector<api::Item> items, Cost* cost) {
  const uint64_t process_ns = process_processor_ns();
  const uint64_t caller_ns = thread_processor_ns();
  const uint64_t start_ns = io::monotonic_ns();
  for (api::Item& item : items) {
    const uint64_t began_ns = io::monotonic_ns();
    VARVE_RETURN_IF_ERROR(contestant->subject->put(std::move(item)));
    cost->latency_ns.record(io::monotonic_ns() - began_ns);
  }
  cost->seconds += static_cast<double>(io::monotonic_ns() - start_ns) / 1e9;
  cost->caller_ns += thread_processor_ns() - caller_ns;
  VARVE_RETURN_IF_ERROR(contestant->subject->settle());
  cost->process_ns += process_processor_ns() - process_ns;
  cost->operations += items.size();
  return {};
}

}  // namespace

Result<std::vector<WritesResult>> measure_writes(const WritesOptions& options) {
  const uint64_t all_items = options.rounds * options.puts;
  std::vector<WritesResult> results(options.arrangements.size());
  std::vector<Contestant> contestants;
  for (size_t i = 0; i < results.size(); ++i) {
    const Arrangement& arrangement = options.arrangements[i];
    results[i].arrangement = arrangement.name;
    const std::string directory = options.directory + "/" + std::to_string(i);
    VARVE_ASSIGN_OR_RETURN(auto varve, open_varve(arrangement, directory + "-varve"));
    contestants.push_back(
        {std::move(varve), ArrangedItems(arrangement, all_items, options.seed), &results[i].varve});
    if (!options.rocksdb) continue;
    VARVE_ASSIGN_OR_RETURN(auto rocksdb, open_rocksdb(arrangement, directory + "-rocksdb"));
    contestants.push_back(
        {std::move(rocksdb), ArrangedItems(arrangement, all_items, options.seed), &results[i].rocksdb});
  }
  // New items come in no order, as index keys do: a pseudo-random permutation.
  uint64_t step = (0x9e3779b97f4a7c15u % all_items) | 1;
  while (std::gcd(step, all_items) != 1) step += 2;
  for (uint64_t round = 0; round < options.rounds; ++round) {
    const uint64_t first = round * options.puts;
    for (size_t phase = 0; phase < kPhaseCount; ++phase) {
      for (size_t turn = 0; turn < contestants.size(); ++turn) {
        Contestant& contestant = contestants[(turn + round) % contestants.size()];
        std::vector<api::Item> items;
        for (uint64_t i = 0; i < options.puts; ++i) {
          const uint64_t at = phase == 0 ? first + i : contestant.items.random().below(first + options.puts);
          items.push_back(contestant.items.make(at * step % all_items,
                                                phase == 2 ? DerivedKeys::kMoved : DerivedKeys::kKept));
        }
        VARVE_RETURN_IF_ERROR(run_phase(&contestant, std::move(items), &(*contestant.costs)[phase]));
      }
    }
  }
  for (Contestant& contestant : contestants) VARVE_RETURN_IF_ERROR(contestant.subject->close());
  return results;
}

}  // namespace varve::bench
