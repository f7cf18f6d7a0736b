#include "api/dynamo/kinesis_queues.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/throughput_changes.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {

Outcome<TableDescription> delete_table(const Context& context, const std::string& table) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(table, TableNameUse::kExisting));
  const auto check = [](const Table& found) -> Failure {
    if (!found.description.deletion_protection) return std::nullopt;
    return validation_error(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
        "protection first.");
  };
  Streams::Change stream(context.streams);
  KinesisQueues::Change destination(context.kinesis);
  const auto end_stream = [&](Table* last, partition::WriteBatch* batch) -> Failure {
    VARVE_RETURN_IF_FAILED(destination.disable(last, batch));
    return stream.end(last, batch);
  };
  VARVE_ASSIGN_OR_FAIL(const TableRef removed, context.catalog->remove(name, check, end_stream));
  stream.publish();
  destination.publish();
  TableDescription answer = removed->description;
  answer.status = TableStatus::kDeleting;
  forget_past_days(io::wall_us(), &answer);
  // DynamoDB's answer leaves the schema out.
  answer.attribute_definitions.clear();
  answer.key_schema = index::KeySchema();
  answer.indexes.clear();
  return answer;
}

}  // namespace varve::api::dynamo
