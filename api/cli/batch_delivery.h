// BatchDelivery: gives batches of records to a command until it takes them, as Lambda gives them to a function: one process a batch, with
// the event on its standard input; exit status 0 means that all was done.
//
// A failed batch is tried again after a pause that doubles, from 0.1 s to 60 s, as often as the options say; with bisect_on_error it
// is first split in two halves, each on its own from then on, until the record that is at fault is alone. With report_item_failures
// the command may answer which records failed: those before the first of them are done. What is tried in vain, or grows too old
// meanwhile, goes to the dead-letter file, if there is one, and is passed over.
//
// Invariants
//   I1 on_done is told of a record only after everything before it is done, or on stable storage in the dead-letter file.
//
// Threads: one. Errors: the command cannot be executed; the dead-letter file or on_done fails. What was not told to on_done is to be
// delivered again.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/dead_letter_file.h"
#include "api/cli/lambda_event.h"
#include "base/io/child_process.h"
#include "base/result.h"

namespace varve::api {

struct DeliveryOptions {
  std::vector<std::string> command;
  std::optional<uint64_t> retries;            // after the first attempt; absent: without end
  std::optional<uint64_t> max_record_age_us;  // absent: any
  bool bisect_on_error = false;
  bool report_item_failures = false;
  uint64_t timeout_ns = 0;  // of one run of the command
};

class BatchDelivery {
 public:
  struct Hooks {
    std::function<Status(const std::string& sequence_number)> on_done;
    std::function<bool()> keep_going;                     // false: return soon
    std::function<void(const std::string& line)> report;  // for people
  };

  BatchDelivery(DeliveryOptions options, DeadLetterFile* dead_letters, Hooks hooks)
      : options_(std::move(options)), dead_letters_(dead_letters), hooks_(std::move(hooks)) {}

  // Answers whether all of it is done; false when keep_going() ended it before.
  Result<bool> deliver(std::vector<LambdaRecord> batch, const std::string& shard_id,
                       const std::string& stream_arn);

 private:
  struct Work {
    std::vector<LambdaRecord> records;
    int attempts = 0;
    std::optional<int> exit_code;  // of the last attempt
  };

  Status pass_over_old(Work* work);
  Result<size_t> attempt(const Work& work, std::string* failure, int* exit_code);
  Status give_up(const Work& work, size_t count, const char* condition);
  Status drop_front(Work* work, size_t count);
  void split(Work work);
  void pause(int attempts) const;

  const DeliveryOptions options_;
  DeadLetterFile* const dead_letters_;
  const Hooks hooks_;
  std::string shard_id_;
  std::string stream_arn_;
  std::deque<Work> left_;  // in the order of the records
};

}  // namespace varve::api
