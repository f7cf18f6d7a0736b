#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMaxListedStreams = 100;

}  // namespace

Outcome<ListStreamsResult> list_streams(const Context& context, const ListStreamsRequest& request) {
  Slice table;
  if (request.table) {
    VARVE_ASSIGN_OR_FAIL(table, table_name(*request.table, TableNameUse::kDefinition));
  }
  VARVE_ASSIGN_OR_FAIL(const size_t limit, limit_of(request.limit, kMaxListedStreams));
  std::string after;
  if (request.exclusive_start_stream_arn) {
    const std::string& arn = *request.exclusive_start_stream_arn;
    VARVE_ASSIGN_OR_FAIL(const StreamArn start, parse_stream_arn(arn, "exclusiveStartStreamArn"));
    if (!context.streams->view(start.table, start.label)) {
      return validation_error("Invalid ExclusiveStartStreamArn: there is no stream " + arn);
    }
    after = stream_key(start.table, start.label);
  }
  ListStreamsResult result;
  bool more = false;
  for (const StreamRef& stream : context.streams->list(table, after, limit, &more)) {
    result.streams.push_back({stream_arn(stream->table, stream->label), stream->table, stream->label});
  }
  if (more) result.last_evaluated_stream_arn = result.streams.back().arn;
  return result;
}

}  // namespace varve::api::dynamo
