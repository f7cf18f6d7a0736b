// StreamReader: the records of a stream within a range of positions, in order, from all segments that may hold them.
//
// Threads: one. Ownership: borrows the store; pins memory and files of it: page, release, resume.
// Errors: kCorruption.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/dynamo/stream.h"
#include "index/stream_record.h"
#include "partition/store.h"

namespace varve::api::dynamo {

// A record as clients are told of it, decoded.
Result<ChangeRecord> change_record(const Stream& stream, const index::StreamRecord& stored);

class StreamReader {
 public:
  // Stands at the first record with from <= position and sequence <= through, which is visible.
  static Result<std::unique_ptr<StreamReader>> open(partition::Store* store, const Stream& stream,
                                                    index::StreamPosition from, SequenceNumber through);
  bool valid() const { return current_ != nullptr; }
  // Borrows what the reader pins, until it moves.
  const index::StreamRecord& record() const { return record_; }
  Status next();

  // The position of the first record within the range that was committed at `since_us` or later; past `through` when there is none.
  // By bisection: commit times do not go back from one sequence number to the next.
  static Result<index::StreamPosition> find_time(partition::Store* store, const Stream& stream,
                                                 index::StreamPosition from, SequenceNumber through,
                                                 uint64_t since_us);

 private:
  StreamReader() = default;
  Status choose();

  // The bounds, which the iterators borrow.
  std::string lower_;
  std::string upper_;
  std::vector<std::unique_ptr<partition::Iterator>> segments_;
  partition::Iterator* current_ = nullptr;
  index::StreamRecord record_;
};

}  // namespace varve::api::dynamo
