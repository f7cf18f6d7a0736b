#include "bench/indexes/queries.h"

#include <filesystem>

#include "base/io/clock.h"
#include "bench/indexes/subject.h"

namespace varve::bench {
namespace {

using index::AttributeValue;

struct Target {
  std::string name;
  api::QueryRequest request;
  Cost cost;
};

Target target_of(const char* name, std::optional<std::string> index, const std::string& attribute) {
  Target target{name, {}, {}};
  target.request.table = kBenchTable;
  target.request.index_name = std::move(index);
  target.request.key_condition_expression = attribute + " = :p";
  return target;
}

Status query(api::Database* database, Target* target, AttributeValue value) {
  target->request.attributes.values = {{{":p", std::move(value)}}};
  const uint64_t caller_ns = thread_processor_ns();
  const uint64_t began_ns = io::monotonic_ns();
  const auto page = database->query(target->request);
  if (!page.ok()) return as_status(page.error());
  size_t found = 0;
  for (const auto item : page->items) found += item.find("pk") ? 1 : 0;
  const uint64_t took_ns = io::monotonic_ns() - began_ns;
  target->cost.caller_ns += thread_processor_ns() - caller_ns;
  target->cost.latency_ns.record(took_ns);
  target->cost.seconds += static_cast<double>(took_ns) / 1e9;
  ++target->cost.operations;
  return found == kItemsPerCollection ? Status() : Status::corruption("query: not what was written");
}

}  // namespace

Result<std::vector<QueriesResult>> measure_queries(const QueriesOptions& options) {
  const std::string directory = options.directory + "/queries";
  const Arrangement arrangement{"queries", 2, index::ProjectionType::kAll, {}, false};
  api::CreateTableRequest table = arranged_table(arrangement);
  table.global_indexes->at(1).projection = index::ProjectionType::kKeysOnly;
  VARVE_ASSIGN_OR_RETURN(const auto database,
                         open_database(table, directory, partition::Durability::kInterval));
  ArrangedItems items(arrangement, options.items, options.seed);
  api::PutItemRequest put;
  put.table = kBenchTable;
  const ItemOrder order(options.items);
  for (uint64_t i = 0; i < options.items; ++i) {
    put.item = items.make(order[i], DerivedKeys::kKept);
    const auto done = database->put_item(put);
    if (!done.ok()) return as_status(done.error());
  }
  VARVE_RETURN_IF_ERROR(database->store().flush());
  VARVE_RETURN_IF_ERROR(database->store().quiesce());

  std::vector<Target> targets;
  targets.push_back(target_of("table", std::nullopt, "pk"));
  targets.push_back(target_of("index all", table.global_indexes->at(0).name, index_attribute(0)));
  targets.push_back(target_of("index keys-only", table.global_indexes->at(1).name, index_attribute(1)));
  const uint64_t collections = options.items / kItemsPerCollection;
  for (uint64_t i = 0; i < options.queries + collections; ++i) {
    if (i == collections) {  // all has been read once, and is cached
      for (Target& target : targets) target.cost = {};
    }
    const uint64_t collection = i < collections ? i : items.random().below(collections);
    for (size_t turn = 0; turn < targets.size(); ++turn) {
      Target& target = targets[(i + turn) % targets.size()];
      const bool of_table = !target.request.index_name.has_value();
      VARVE_RETURN_IF_ERROR(query(database.get(), &target,
                                  of_table ? ItemSource::key_of(collection * kItemsPerCollection).partition
                                           : AttributeValue::string(ArrangedItems::group(collection))));
    }
  }
  VARVE_RETURN_IF_ERROR(database->close());
  std::filesystem::remove_all(directory);
  std::vector<QueriesResult> results;
  for (Target& target : targets) results.push_back({target.name, target.cost});
  return results;
}

}  // namespace varve::bench
