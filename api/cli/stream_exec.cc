#include "api/cli/stream_exec.h"

#include <algorithm>
#include <utility>

#include "base/io/clock.h"
#include "base/io/driver.h"

namespace varve::api {
namespace {

constexpr uint64_t kIdlePauseNs = 100'000'000;
constexpr uint64_t kServerPauseNs = 500'000'000;
// Lambda's bound for an event. One page of the stream may go over it.
constexpr uint64_t kEventBytes = 6u << 20;

Status interrupted() { return {ErrorCode::kClosed, "interrupted"}; }

}  // namespace

StreamExec::StreamExec(const Transport& transport, StreamExecOptions options,
                       std::function<bool()> keep_going, Report report)
    : options_(std::move(options)),
      keep_going_(std::move(keep_going)),
      report_(std::move(report)),
      stream_([this, transport](Slice target, Slice body) { return call_patiently(transport, target, body); },
              options_.table) {}

// Once it has begun, a server that does not answer, or that is busy with itself, is asked again.
Result<HttpAnswer> StreamExec::call_patiently(const Transport& transport, Slice target, Slice body) {
  bool reported = false;
  while (true) {
    auto answer = transport(target, body);
    const bool away = !answer.ok() || answer->status >= 500;
    if (!away || !started_) return answer;
    if (!keep_going_()) return interrupted();
    if (!std::exchange(reported, true)) {
      report_("waiting for the server: " +
              (answer.ok() ? describe_refusal(*answer) : answer.status().to_string()));
    }
    io::sleep_ns(kServerPauseNs);
  }
}

Status StreamExec::begin() {
  VARVE_ASSIGN_OR_RETURN(position_file_,
                         StreamPositionFile::open(io::default_driver(), options_.position_path));
  VARVE_ASSIGN_OR_RETURN(const std::optional<KeptPosition> kept, position_file_->load());
  if (!kept) return options_.from_latest ? stream_.begin_with_latest() : stream_.begin_with_oldest();
  kept_ = kept->sequence_number;
  Status resumed = stream_.resume(kept->stream_arn, kept->sequence_number);
  if (resumed.code() != ErrorCode::kNotFound) return resumed;
  // The stream of the position is gone: the table may have another.
  VARVE_ASSIGN_OR_RETURN(const bool newer, stream_.go_to_newer_stream());
  if (!newer) return resumed;
  report_("the stream of the kept position is gone; beginning with the oldest record of " +
          stream_.stream_arn());
  return {};
}

Status StreamExec::run() {
  std::optional<DeadLetterFile> dead_letters;
  if (!options_.dead_letter_path.empty()) {
    VARVE_ASSIGN_OR_RETURN(dead_letters,
                           DeadLetterFile::open(io::default_driver(), options_.dead_letter_path));
  }
  VARVE_RETURN_IF_ERROR(begin());
  started_ = true;
  BatchDelivery delivery(
      options_.delivery, dead_letters ? &*dead_letters : nullptr,
      {[this](const std::string& sequence_number) { return keep_position(sequence_number); }, keep_going_,
       report_});
  bool ended = false;
  while (keep_going_() && !ended) {
    std::vector<LambdaRecord> batch;
    const Status filled = fill(&batch, &ended);
    if (!keep_going_()) return {};
    VARVE_RETURN_IF_ERROR(filled);
    if (!batch.empty()) {
      VARVE_ASSIGN_OR_RETURN(const bool done,
                             delivery.deliver(std::move(batch), batch_shard_, batch_stream_));
      if (!done) return {};
    }
    // Those behind the batch's last that no filter wanted.
    if (last_read_ != kept_ && !last_read_.empty()) VARVE_RETURN_IF_ERROR(keep_position(last_read_));
  }
  return {};
}

Status StreamExec::fill(std::vector<LambdaRecord>* batch, bool* ended) {
  batch_bytes_ = 0;
  uint64_t begin_ns = 0;
  while (keep_going_()) {
    VARVE_ASSIGN_OR_RETURN(const StreamFollower::Page page,
                           stream_.read(options_.batch_size - batch->size()));
    if (page.missed)
      report_("records may have been trimmed before they were read; going on with the oldest there is");
    if (page.ended) {
      if (!batch->empty()) return {};  // ends with the next look
      VARVE_ASSIGN_OR_RETURN(const bool newer, stream_.go_to_newer_stream());
      *ended = !newer;
      if (*ended) {
        report_("the stream was disabled, and all of it is done");
        return {};
      }
      report_("the stream was disabled; going on with " + stream_.stream_arn());
      last_read_ = kept_ = "";  // numbers of the other stream
      continue;
    }
    const size_t read = page.records.size();
    VARVE_RETURN_IF_ERROR(take(page, batch));
    if (begin_ns == 0 && !batch->empty()) begin_ns = io::monotonic_ns();
    if (batch->size() >= options_.batch_size || batch_bytes_ >= kEventBytes) return {};
    const bool over = !batch->empty() && io::monotonic_ns() - begin_ns >= options_.batch_window_us * 1000;
    if (over) return {};
    if (page.idle) {
      // What is there is not waited with when nothing is to be waited for.
      *ended = options_.until_now;
      if (options_.until_now) return {};
      io::sleep_ns(kIdlePauseNs);
    } else if (read > 0 && batch->empty()) {
      return {};  // nothing wanted so far: the position moves on
    }
  }
  return {};
}

Status StreamExec::take(const StreamFollower::Page& page, std::vector<LambdaRecord>* batch) {
  for (const json::Value& value : page.records) {
    VARVE_ASSIGN_OR_RETURN(LambdaRecord record, lambda_record(value, stream_.stream_arn()));
    last_read_ = record.sequence_number;
    if (!is_wanted(record)) continue;
    batch_bytes_ += record.json.size();
    batch_shard_ = stream_.shard_id();
    batch_stream_ = stream_.stream_arn();
    batch->push_back(std::move(record));
  }
  return {};
}

bool StreamExec::is_wanted(const LambdaRecord& record) {
  if (options_.filters.empty()) return true;
  const auto root = record_.parse(record.json);
  return root.ok() && std::ranges::any_of(options_.filters,
                                          [&](const EventPattern& filter) { return filter.matches(*root); });
}

Status StreamExec::keep_position(const std::string& sequence_number) {
  VARVE_RETURN_IF_ERROR(position_file_->save({stream_.stream_arn(), sequence_number}));
  kept_ = sequence_number;
  return {};
}

}  // namespace varve::api
