// A database over a store with a planted fault: what api::Database puts together, but for the store.
#pragma once

#include <memory>

#include "api/dynamo/backfill.h"
#include "api/dynamo/catalog.h"
#include "api/dynamo/context.h"
#include "api/dynamo/housekeeping.h"
#include "api/dynamo/kinesis_queues.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/transaction_tokens.h"
#include "base/io/driver.h"
#include "tests/derived/buggy_store.h"

namespace varve::derived {

enum class Place { kEverywhere, kOperations, kBackfill, kHousekeeping };

// A fault and who has it.
struct Planted {
  const char* name = "none";
  partition::Fault fault = partition::Fault::kNone;
  Place place = Place::kEverywhere;

  partition::Fault at(Place asked) const {
    return place == Place::kEverywhere || place == asked ? fault : partition::Fault::kNone;
  }
};

class World {
 public:
  // Sizes are small, so that trees flush and merge; shards roll all the time.
  static Result<std::unique_ptr<World>> open(io::Driver* driver, const Planted& planted);
  ~World();

  const api::dynamo::Context& context() const { return context_; }
  partition::Store* store() { return store_.get(); }

 private:
  World() = default;
  std::unique_ptr<partition::Store> store_;
  std::unique_ptr<partition::BuggyStore> operations_, backfilled_, kept_;
  std::unique_ptr<api::dynamo::Streams> streams_;
  std::unique_ptr<api::dynamo::Catalog> catalog_;
  std::unique_ptr<api::dynamo::TransactionTokens> tokens_;
  std::unique_ptr<api::dynamo::Backfill> backfill_;
  std::unique_ptr<api::dynamo::KinesisQueues> kinesis_;
  api::dynamo::Context context_;
  std::unique_ptr<api::dynamo::Housekeeping> housekeeping_;
};

}  // namespace varve::derived
