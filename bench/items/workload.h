// ItemBench: one thread on a Database in this process: no protocol, no JSON. Every call is timed, and what it allocated
// is counted (jemalloc's thread.allocated).
//
//   put            PutItem of a new item, in collections of 20, in a random order of collections
//   put over       PutItem of a random item that is there
//   get            Database::read_item of a random item that is cached, into one StoredItem: the short way
//   get request    GetItem as a request, with an answer of its own
//   update         UpdateItem with a condition and an arithmetic update
//   query          Query of the 20 items of a collection, each looked at
//   batch          BatchWriteItem of 25 items that are there
//
// The items are those of item_source.h.
//
// Threads: one. Ownership: the directory is emptied at open and removed by close().
#pragma once

#include <memory>
#include <string>

#include "api/varve.h"
#include "base/result.h"
#include "bench/items/item_source.h"
#include "bench/measurement.h"

namespace varve::bench {

struct ItemBenchOptions {
  std::string directory = "build/bench-items";
  partition::Durability durability = partition::Durability::kInterval;
  uint64_t items = 200'000;  // of 1,000 bytes; they fit in memory_bytes
  uint64_t memory_bytes = 1u << 30;
  uint64_t operations = 200'000;  // of a cell but put, which is `items`; a tenth for update, query and batch
  uint64_t seed = 1;
};

struct ItemMeasurement : Measurement {
  uint64_t allocated_bytes = 0;
};

class ItemBench {
 public:
  static Result<std::unique_ptr<ItemBench>> open(const ItemBenchOptions& options);

  Result<ItemMeasurement> put();
  // Everything out of memory tables, no compaction due, and every item read once: reads are hits from here on.
  Status settle();
  Result<ItemMeasurement> put_over();
  Result<ItemMeasurement> get();
  Result<ItemMeasurement> get_request();
  Result<ItemMeasurement> update();
  Result<ItemMeasurement> query();
  Result<ItemMeasurement> batch();
  Status close();

 private:
  explicit ItemBench(ItemBenchOptions options);

  const ItemBenchOptions options_;
  ItemSource source_;
  std::unique_ptr<api::Database> database_;
};

}  // namespace varve::bench
