// StreamExec: follows a table's change stream and gives its records to a command, batch by batch, as Lambda does for a function; how
// far it has come is kept in a file (at least once: a crash between a batch and its noting brings the batch again).
//
// Threads: one. Errors: no such table or stream; the command cannot be executed; a file fails. A server that is away for a while is
// waited for, except at the beginning.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/batch_delivery.h"
#include "api/cli/event_pattern.h"
#include "api/cli/stream_follower.h"
#include "api/cli/stream_position.h"
#include "api/cli/transport.h"
#include "base/result.h"

namespace varve::api {

struct StreamExecOptions {
  std::string table;
  bool from_latest = false;  // where to begin when there is no position yet; else with the oldest record
  bool until_now = false;    // stop where there is nothing more yet
  uint64_t batch_size = 100;
  uint64_t batch_window_us = 0;  // how long to wait for a batch to fill
  std::vector<EventPattern>
      filters;  // a record that matches none is passed over; no filters: every record is wanted
  std::string position_path;
  std::string dead_letter_path;  // empty: none
  DeliveryOptions delivery;
};

class StreamExec {
 public:
  using Report = std::function<void(const std::string& line)>;

  StreamExec(const Transport& transport, StreamExecOptions options, std::function<bool()> keep_going,
             Report report);

  // Until keep_going() answers false, which ends it after the batch under way; until there is nothing more, or the stream ends.
  Status run();

 private:
  Status begin();
  // Records until the batch is full, its window over, or nothing is left. *ended: the stream has no more.
  Status fill(std::vector<LambdaRecord>* batch, bool* ended);
  Status take(const StreamFollower::Page& page, std::vector<LambdaRecord>* batch);
  bool is_wanted(const LambdaRecord& record);
  Status keep_position(const std::string& sequence_number);
  Result<HttpAnswer> call_patiently(const Transport& transport, Slice target, Slice body);

  const StreamExecOptions options_;
  const std::function<bool()> keep_going_;
  const Report report_;
  StreamFollower stream_;
  std::optional<StreamPositionFile> position_file_;  // once it is open
  bool started_ = false;
  std::string last_read_;  // the sequence number of the last record taken from the stream, wanted or not
  std::string kept_;       // of the last one that is done
  std::string batch_shard_, batch_stream_;
  uint64_t batch_bytes_ = 0;
  json::Document record_;
};

}  // namespace varve::api
