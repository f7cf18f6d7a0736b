#include "api/change_consumer.h"

#include "api/dynamo/context.h"
#include "api/dynamo/streams.h"
#include "base/io/clock.h"

namespace varve::api {
namespace {

constexpr size_t kMaxNameBytes = 255;
// An idle consumer moves its checkpoint so often within the retention: over records that are trimmed later, so that a restart is not
// told of a gap that is none.
constexpr uint64_t kIdleCheckpoints = 24;

Failure check_name(const std::string& name) {
  if (!name.empty() && name.size() <= kMaxNameBytes) return std::nullopt;
  return validation_error("A consumer's name must have 1 to 255 bytes");
}

}  // namespace

Outcome<std::unique_ptr<ChangeConsumer>> ChangeConsumer::open(Database* database,
                                                              ChangeConsumerOptions options) {
  VARVE_RETURN_IF_FAILED(check_name(options.name));
  if (options.batch_records == 0) return validation_error("A batch must have at least 1 record");
  VARVE_ASSIGN_OR_FAIL_STATUS(auto checkpoints, dynamo::ConsumerCheckpoints::open(&database->store()));
  std::unique_ptr<ChangeConsumer> consumer(new ChangeConsumer(database, std::move(options), checkpoints));
  VARVE_RETURN_IF_FAILED(consumer->begin());
  return consumer;
}

Failure ChangeConsumer::forget(Database* database, const std::string& table, const std::string& name) {
  VARVE_ASSIGN_OR_FAIL_STATUS(auto checkpoints, dynamo::ConsumerCheckpoints::open(&database->store()));
  return failure_of(checkpoints.remove(table, name));
}

Failure ChangeConsumer::begin() {
  VARVE_ASSIGN_OR_FAIL_STATUS(const std::optional<std::string> noted,
                              checkpoints_.find(options_.table, options_.name));
  if (noted) {
    VARVE_ASSIGN_OR_FAIL(reader_, ChangeReader::resume(database_, *noted));
    saved_ = *noted;
    saved_us_ = io::wall_us();
    return std::nullopt;
  }
  VARVE_ASSIGN_OR_FAIL(reader_, ChangeReader::open(database_, options_.table, options_.from));
  return save();
}

Failure ChangeConsumer::follow_table(bool* found) {
  *found = false;
  auto newer = ChangeReader::open(database_, options_.table, ChangeReader::From::kOldest);
  if (!newer.ok()) {
    if (newer.error().type == ErrorType::kResourceNotFound) return std::nullopt;
    return std::move(newer).error();
  }
  if ((*newer)->stream_arn() == reader_->stream_arn()) return std::nullopt;
  reader_ = std::move(newer).value();
  *found = true;
  return std::nullopt;
}

Failure ChangeConsumer::fetch() {
  ended_ = false;
  if (!pending_.records.empty()) return std::nullopt;
  bool found = false;
  auto changes = reader_->next(options_.batch_records);
  if (!changes.ok()) {
    const ErrorType type = changes.error().type;
    if (type == ErrorType::kTrimmedDataAccess) {
      reader_->skip_to_oldest();
    } else if (type == ErrorType::kResourceNotFound) {
      VARVE_RETURN_IF_FAILED(follow_table(&found));
      if (!found) return std::move(changes).error();
    } else {
      return std::move(changes).error();
    }
    pending_.missed = Missed::kTrimmed;
    changes = reader_->next(options_.batch_records);
  } else if (changes->empty() && reader_->ended()) {
    VARVE_RETURN_IF_FAILED(follow_table(&found));
    ended_ = !found;
    if (!found) return std::nullopt;
    if (pending_.missed == Missed::kNothing) pending_.missed = Missed::kStreamChanged;
    changes = reader_->next(options_.batch_records);
  }
  if (!changes.ok()) return std::move(changes).error();
  pending_.records = std::move(changes).value();
  return std::nullopt;
}

Failure ChangeConsumer::save() {
  std::string position = reader_->position();
  VARVE_RETURN_IF_FAILED(failure_of(checkpoints_.save(options_.table, options_.name, position)));
  saved_ = std::move(position);
  saved_us_ = io::wall_us();
  return std::nullopt;
}

Outcome<bool> ChangeConsumer::poll(const Deliver& deliver) {
  VARVE_RETURN_IF_FAILED(fetch());
  if (pending_.records.empty() && pending_.missed == Missed::kNothing) {
    const uint64_t age_us = database_->context().streams->retention_us() / kIdleCheckpoints;
    if (saved_us_ + age_us <= io::wall_us() && saved_ != reader_->position()) VARVE_RETURN_IF_FAILED(save());
    return false;
  }
  VARVE_RETURN_IF_FAILED(deliver(pending_));
  VARVE_RETURN_IF_FAILED(save());
  pending_ = {};
  return true;
}

Failure ChangeConsumer::run(const Deliver& deliver, const std::function<bool()>& keep_going) {
  while (keep_going()) {
    VARVE_ASSIGN_OR_FAIL(const bool delivered, poll(deliver));
    if (delivered) continue;
    if (ended_) return std::nullopt;
    io::sleep_ns(options_.idle_pause_us * 1000);
  }
  return std::nullopt;
}

}  // namespace varve::api
