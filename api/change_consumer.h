// ChangeConsumer: hands the changes of a table to a function of yours, batch after batch, and remembers in the database how far it has
// come: what keeps a view, a cache or a search index up to date over restarts, as the Kinesis adapter does for DynamoDB.
//
//   auto consumer = varve::api::ChangeConsumer::open(&database, {.name = "totals", .table = "Orders"});
//   (*consumer)->run([&](const varve::api::ChangeBatch& batch) -> varve::api::Failure {
//     if (batch.missed != varve::api::Missed::kNothing) rebuild();
//     for (const auto& change : batch.records) apply(change);
//     return std::nullopt;  // done; an error ends run(), and the batch comes again
//   }, [&] { return running; });
//
// Delivery is in the order of commits, so a shard's changes come before those of its child, and at least once: the checkpoint is made
// after the function returned without an error, in one durable commit. A crash in between brings the batch again, never a gap.
// A function whose effects must happen once keeps the last sequence number it saw with them.
//
// What cannot be delivered is told, in the batch that comes next: see Missed.
//
// Consumers of different names know nothing of each other. Two of one name at a time share a checkpoint: do not. A checkpoint
// stays when its table is deleted, until forget().
//
// Threads: one at a time; open and forget from any. Ownership: borrows the database, which must outlive it.
// Errors: ResourceNotFoundException when the table has no stream enabled and none that this consumer could go on with;
// ValidationException for an empty or overlong name; whatever your function answers, as it answers it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/change_reader.h"
#include "api/dynamo/consumer_checkpoints.h"
#include "api/varve.h"

namespace varve::api {

// Why changes before a batch may never have been delivered.
enum class Missed : uint8_t {
  kNothing,
  // The consumer was away for longer than the 24 hours that records are kept. What follows are the oldest that there are.
  kTrimmed,
  // The table's stream was disabled and another one enabled (or the table made anew). The one was read to its end; what was written
  // between the two has no records.
  kStreamChanged,
};

struct ChangeBatch {
  std::vector<ChangeRecord> records;  // empty only when something was missed
  Missed missed = Missed::kNothing;
};

struct ChangeConsumerOptions {
  std::string name{};  // of its checkpoint, at most 255 bytes
  std::string table{};
  // Where it begins when there is no checkpoint: that moment is kept, so a restart before the first batch misses nothing.
  ChangeReader::From from = ChangeReader::From::kOldest;
  size_t batch_records = 100;       // at most so many in a batch
  uint64_t idle_pause_us = 50'000;  // run(): between looks when there is nothing
};

class ChangeConsumer {
 public:
  using Deliver = std::function<Failure(const ChangeBatch& batch)>;

  static Outcome<std::unique_ptr<ChangeConsumer>> open(Database* database, ChangeConsumerOptions options);
  // Removes a checkpoint; the next consumer of that name begins anew.
  static Failure forget(Database* database, const std::string& table, const std::string& name);

  // Delivers one batch, if there is one, and makes the checkpoint. Answers whether there was one. Does not wait.
  Outcome<bool> poll(const Deliver& deliver);
  // Batch after batch until keep_going() answers false, the stream has ended, or an error, after which it may be called again.
  Failure run(const Deliver& deliver, const std::function<bool()>& keep_going);

  // The stream was disabled, or its table deleted, everything in it was delivered, and there is no newer one (yet).
  bool ended() const { return ended_; }
  // What the checkpoint says.
  const std::string& checkpoint() const { return saved_; }

 private:
  ChangeConsumer(Database* database, ChangeConsumerOptions options, dynamo::ConsumerCheckpoints checkpoints)
      : database_(database), options_(std::move(options)), checkpoints_(checkpoints) {}
  Failure begin();
  Failure fetch();
  // Goes on with the table's enabled stream if it is another than the one read so far; *found says whether.
  Failure follow_table(bool* found);
  Failure save();

  Database* const database_;
  const ChangeConsumerOptions options_;
  dynamo::ConsumerCheckpoints checkpoints_;
  std::unique_ptr<ChangeReader> reader_;
  ChangeBatch pending_;  // read and not yet acknowledged
  std::string saved_;
  uint64_t saved_us_ = 0;
  bool ended_ = false;
};

}  // namespace varve::api
