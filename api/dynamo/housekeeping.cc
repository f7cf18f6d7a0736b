#include "api/dynamo/housekeeping.h"

#include <algorithm>

#include "api/dynamo/kinesis_queues.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr uint64_t kLongestPauseNs = 1'000'000'000;
constexpr uint64_t kShortestPauseNs = 5'000'000;

// Often enough that a shard is not much longer than it should be.
uint64_t pause_of(const StreamOptions& options) {
  return std::clamp(options.shard_us / 4 * 1000, kShortestPauseNs, kLongestPauseNs);
}

}  // namespace

Housekeeping::Housekeeping(const Context& context, const StreamOptions& options,
                           std::function<void(const std::string&)> log_line)
    : context_(context),
      pause_ns_(pause_of(options)),
      log_line_(std::move(log_line)),
      expiry_(context),
      thread_("varve-keeping", [this] { loop(); }) {}

void Housekeeping::stop() {
  {
    io::MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Housekeeping::keep_going() {
  io::MutexLock lock(&mutex_);
  return !stopping_;
}

Status Housekeeping::round() {
  const bool steady = clocks_.steady();
  if (!context_.streams->empty()) {
    VARVE_RETURN_IF_ERROR(context_.streams->roll_old(context_.catalog));
    if (steady) VARVE_RETURN_IF_ERROR(context_.streams->trim());
  }
  Status delivered = context_.kinesis->deliver([this] { return keep_going(); });
  Status expired = expiry_.round(steady, [this] { return keep_going(); });
  return delivered.ok() ? expired : delivered;
}

void Housekeeping::loop() {
  std::string last_failure;
  uint64_t pause_ns = pause_ns_;
  while (true) {
    {
      io::MutexLock lock(&mutex_);
      if (!stopping_) wake_.wait_for(&mutex_, pause_ns);
      if (stopping_) return;
    }
    const uint64_t began_ns = io::monotonic_ns();
    const Status status = round();
    // A round that took all its time has left work behind.
    const bool unfinished = status.ok() && io::monotonic_ns() - began_ns >= Expiry::kRoundNs;
    pause_ns = unfinished ? kShortestPauseNs : pause_ns_;
    // A failure is tried again with the next round, and told once.
    const std::string failure = status.ok() ? std::string() : status.to_string();
    if (!failure.empty() && failure != last_failure && log_line_) log_line_("housekeeping: " + failure);
    last_failure = failure;
  }
}

}  // namespace varve::api::dynamo
