// Seeded histories of a table with indexes, and the check that every index is what its table says. Several threads put, update, delete,
// batch and transact on few keys, so that they meet; another creates and deletes indexes meanwhile.
//
// The check computes the indexes from the table with code of its own: it decodes items, and never looks at entries' keys except to hold
// them against the order and uniqueness that queries rely on.
#pragma once

#include <memory>
#include <string>

#include "api/dynamo/backfill.h"
#include "api/dynamo/catalog.h"
#include "api/dynamo/context.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/transaction_tokens.h"
#include "base/io/driver.h"
#include "tests/api/buggy_store.h"

namespace varve::api::dynamo {

// A store with what operations need, opened over a decorated store.
class IndexWorld {
 public:
  static Result<std::unique_ptr<IndexWorld>> open(io::Driver* driver, partition::PlantedBug bug);
  ~IndexWorld();

  const Context& context() const { return context_; }
  partition::Store* store() { return store_.get(); }
  // Waits until no index is being created.
  void settle();
  // What differs between the table and its indexes; empty when nothing does. Of indexes being created nothing is said.
  std::string difference();

 private:
  IndexWorld() = default;
  std::string difference_of(const Table& table, size_t index);
  std::unique_ptr<partition::Store> inner_;
  std::unique_ptr<partition::BuggyStore> store_;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<TransactionTokens> tokens_;
  std::unique_ptr<Backfill> backfill_;
  Context context_;
};

// The table of the histories: a local index, and two global ones to begin with.
void create_history_table(const Context& context);
struct HistoryOutcome {
  std::string difference;  // the first one between the table and an index, looked for again and again
  std::string failure;     // of a write that must not fail
};

// Writers of `steps` operations each beside one thread that changes indexes, and looks for differences in between: at any moment there
// must be none. Returns when all are done.
HistoryOutcome run_history(IndexWorld* world, uint64_t seed, int writers, int steps);

}  // namespace varve::api::dynamo
