#include "bench/indexes/background.h"

#include "base/io/clock.h"
#include "bench/indexes/foreground.h"
#include "bench/indexes/subject.h"
#include "bench/processor_time.h"

namespace varve::bench {
namespace {

using index::AttributeValue;
using index::Number;

std::function<Result<bool>()> after_ms(uint64_t ms) {
  return [end_ns = io::monotonic_ns() + ms * 1'000'000]() -> Result<bool> {
    return io::monotonic_ns() >= end_ns;
  };
}

Status fill(api::Database* database, const BackgroundOptions& options,
            const std::function<api::Item(uint64_t)>& make) {
  api::PutItemRequest request;
  request.table = kBenchTable;
  const ItemOrder order(options.items);
  for (uint64_t i = 0; i < options.items; ++i) {
    request.item = make(order[i]);
    const auto done = database->put_item(request);
    if (!done.ok()) return as_status(done.error());
  }
  VARVE_RETURN_IF_ERROR(database->store().flush());
  return database->store().quiesce();
}

// Runs the foreground and answers the processor time of all other threads.
Result<double> run_beside(Foreground* foreground, const std::function<Result<bool>()>& ended,
                          Histogram* latency_ns) {
  const uint64_t process_ns = process_processor_ns();
  const uint64_t caller_ns = thread_processor_ns();
  VARVE_RETURN_IF_ERROR(foreground->run(ended, latency_ns));
  const uint64_t own_ns = thread_processor_ns() - caller_ns;
  return static_cast<double>(process_processor_ns() - process_ns) - static_cast<double>(own_ns);
}

// The first entry of the expiry index; empty when there is none. The items that do not expire have none.
Result<std::string> first_entry(api::Database* database, KeyspaceId entries) {
  VARVE_ASSIGN_OR_RETURN(const auto at,
                         database->store().iterate(entries, {}, partition::ReadPoint::visible()));
  at->seek_to_first();
  VARVE_RETURN_IF_ERROR(at->status());
  return at->valid() ? std::string(at->key()) : std::string();
}

Result<KeyspaceId> expiry_entries(api::Database* database) {
  for (const partition::KeyspaceInfo& keyspace : database->store().keyspaces()) {
    if (keyspace.name.starts_with("expiry/")) return keyspace.id;
  }
  return Status::not_found("no expiry index");
}

}  // namespace

Result<BackgroundResult> measure_backfill(const BackgroundOptions& options) {
  const std::string directory = options.directory + "/backfill";
  const Arrangement arrangement{"none", 0, {}, {}, false};
  VARVE_ASSIGN_OR_RETURN(
      auto database, open_database(arranged_table(arrangement), directory, partition::Durability::kInterval));
  ArrangedItems items(arrangement, options.items, options.seed);
  VARVE_RETURN_IF_ERROR(
      fill(database.get(), options, [&](uint64_t i) { return items.make(i, DerivedKeys::kKept); }));

  Foreground foreground(database.get(), arrangement, options.items, options.puts_per_second, options.seed);
  BackgroundResult result;
  result.work = "backfill";
  for (uint64_t round = 0; round < options.rounds; ++round) {
    VARVE_ASSIGN_OR_RETURN(const double idle_ns,
                           run_beside(&foreground, after_ms(options.idle_ms), &result.idle_ns));
    result.idle_other_ns += idle_ns;
    api::UpdateTableRequest update;
    update.table = kBenchTable;
    update.attribute_definitions = {{index_attribute(0), index::AttributeType::kString}};
    update.index_updates = {{{index_definition(0, index::ProjectionType::kAll), {}, {}}}};
    auto updated = database->update_table(update);
    if (!updated.ok()) return as_status(updated.error());
    const uint64_t start_ns = io::monotonic_ns();
    const auto is_active = [&]() -> Result<bool> {
      const auto described = database->describe_table(kBenchTable);
      if (!described.ok()) return as_status(described.error());
      return described->indexes.at(0).status == api::IndexStatus::kActive;
    };
    VARVE_ASSIGN_OR_RETURN(const double busy_ns, run_beside(&foreground, is_active, &result.busy_ns));
    result.busy_other_ns += busy_ns;
    result.seconds += static_cast<double>(io::monotonic_ns() - start_ns) / 1e9;
    result.items += options.items;
    VARVE_RETURN_IF_ERROR(database->store().quiesce());
    VARVE_RETURN_IF_ERROR(run_beside(&foreground, after_ms(options.idle_ms), &result.after_ns).status());
    update = {};
    update.table = kBenchTable;
    update.index_updates = {{{{}, {}, index_definition(0, index::ProjectionType::kAll).name}}};
    updated = database->update_table(update);
    if (!updated.ok()) return as_status(updated.error());
    VARVE_RETURN_IF_ERROR(database->store().quiesce());
  }
  VARVE_RETURN_IF_ERROR(close_database(std::move(database), directory));
  return result;
}

Result<BackgroundResult> measure_sweep(const BackgroundOptions& options) {
  const std::string directory = options.directory + "/sweep";
  const Arrangement arrangement{"none", 0, {}, {}, false};
  VARVE_ASSIGN_OR_RETURN(
      auto database, open_database(arranged_table(arrangement), directory, partition::Durability::kInterval));
  VARVE_RETURN_IF_ERROR(enable_expiry(database.get()));
  // The foreground's items lie beside those that expire, and do not expire.
  ArrangedItems items(arrangement, 2 * options.items, options.seed);
  Foreground foreground(database.get(), arrangement, options.items, options.puts_per_second, options.seed);
  const uint64_t until_expired_s = 3 + options.idle_ms / 1000 + options.items / 20'000;
  const uint64_t expires_s = io::wall_us() / 1'000'000 + until_expired_s;
  VARVE_RETURN_IF_ERROR(fill(database.get(), options, [&](uint64_t i) {
    api::Item item = items.make(options.items + i, DerivedKeys::kKept);
    item.set(kExpiryAttribute, AttributeValue::number(Number(static_cast<int64_t>(expires_s))));
    return item;
  }));

  BackgroundResult result;
  result.work = "sweep";
  result.items = options.items;
  VARVE_ASSIGN_OR_RETURN(result.idle_other_ns,
                         run_beside(&foreground, after_ms(options.idle_ms), &result.idle_ns));
  const uint64_t now_us = io::wall_us();
  if (now_us < expires_s * 1'000'000) io::sleep_ns((expires_s * 1'000'000 - now_us) * 1000);
  VARVE_ASSIGN_OR_RETURN(const KeyspaceId entries, expiry_entries(database.get()));
  // The sweep looks once a second; the clock starts when it has begun.
  VARVE_ASSIGN_OR_RETURN(const std::string first, first_entry(database.get(), entries));
  const auto has_begun = [&]() -> Result<bool> {
    VARVE_ASSIGN_OR_RETURN(const std::string now_first, first_entry(database.get(), entries));
    return now_first != first;
  };
  Histogram not_counted;
  VARVE_RETURN_IF_ERROR(foreground.run(has_begun, &not_counted));
  const uint64_t start_ns = io::monotonic_ns();
  const auto all_swept = [&]() -> Result<bool> {
    VARVE_ASSIGN_OR_RETURN(const std::string now_first, first_entry(database.get(), entries));
    return now_first.empty();
  };
  VARVE_ASSIGN_OR_RETURN(result.busy_other_ns, run_beside(&foreground, all_swept, &result.busy_ns));
  result.seconds = static_cast<double>(io::monotonic_ns() - start_ns) / 1e9;
  VARVE_RETURN_IF_ERROR(close_database(std::move(database), directory));
  return result;
}

}  // namespace varve::bench
