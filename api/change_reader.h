// ChangeReader: the changes of a table's items, one after the other, in the process that has the database open: what a cache, a search
// index or a replica beside it follows.
//
//   auto reader = varve::api::ChangeReader::open(&database, "Users", varve::api::ChangeReader::From::kOldest);
//   while (running) {
//     auto changes = (*reader)->next(100);
//     for (const auto& change : *changes) apply(change);   // then note (*reader)->position() somewhere durable
//   }
//   auto later = varve::api::ChangeReader::resume(&database, noted_position);
//
// It reads the table's change stream, which must be enabled when the reader is opened, without regard to shards: every change once, in
// the order of commits. A position names the stream and the last change read; who applies changes and then notes the position gets
// them at least once over restarts. Readers hold nothing in the store between calls, however slow they are.
//
// Threads: one at a time. Ownership: borrows the database, which must outlive it.
// Errors: ResourceNotFoundException when the table has no stream or the stream is gone; TrimmedDataAccessException when what comes
// next was kept for its 24 hours and is gone; ValidationException for what is no position.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/varve.h"

namespace varve::api {

// Of one call of ChangeReader::next; a single change may be larger.
inline constexpr uint64_t kMaxChangeBytes = 1u << 20;

class ChangeReader {
 public:
  enum class From {
    kOldest,  // all that there still is
    kNow,     // what is committed from now on
  };

  static Outcome<std::unique_ptr<ChangeReader>> open(Database* database, const std::string& table, From from);
  // Goes on after the changes that an earlier reader had read when it told this position.
  static Outcome<std::unique_ptr<ChangeReader>> resume(Database* database, const std::string& position);

  // The next changes, at most `limit`, and no more once they are kMaxChangeBytes together; none when there are none now. Does not wait.
  Outcome<std::vector<ChangeRecord>> next(size_t limit);
  // After the changes read so far.
  std::string position() const;
  std::string stream_arn() const;
  // After TrimmedDataAccessException: goes on with the oldest change that there still is, whatever was missed before it.
  void skip_to_oldest();
  // The stream was disabled, or its table deleted, and everything in it has been read.
  bool ended() const { return ended_; }

 private:
  ChangeReader(Database* database, std::string table, std::string label)
      : database_(database), table_(std::move(table)), label_(std::move(label)) {}

  Database* const database_;
  const std::string table_;
  const std::string label_;
  index::StreamPosition next_;  // the least position of what is still to be read
  bool at_horizon_ = false;     // nothing has been read, and what is trimmed is not missed
  bool ended_ = false;
};

}  // namespace varve::api
