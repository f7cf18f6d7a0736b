// StreamFollower: reads a table's change stream through the protocol, shard by shard from parent to child, page by page, in order.
//
// It begins with the oldest record, with what comes from now on, or after a record; it goes on by itself where an iterator has
// expired or its next records were trimmed meanwhile, and says so of the latter.
//
// Threads: one at a time. Errors: kNotFound: no such table, or it has no stream, or the stream is gone; kIoError and kClosed: no answer;
// kInvalidArgument: refusals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/cli/transport.h"
#include "api/json/document.h"
#include "base/result.h"

namespace varve::api {

class StreamFollower {
 public:
  static constexpr uint64_t kMaxPage = 1000;

  StreamFollower(Transport transport, std::string table)
      : transport_(std::move(transport)), table_(std::move(table)) {}

  // Of the table's newest stream.
  Status begin_with_oldest();
  Status begin_with_latest();
  Status begin_after(const std::string& sequence_number);
  // Of the stream with this ARN, which may have been disabled since.
  Status resume(const std::string& stream_arn, const std::string& sequence_number);

  struct Page {
    json::Array records;  // borrows from the follower until its next call
    bool idle = false;    // there are no more for now
    bool missed = false;  // records before these were trimmed before they were read
    bool ended = false;   // the stream was disabled, and this is the end of it
  };
  // At most `limit` records, up to kMaxPage. Does not wait for any.
  Result<Page> read(uint64_t limit);

  // Goes on with the oldest record of the table's enabled stream if it is another than this one; false when it is not.
  Result<bool> go_to_newer_stream();
  const std::string& stream_arn() const { return stream_arn_; }
  const std::string& shard_id() const { return shard_id_; }

 private:
  enum class From { kOldest, kLatest, kAfter };

  Result<std::string> call(Slice operation, const std::string& request);
  Status find_stream(bool* enabled);
  Status choose_shard(From from, const std::string& sequence_number);
  Status begin_shard(const std::string& type, const std::string& sequence_number);
  // The child of the shard that has been read to its end; false when there is none.
  Result<bool> go_to_child();
  Result<std::string> get_records(uint64_t limit);

  const Transport transport_;
  const std::string table_;
  std::string stream_arn_;
  std::string shard_id_;
  std::optional<std::string> iterator_;
  std::string last_read_;  // the sequence number of the last record of this shard that was read; empty: none
  std::string refusal_;    // the exception's name, when the last call was refused
  bool missed_ = false;    // to be told with the next page
  json::Document page_;
};

// A member that is a string; empty when it is absent.
std::string string_member(const json::Object& object, const char* name);

}  // namespace varve::api
