#include "api/cli/batch_delivery.h"

#include <algorithm>

#include "base/io/clock.h"

namespace varve::api {
namespace {

constexpr uint64_t kFirstPauseNs = 100'000'000;
constexpr uint64_t kLongestPauseNs = 60'000'000'000;
constexpr uint64_t kLookNs = 50'000'000;     // for an interrupt, during a pause
constexpr uint64_t kAnswerBytes = 6u << 20;  // as much as a function may answer

std::string describe(std::span<const LambdaRecord> records) {
  std::string text =
      std::to_string(records.size()) + (records.size() == 1 ? " record at " : " records from ");
  return text + records.front().sequence_number;
}

}  // namespace

Result<bool> BatchDelivery::deliver(std::vector<LambdaRecord> batch, const std::string& shard_id,
                                    const std::string& stream_arn) {
  shard_id_ = shard_id;
  stream_arn_ = stream_arn;
  left_.clear();
  left_.push_back({std::move(batch), 0, {}});
  while (!left_.empty()) {
    Work& work = left_.front();
    VARVE_RETURN_IF_ERROR(pass_over_old(&work));
    if (work.records.empty()) {
      left_.pop_front();
      continue;
    }
    if (!hooks_.keep_going()) return false;
    std::string failure;
    int exit_code = 0;
    VARVE_ASSIGN_OR_RETURN(const size_t done, attempt(work, &failure, &exit_code));
    if (done > 0) {
      VARVE_RETURN_IF_ERROR(drop_front(&work, done));
      work.attempts = 0;  // what is left has its attempts to itself
    }
    if (work.records.empty()) {
      left_.pop_front();
      continue;
    }
    ++work.attempts;
    work.exit_code = exit_code;
    const std::string what = describe(work.records) + ": " + failure;
    // Where the command said what failed first, the batch has been cut there.
    if (options_.bisect_on_error && done == 0 && work.records.size() > 1) {
      hooks_.report(what + "; in two halves now");
      Work whole = std::move(work);
      left_.pop_front();
      split(std::move(whole));
    } else if (options_.retries && static_cast<uint64_t>(work.attempts) > *options_.retries) {
      hooks_.report(what + "; given up after attempt " + std::to_string(work.attempts));
      VARVE_RETURN_IF_ERROR(give_up(work, work.records.size(), "RetryAttemptsExhausted"));
      VARVE_RETURN_IF_ERROR(drop_front(&work, work.records.size()));
    } else {
      hooks_.report(what + "; attempt " + std::to_string(work.attempts) + ", trying again");
      pause(work.attempts);
    }
  }
  return true;
}

// The records are in the order of their age.
Status BatchDelivery::pass_over_old(Work* work) {
  if (!options_.max_record_age_us) return {};
  const uint64_t now_us = io::wall_us();
  // A record tells the whole second of its commit, which may have been at that second's end.
  constexpr uint64_t kSecondUs = 1'000'000;
  const auto young = std::ranges::find_if(work->records, [&](const LambdaRecord& record) {
    return record.created_us + kSecondUs + *options_.max_record_age_us > now_us;
  });
  const auto count = static_cast<size_t>(young - work->records.begin());
  if (count == 0) return {};
  hooks_.report(describe({work->records.data(), count}) + ": too old; given up");
  VARVE_RETURN_IF_ERROR(give_up(*work, count, "RecordAgeExceeded"));
  return drop_front(work, count);
}

// How many of the records are done.
Result<size_t> BatchDelivery::attempt(const Work& work, std::string* failure, int* exit_code) {
  const io::CommandLimits limits{options_.report_item_failures, kAnswerBytes, options_.timeout_ns};
  VARVE_ASSIGN_OR_RETURN(const io::CommandEnd end,
                         io::run_command(options_.command, lambda_event(work.records) + "\n", limits));
  *exit_code = end.exit_code;
  if (!end.succeeded()) {
    *failure = end.describe();
    return size_t{0};
  }
  if (!options_.report_item_failures) return work.records.size();
  const auto first = end.output_too_long ? std::nullopt : first_failure(end.output, work.records);
  if (!first) {
    *failure = "its answer on standard output is no {\"batchItemFailures\":[...]} of these records";
    return size_t{0};
  }
  *failure = "reported as failed";
  return *first;
}

Status BatchDelivery::give_up(const Work& work, size_t count, const char* condition) {
  if (dead_letters_ == nullptr) return {};
  FailedBatch failed;
  failed.condition = condition;
  for (const std::string& word : options_.command) {
    if (!failed.command.empty()) failed.command += ' ';
    failed.command += word;
  }
  failed.attempts = work.attempts;
  failed.exit_code = work.exit_code;
  failed.shard_id = shard_id_;
  failed.stream_arn = stream_arn_;
  return dead_letters_->append(failed_batch_line(failed, {work.records.data(), count}, io::wall_us()));
}

Status BatchDelivery::drop_front(Work* work, size_t count) {
  const std::string last = work->records[count - 1].sequence_number;
  work->records.erase(work->records.begin(), work->records.begin() + static_cast<ptrdiff_t>(count));
  return hooks_.on_done(last);
}

void BatchDelivery::split(Work work) {
  const auto middle = work.records.begin() + static_cast<ptrdiff_t>(work.records.size() / 2);
  Work second;
  second.records.assign(std::make_move_iterator(middle), std::make_move_iterator(work.records.end()));
  work.records.erase(middle, work.records.end());
  work.attempts = 0;
  left_.push_front(std::move(second));
  left_.push_front(std::move(work));
}

void BatchDelivery::pause(int attempts) const {
  uint64_t left_ns = kFirstPauseNs;
  for (int i = 1; i < attempts && left_ns < kLongestPauseNs; ++i) left_ns *= 2;
  left_ns = std::min(left_ns, kLongestPauseNs);
  while (left_ns > 0 && hooks_.keep_going()) {
    const uint64_t step_ns = std::min(left_ns, kLookNs);
    io::sleep_ns(step_ns);
    left_ns -= step_ns;
  }
}

}  // namespace varve::api
