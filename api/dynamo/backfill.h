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
// It takes at most a quarter of one thread's time, in pages that are short because their keys' latches are held together, and waits where memory for writes is short. A page whose items are written all the time, or held by
// a transaction, is tried again as half of it, at last as single items, which then are as fast as any other writer of theirs.
//
// Threads: one of its own, begun at the first index to be filled; wake from any. Ownership: borrows store and catalog; stop it before the store
// closes. Errors: what fails is told and tried again, at first after kFirstRetryNs, then after ever longer pauses.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/catalog.h"
#include "base/io/mutex.h"
#include "base/io/thread.h"
#include "partition/store.h"

namespace varve::api::dynamo {

inline constexpr size_t kBackfillPageItems = 8;
inline constexpr size_t kBackfillPageBytes = 256u << 10;

class Backfill {
 public:
  static constexpr uint64_t kFirstRetryNs = 100'000'000;
  static constexpr uint64_t kLastRetryNs = 10'000'000'000;

  // Goes on with what an earlier process left. log_line: a line for people about what failed; null: none.
  static Result<std::unique_ptr<Backfill>> open(partition::Store* store, Catalog* catalog,
                                                std::function<void(const std::string&)> log_line = nullptr);
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

  Backfill(partition::Store* store, Catalog* catalog, KeyspaceId positions,
           std::function<void(const std::string&)> log_line)
      : store_(store), catalog_(catalog), positions_(positions), log_line_(std::move(log_line)) {}
  void loop();
  // Until there is something to do: at the latest after retry_ns, unless that is 0. False when it was stopped.
  bool wait_for_work(uint64_t retry_ns);
  // The first failure among all that are to be filled.
  Status fill_all();
  // False when it was stopped.
  bool pause(uint64_t duration_ns);
  bool stopping();
  std::vector<Task> open_tasks() const;
  Status forget_finished();

  Status fill(const Task& task);
  Result<Page> read_page(const Task& task, const std::string& after, size_t limit) const;
  Status commit_page(const Task& task, const Page& page);
  Status finish(const Task& task);
  Status forget(const Task& task);

  partition::Store* const store_;
  Catalog* const catalog_;
  const KeyspaceId positions_;
  const std::function<void(const std::string&)> log_line_;

  io::Mutex mutex_;
  io::CondVar changed_;
  bool awake_ VARVE_GUARDED_BY(mutex_) = false;
  bool stopping_ VARVE_GUARDED_BY(mutex_) = false;
  bool started_ VARVE_GUARDED_BY(mutex_) = false;
  io::Thread thread_;
};

}  // namespace varve::api::dynamo
