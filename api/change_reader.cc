#include "api/change_reader.h"

#include <algorithm>

#include "api/dynamo/context.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/stream.h"
#include "api/dynamo/stream_reader.h"
#include "api/dynamo/streams.h"
#include "base/io/clock.h"

namespace varve::api {
namespace {

constexpr char kSeparator = '@';

}  // namespace

Outcome<std::unique_ptr<ChangeReader>> ChangeReader::open(Database* database, const std::string& table,
                                                          From from) {
  VARVE_ASSIGN_OR_FAIL(const TableDescription description, database->describe_table(table));
  const auto view = database->context().streams->view(description.name, description.latest_stream_label);
  if (!view || !description.stream_view_type) {
    return Error{ErrorType::kResourceNotFound, "Table has no enabled stream: " + description.name, {}};
  }
  std::unique_ptr<ChangeReader> reader(
      new ChangeReader(database, description.name, description.latest_stream_label));
  reader->at_horizon_ = from == From::kOldest;
  if (from == From::kNow) reader->next_ = {view->through.next(), 0};
  return reader;
}

Outcome<std::unique_ptr<ChangeReader>> ChangeReader::resume(Database* database, const std::string& position) {
  const size_t separator = position.rfind(kSeparator);
  if (separator == std::string::npos) return validation_error("Invalid position: " + position);
  const Slice arn = Slice(position).substr(0, separator);
  VARVE_ASSIGN_OR_FAIL(const dynamo::StreamArn name, dynamo::parse_stream_arn(arn, "position"));
  const auto next = index::parse_sequence_number(Slice(position).substr(separator + 1));
  if (!next) return validation_error("Invalid position: " + position);
  std::unique_ptr<ChangeReader> reader(
      new ChangeReader(database, std::string(name.table), std::string(name.label)));
  reader->next_ = *next;
  // The position of a reader that had read nothing, from the oldest on.
  reader->at_horizon_ = *next == index::StreamPosition{};
  return reader;
}

std::string ChangeReader::stream_arn() const { return dynamo::stream_arn(table_, label_); }

std::string ChangeReader::position() const {
  return stream_arn() + kSeparator + index::sequence_number_text(next_);
}

void ChangeReader::skip_to_oldest() {
  next_ = {};
  at_horizon_ = true;
}

Outcome<std::vector<ChangeRecord>> ChangeReader::next(size_t limit) {
  const dynamo::Streams& streams = *database_->context().streams;
  partition::Store* const store = &database_->store();
  const auto view = streams.view(table_, label_);
  if (!view) return dynamo::stream_not_found(stream_arn());
  const dynamo::Stream& stream = *view->stream;
  const SequenceNumber through =
      std::min(view->through, stream.shards.back().through.value_or(view->through));
  const uint64_t now_us = io::wall_us();
  const uint64_t since_us = now_us > streams.retention_us() ? now_us - streams.retention_us() : 0;
  const index::StreamPosition oldest{stream.shards.front().after.next(), 0};
  // Shards that were trimmed away may have held something.
  if (!at_horizon_ && next_ < oldest && stream.shards.front().number > 0) return trimmed_data_access();
  VARVE_ASSIGN_OR_FAIL_STATUS(auto reader,
                              dynamo::StreamReader::open(store, stream, std::max(next_, oldest), through));
  if (reader->valid() && reader->record().commit_time_us < since_us) {
    if (!at_horizon_) return trimmed_data_access();
    VARVE_ASSIGN_OR_FAIL_STATUS(
        const index::StreamPosition fresh,
        dynamo::StreamReader::find_time(store, stream, std::max(next_, oldest), through, since_us));
    VARVE_ASSIGN_OR_FAIL_STATUS(reader, dynamo::StreamReader::open(store, stream, fresh, through));
  }
  std::vector<ChangeRecord> records;
  uint64_t bytes = 0;
  while (reader->valid() && records.size() < limit && bytes < kMaxChangeBytes) {
    VARVE_ASSIGN_OR_FAIL_STATUS(ChangeRecord record, dynamo::change_record(stream, reader->record()));
    next_ = reader->record().position.next();
    at_horizon_ = false;
    bytes += record.size_bytes;
    records.push_back(std::move(record));
    VARVE_RETURN_IF_FAILED(failure_of(reader->next()));
  }
  ended_ = !reader->valid() && !stream.enabled();
  if (!reader->valid()) {
    // Everything up to here was read: when it is trimmed, nothing of it is missed, and what comes after it would be.
    next_ = std::max(next_, index::StreamPosition{through.next(), 0});
    at_horizon_ = false;
  }
  return records;
}

}  // namespace varve::api
