// StreamTail: follows the newest change stream of a table, shard by shard from parent to child, and hands over each record as the
// protocol's JSON. Delivery is in order, and each record once as long as it runs; who goes on later does so after a sequence number.
//
// Threads: one at a time. Errors: no such table or stream; records that were trimmed before they were read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

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
      : transport_(std::move(transport)), options_(std::move(options)) {}

  // Until the options say stop, the stream ends because it was disabled, an error, or keep_going() answers false.
  Status run(const OnRecord& on_record, const std::function<bool()>& keep_going);

 private:
  Result<std::string> call(Slice operation, const std::string& request);
  Status find_stream();
  Status choose_shard();
  Status begin_shard(const std::string& type, const std::string& sequence_number);
  // The child of the shard that has been read to its end; false when there is none.
  Result<bool> go_to_child();
  // Reads one page; *empty: there was nothing.
  Status read_page(const OnRecord& on_record, bool* empty);

  const Transport transport_;
  const StreamTailOptions options_;
  std::string stream_arn_;
  std::string shard_id_;
  std::optional<std::string> iterator_;
  uint64_t records_ = 0;
};

}  // namespace varve::api
