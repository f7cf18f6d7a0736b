#include "tests/derived/world.h"

#include "index/key_codec.h"

namespace varve::derived {
namespace {

constexpr uint64_t kShardUs = 3'000;

partition::StoreOptions small_store(io::Driver* driver) {
  partition::StoreOptions options;
  options.driver = driver;
  options.memory_bytes = 2u << 20;
  options.write_buffer_bytes = 8u << 10;
  options.target_file_bytes = 32u << 10;
  options.log_first_segment_bytes = 64u << 10;
  options.log_max_segment_bytes = 64u << 10;
  options.log_limit_bytes = 256u << 10;
  options.filter_prefix = &index::partition_prefix_length;
  return options;
}

}  // namespace

Result<std::unique_ptr<World>> World::open(io::Driver* driver, const Planted& planted) {
  using namespace api::dynamo;
  std::unique_ptr<World> world(new World);
  api::StreamOptions stream_options;
  stream_options.shard_us = kShardUs;
  VARVE_ASSIGN_OR_RETURN(world->store_, partition::Store::open("db", small_store(driver)));
  const auto store_for = [&](Place place) {
    return std::make_unique<partition::BuggyStore>(planted.at(place), world->store_.get());
  };
  world->operations_ = store_for(Place::kOperations);
  world->backfilled_ = store_for(Place::kBackfill);
  world->kept_ = store_for(Place::kHousekeeping);
  partition::Store* const store = world->operations_.get();
  VARVE_ASSIGN_OR_RETURN(world->streams_, Streams::open(store, stream_options));
  VARVE_ASSIGN_OR_RETURN(world->catalog_, Catalog::open(store));
  VARVE_ASSIGN_OR_RETURN(world->tokens_, TransactionTokens::open(store));
  VARVE_ASSIGN_OR_RETURN(world->backfill_, Backfill::open(world->backfilled_.get(), world->catalog_.get()));
  VARVE_ASSIGN_OR_RETURN(world->kinesis_,
                         KinesisQueues::open(store, driver, "db", stream_options.kinesis_file_bytes));
  world->context_.store = store;
  world->context_.catalog = world->catalog_.get();
  world->context_.streams = world->streams_.get();
  world->context_.tokens = world->tokens_.get();
  world->context_.backfill = world->backfill_.get();
  world->context_.kinesis = world->kinesis_.get();
  Context keeping = world->context_;
  keeping.store = world->kept_.get();
  world->housekeeping_ = std::make_unique<Housekeeping>(keeping, stream_options, nullptr);
  return world;
}

World::~World() {
  if (housekeeping_ != nullptr) housekeeping_->stop();
  if (backfill_ != nullptr) backfill_->stop();
  if (store_ != nullptr) (void)store_->close();
}

}  // namespace varve::derived
