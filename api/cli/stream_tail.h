// StreamTail: follows the newest change stream of a table, shard by shard from parent to child, and hands over each record as the
// protocol's JSON. Delivery is in order, and each record once as long as it runs; who goes on later does so after a sequence number.
//
// Threads: one at a time. Errors: no such table or stream; records that were trimmed before they were read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "api/cli/stream_follower.h"
#include "api/cli/transport.h"
#include "base/result.h"

namespace varve::api {

struct StreamTailOptions {
  std::string table;
  bool from_start = false;  // with the oldest record there is; else with what comes from now on
  std::optional<std::string> after_sequence;  // with the record after this one
  uint64_t records = UINT64_MAX;              // stop after so many
  bool until_now = false;                     // stop where there is nothing more yet
};

class StreamTail {
 public:
  // One line of JSON without its end.
  using OnRecord = std::function<Status(Slice record)>;

  StreamTail(Transport transport, StreamTailOptions options)
      : stream_(std::move(transport), options.table), options_(std::move(options)) {}

  // Until the options say stop, the stream ends because it was disabled, an error, or keep_going() answers false.
  Status run(const OnRecord& on_record, const std::function<bool()>& keep_going);

 private:
  Status begin();

  StreamFollower stream_;
  const StreamTailOptions options_;
};

}  // namespace varve::api
