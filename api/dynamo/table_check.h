// The check of a store's tables against what is derived from them: each index entry has its item and is what the index keeps of it, and each
// item has its entries; the same of the expiry index; items and entries lie under the keys that they hold; the catalog, the streams and
// their shards agree, and every stream record can be read.
//
// It works on a store that no process has open and leaves it as it is: the store is opened above its files (base/io/overlay_driver.h), with
// what recovery makes of the log, and nothing in it runs in the background. Of an index that is still being filled it only asks that its
// entries have their items.
//
// Memory: as much as the log holds that is not in tables yet, and a bounded cache; the tables may be of any size. Every item and entry
// is read twice.
//
// Threads: one. Errors: a store that cannot be opened; what is found in one that can is in the report.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/result.h"

namespace varve::api::dynamo {

struct TableCheckReport {
  uint64_t tables = 0, items = 0, index_entries = 0, expiry_entries = 0, stream_records = 0;
  uint64_t problem_count = 0;
  // Each names table, index and key. The first kMaxProblems.
  std::vector<std::string> problems;
  static constexpr size_t kMaxProblems = 100;

  void add(std::string problem);
};

// progress: entries done, and about how many there are.
Result<TableCheckReport> check_tables(io::Driver* driver, const std::string& directory,
                                      const std::function<void(uint64_t, uint64_t)>& progress = nullptr);

}  // namespace varve::api::dynamo
