// From results to JSON: one function an operation, each the list of the answer's members.
//
// Threads: any (pure functions).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/stream_requests.h"
#include "api/dynamo/table.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {

// {"__type": ..., "message": ...} and, for a failed condition, "Item"; for a cancelled transaction, "CancellationReasons".
std::string encode_error(const Error& error);

// PutItem, UpdateItem, DeleteItem.
std::string encode_write(const WriteItemResult& result, ReturnConsumedCapacity capacity);
std::string encode_get_item(const GetItemResult& result, ReturnConsumedCapacity capacity);
// Query and Scan.
std::string encode_page(const ReadPageResult& result, const ReadPageRequest& request);
// Unprocessed keys repeat their part of the request.
std::string encode_batch_get(const BatchGetItemResult& result, const BatchGetItemRequest& request);
std::string encode_batch_write(const BatchWriteItemResult& result, ReturnConsumedCapacity capacity);
std::string encode_transact_get(const TransactGetItemsResult& result, ReturnConsumedCapacity capacity);
std::string encode_transact_write(const TransactWriteItemsResult& result, ReturnConsumedCapacity capacity);
std::string encode_statement(const ExecuteStatementResult& result, ReturnConsumedCapacity capacity);
std::string encode_batch_statements(const BatchExecuteStatementResult& result,
                                    ReturnConsumedCapacity capacity);
std::string encode_transaction(const ExecuteTransactionResult& result, ReturnConsumedCapacity capacity);

// member: "TableDescription", or "Table" for DescribeTable.
std::string encode_table_description(const TableDescription& table, Slice member);
std::string encode_list_tables(const ListTablesResult& result);
std::string encode_time_to_live(const TimeToLiveSpecification& specification);
std::string encode_time_to_live_description(const TimeToLiveDescription& description);
std::string encode_list_streams(const ListStreamsResult& result);
std::string encode_stream_description(const StreamDescription& stream);
std::string encode_shard_iterator_answer(const std::string& iterator);
// A line of a Kinesis destination's file, as Kinesis Data Streams for DynamoDB writes its records.
Slice precision_name(bool microseconds);
void write_kinesis_record(const ChangeRecord& record, Slice table, bool microseconds, json::JsonWriter* out);
std::string encode_get_records(const GetRecordsResult& result);
// As GetRecords and the command line show a record.
void write_change_record(const ChangeRecord& record, StreamViewType view_type, json::JsonWriter* out);
Slice view_type_name(StreamViewType view_type);
std::string encode_tags(const std::vector<Tag>& tags);
std::string encode_policy(const ResourcePolicy& policy);
// PutResourcePolicy, DeleteResourcePolicy.
std::string encode_policy_revision(const std::optional<std::string>& revision_id);
std::string encode_endpoint(Slice address);

}  // namespace varve::api::dynamo
