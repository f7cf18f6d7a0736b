// Subject: one system with one table that derives what an arrangement says. Varve's is a Database; RocksDB's is what a careful user
// builds by hand: the old item is read, and the item, the differences of its index entries, its expiry entry and its stream record are
// one WriteBatch. Both start from the same Item and store the same bytes under the same keys.
//
// RocksDB's has one writer: to be right with several, read and write would have to be under a lock of the key. What it does not do
// either: validate the request, evaluate conditions, count capacity units.
//
// Threads: one. Ownership: the directory is emptied at the beginning and removed by close().
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "bench/indexes/arrangement.h"

namespace varve::bench {

class Subject {
 public:
  virtual ~Subject() = default;
  // A put over whatever is there. The item is consumed.
  virtual Status put(api::Item item) = 0;
  // What was put is in the log, and no flush or compaction is due or under way.
  virtual Status settle() = 0;
  virtual Status close() = 0;
};

// Memory of each: 64 MiB memtables, 256 MiB of block cache. `interval` durability, for RocksDB: a log that is not synced.
Result<std::unique_ptr<Subject>> open_varve(const Arrangement& arrangement, const std::string& directory);
Result<std::unique_ptr<Subject>> open_rocksdb(const Arrangement& arrangement, const std::string& directory);

// A Database with the table of `request`, as open_varve's.
Result<std::unique_ptr<api::Database>> open_database(const api::CreateTableRequest& request,
                                                     const std::string& directory,
                                                     partition::Durability durability);
// And removes it.
Status close_database(std::unique_ptr<api::Database> database, const std::string& directory);
Status enable_expiry(api::Database* database);

}  // namespace varve::bench
