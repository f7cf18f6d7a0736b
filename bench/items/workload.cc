#include "bench/items/workload.h"

#include <jemalloc/jemalloc.h>

#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/io/clock.h"

namespace varve::bench {
namespace {

using index::AttributeValue;
using index::Number;

constexpr uint64_t kItemsPerBatch = 25;

// Bytes that this thread has allocated so far.
uint64_t allocated_bytes() {
  thread_local const uint64_t* const counter = [] {
    uint64_t* pointer = nullptr;
    size_t size = sizeof(pointer);
    CHECK(::mallctl("thread.allocatedp", static_cast<void*>(&pointer), &size, nullptr, 0) == 0);
    return pointer;
  }();
  return *counter;
}

Status wrong(const char* operation) {
  return Status::corruption(std::string(operation) + ": not what was written");
}

// Runs operation(i) for each i below `count`, each one timed. `prepare(i)` goes before it, outside the time of one
// operation but inside that of the cell: an application has to make its requests as well.
template <typename Prepare, typename Run>
Result<ItemMeasurement> timed(uint64_t count, const Prepare& prepare, const Run& run) {
  ItemMeasurement measurement;
  const uint64_t start_ns = io::monotonic_ns();
  for (uint64_t i = 0; i < count; ++i) {
    prepare(i);
    const uint64_t allocated = allocated_bytes();
    const uint64_t began_ns = io::monotonic_ns();
    VARVE_RETURN_IF_ERROR(run());
    measurement.latency_ns.record(io::monotonic_ns() - began_ns);
    measurement.allocated_bytes += allocated_bytes() - allocated;
  }
  measurement.operations = count;
  measurement.seconds = static_cast<double>(io::monotonic_ns() - start_ns) / 1e9;
  return measurement;
}

}  // namespace

ItemBench::ItemBench(ItemBenchOptions options) : options_(std::move(options)), source_(options_.seed) {}

Result<std::unique_ptr<ItemBench>> ItemBench::open(const ItemBenchOptions& options) {
  std::unique_ptr<ItemBench> bench(new ItemBench(options));
  std::filesystem::remove_all(options.directory);
  std::filesystem::create_directories(std::filesystem::path(options.directory).parent_path());
  api::DatabaseOptions database;
  database.store.durability = options.durability;
  database.store.memory_bytes = options.memory_bytes;
  VARVE_ASSIGN_OR_RETURN(bench->database_, api::Database::open(options.directory, database));
  const auto created = bench->database_->create_table(bench_table());
  if (!created.ok()) return as_status(created.error());
  return bench;
}

Result<ItemMeasurement> ItemBench::put() {
  const ItemOrder order(options_.items);
  api::PutItemRequest request;
  request.table = kBenchTable;
  return timed(
      options_.items, [&](uint64_t i) { source_.fill(order[i], &request.item); },
      [&]() -> Status {
        const auto done = database_->put_item(request);
        return done.ok() ? Status() : as_status(done.error());
      });
}

Status ItemBench::settle() {
  VARVE_RETURN_IF_ERROR(database_->store().flush());
  VARVE_RETURN_IF_ERROR(database_->store().quiesce());
  api::StoredItem item;
  for (uint64_t i = 0; i < options_.items; ++i) {
    if (const auto failure = database_->read_item(kBenchTable, ItemSource::key_of(i), &item))
      return as_status(*failure);
    if (!item.found()) return wrong("settle");
  }
  return {};
}

Result<ItemMeasurement> ItemBench::put_over() {
  api::PutItemRequest request;
  request.table = kBenchTable;
  return timed(
      options_.operations,
      [&](uint64_t) { source_.fill(source_.random().below(options_.items), &request.item); },
      [&]() -> Status {
        const auto done = database_->put_item(request);
        return done.ok() ? Status() : as_status(done.error());
      });
}

Result<ItemMeasurement> ItemBench::get() {
  index::PrimaryKey key;
  api::StoredItem item;
  return timed(
      options_.operations,
      [&](uint64_t) { key = ItemSource::key_of(source_.random().below(options_.items)); },
      [&]() -> Status {
        if (const auto failure = database_->read_item(kBenchTable, key, &item)) return as_status(*failure);
        return item.found() && item.view().find("text")->as_string().size() == kItemTextBytes ? Status()
                                                                                              : wrong("get");
      });
}

Result<ItemMeasurement> ItemBench::get_request() {
  api::GetItemRequest request;
  request.table = kBenchTable;
  return timed(
      options_.operations,
      [&](uint64_t) {
        index::PrimaryKey key = ItemSource::key_of(source_.random().below(options_.items));
        request.key.set("pk", std::move(key.partition));
        request.key.set("sk", *std::move(key.sort));
      },
      [&]() -> Status {
        const auto got = database_->get_item(request);
        if (!got.ok()) return as_status(got.error());
        return got->item.found() ? Status() : wrong("get request");
      });
}

Result<ItemMeasurement> ItemBench::update() {
  api::UpdateItemRequest request;
  request.table = kBenchTable;
  request.update_expression = "SET #s = #s + :one";
  request.condition_expression = "attribute_exists(pk) AND #s >= :zero";
  request.attributes.names = {{{"#s", "score"}}};
  request.attributes.values = {
      {{":one", AttributeValue::number(Number(1))}, {":zero", AttributeValue::number(Number(0))}}};
  return timed(
      options_.operations / 10,
      [&](uint64_t) {
        index::PrimaryKey key = ItemSource::key_of(source_.random().below(options_.items));
        request.key.set("pk", std::move(key.partition));
        request.key.set("sk", *std::move(key.sort));
      },
      [&]() -> Status {
        const auto done = database_->update_item(request);
        return done.ok() ? Status() : as_status(done.error());
      });
}

Result<ItemMeasurement> ItemBench::query() {
  api::QueryRequest request;
  request.table = kBenchTable;
  request.key_condition_expression = "pk = :p AND sk >= :s";
  return timed(
      options_.operations / 10,
      [&](uint64_t) {
        index::PrimaryKey key = ItemSource::key_of(source_.random().below(options_.items));
        request.attributes.values = {
            {{":p", std::move(key.partition)}, {":s", AttributeValue::number(Number(0))}}};
      },
      [&]() -> Status {
        const auto page = database_->query(request);
        if (!page.ok()) return as_status(page.error());
        if (page->items.size() != kItemsPerCollection) return wrong("query");
        for (size_t i = 0; i < page->items.size(); ++i)
          if (page->items[i].find("text")->as_string().size() != kItemTextBytes) return wrong("query");
        return {};
      });
}

Result<ItemMeasurement> ItemBench::batch() {
  api::BatchWriteItemRequest request;
  return timed(
      options_.operations / 10,
      [&](uint64_t) {
        const uint64_t first = source_.random().below(options_.items / kItemsPerBatch) * kItemsPerBatch;
        request = {};
        auto& [table, writes] = request.tables.emplace_back();
        table = kBenchTable;
        for (uint64_t i = 0; i < kItemsPerBatch; ++i)
          source_.fill(first + i, &writes.emplace_back().put_item.emplace());
      },
      [&]() -> Status {
        const auto done = database_->batch_write_item(request);
        return done.ok() ? Status() : as_status(done.error());
      });
}

Status ItemBench::close() {
  const Status status = database_->close();
  database_.reset();
  std::filesystem::remove_all(options_.directory);
  return status;
}

}  // namespace varve::bench
