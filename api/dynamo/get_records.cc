#include "api/dynamo/operations.h"
#include "api/dynamo/shard_iterator.h"
#include "api/dynamo/stream_reader.h"
#include "api/dynamo/streams.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMaxRecords = 1000;
constexpr uint64_t kMaxPageBytes = 1u << 20;

// Where to read: the shard's records from `from` up to `through`.
struct Range {
  index::StreamPosition from;
  SequenceNumber through;
};

Outcome<Range> range_of(const Context& context, const Streams::View& view, const Shard& shard,
                        const ShardIterator& iterator, uint64_t now_us) {
  Range range{std::max(iterator.position, index::StreamPosition{shard.after.next(), 0}),
              std::min(view.through, shard.through.value_or(view.through))};
  const uint64_t retention_us = context.streams->retention_us();
  const uint64_t since_us = now_us > retention_us ? now_us - retention_us : 0;
  VARVE_ASSIGN_OR_FAIL_STATUS(const auto first,
                              StreamReader::open(context.store, *view.stream, range.from, range.through));
  if (!first->valid() || first->record().commit_time_us >= since_us) return range;
  if (!iterator.at_horizon) return trimmed_data_access();
  VARVE_ASSIGN_OR_FAIL_STATUS(
      range.from, StreamReader::find_time(context.store, *view.stream, range.from, range.through, since_us));
  return range;
}

}  // namespace

Outcome<GetRecordsResult> get_records(const Context& context, const GetRecordsRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const size_t limit, limit_of(request.limit, kMaxRecords));
  const uint64_t now_us = io::wall_us();
  VARVE_ASSIGN_OR_FAIL(ShardIterator iterator, decode_shard_iterator(request.shard_iterator, now_us));
  const auto view = context.streams->view(iterator.table, iterator.label);
  if (!view) return stream_not_found(stream_arn(iterator.table, iterator.label));
  const Shard* const shard = view->stream->find_shard(iterator.shard);
  if (shard == nullptr) {
    // Nothing is left of the shard: for a reader that began at the horizon it is read to its end.
    if (iterator.at_horizon) return GetRecordsResult{view->stream->view_type, {}, {}};
    return trimmed_data_access();
  }
  VARVE_ASSIGN_OR_FAIL(const Range range, range_of(context, *view, *shard, iterator, now_us));

  GetRecordsResult result;
  result.view_type = view->stream->view_type;
  uint64_t page_bytes = 0;
  // Where the next page begins, when the shard's end comes first: after all that may be shown now.
  index::StreamPosition next = std::max(range.from, index::StreamPosition{range.through.next(), 0});
  VARVE_ASSIGN_OR_FAIL_STATUS(const auto reader,
                              StreamReader::open(context.store, *view->stream, range.from, range.through));
  while (reader->valid() && result.records.size() < limit) {
    VARVE_ASSIGN_OR_FAIL_STATUS(ChangeRecord record, change_record(*view->stream, reader->record()));
    page_bytes += record.size_bytes;
    if (page_bytes > kMaxPageBytes && !result.records.empty()) break;
    result.records.push_back(std::move(record));
    VARVE_RETURN_IF_FAILED(failure_of(reader->next()));
  }
  if (reader->valid()) next = reader->record().position;
  const bool exhausted = shard->through && next.sequence > *shard->through;
  if (exhausted) return result;
  iterator.position = next;
  iterator.at_horizon = iterator.at_horizon && result.records.empty();
  iterator.issued_us = now_us;
  result.next_shard_iterator = encode_shard_iterator(iterator);
  return result;
}

}  // namespace varve::api::dynamo
