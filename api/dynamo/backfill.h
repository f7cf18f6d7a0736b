// Backfill: fills the indexes that UpdateTable creates on tables with items, while the tables are read and written.
//
// From the moment the catalog names the index every write maintains it (Successor, Catalog I3), so only items that nobody writes meanwhile
// are left to do. The backfill walks the table by key and commits its entries in bounded pages. A page is a commit on the keys of its
// items: its evaluation sees the newest image of each and puts that one's entry, and is repeated when a writer was faster. So no entry
// is ever older than the item's last write, and one of a deleted item is not put. Items that do not fit the index's key are
// passed over, as DynamoDB does.
//
// Where it is stands in the keyspace "backfill" (index id -> the last key done), written in the same commits: after a crash it goes on where
// it was. At the end the catalog says that the index is active.
//
// It takes at most half of one thread's time, and waits where memory for writes is short.
//
// Threads: one of its own, begun at the first index to be filled; wake from any. Ownership: borrows store and catalog; stop it before the store
// closes. Errors: what goes wrong is left for the next wake, or the next open, to try again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/catalog.h"
#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "partition/store.h"

namespace varve::api::dynamo {

inline constexpr size_t kBackfillPageItems = 64;
inline constexpr size_t kBackfillPageBytes = 256u << 10;

class Backfill {
 public:
  // Goes on with what an earlier process left.
  static Result<std::unique_ptr<Backfill>> open(partition::Store* store, Catalog* catalog);
  ~Backfill() { stop(); }
  Backfill(const Backfill&) = delete;
  Backfill& operator=(const Backfill&) = delete;

  // There is an index to be filled.
  void wake();
  // Between two pages. Idempotent.
  void stop();

 private:
  // An index that is being filled; `table` is any form of its table.
  struct Task {
    TableRef table;
    std::string index_id;
  };
  struct Page {
    std::vector<std::string> keys;
    std::vector<partition::CommitKey> commit_keys;
    bool last = false;
  };

  Backfill(partition::Store* store, Catalog* catalog, KeyspaceId positions)
      : store_(store), catalog_(catalog), positions_(positions) {}
  void loop();
  // False when it was stopped.
  bool pause(uint64_t duration_ns);
  bool stopping();
  std::vector<Task> open_tasks() const;
  Status forget_finished();

  Status fill(const Task& task);
  Result<Page> read_page(const Task& task, const std::string& after) const;
  Status commit_page(const Task& task, const Page& page);
  Status finish(const Task& task);
  Status forget(const Task& task);

  partition::Store* const store_;
  Catalog* const catalog_;
  const KeyspaceId positions_;

  io::Mutex mutex_;
  io::CondVar changed_;
  bool awake_ VARVE_GUARDED_BY(mutex_) = false;
  bool stopping_ VARVE_GUARDED_BY(mutex_) = false;
  bool started_ VARVE_GUARDED_BY(mutex_) = false;
  io::Thread thread_;
};

}  // namespace varve::api::dynamo
