// From JSON to typed requests: one function an operation, each the list of the operation's members in the model's order.
//
// Errors: SerializationException for a JSON value of the wrong type, ValidationException for a violated constraint. What
// DynamoDB checks later (attribute values, expressions) is noted in the request for the operation to report.
// Members this version does not carry out are never ignored: they are noted as unsupported.
//
// Threads: any (pure functions).
#pragma once

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/stream_requests.h"
#include "api/dynamo/table_requests.h"
#include "api/json/document.h"

namespace varve::api::dynamo {

Outcome<PutItemRequest> decode_put_item(json::Object body);
Outcome<GetItemRequest> decode_get_item(json::Object body);
Outcome<UpdateItemRequest> decode_update_item(json::Object body);
Outcome<DeleteItemRequest> decode_delete_item(json::Object body);
Outcome<QueryRequest> decode_query(json::Object body);
Outcome<ScanRequest> decode_scan(json::Object body);
Outcome<BatchGetItemRequest> decode_batch_get_item(json::Object body);
Outcome<BatchWriteItemRequest> decode_batch_write_item(json::Object body);
Outcome<TransactGetItemsRequest> decode_transact_get_items(json::Object body);
Outcome<TransactWriteItemsRequest> decode_transact_write_items(json::Object body);
Outcome<ExecuteStatementRequest> decode_execute_statement(json::Object body);
Outcome<BatchExecuteStatementRequest> decode_batch_execute_statement(json::Object body);
Outcome<ExecuteTransactionRequest> decode_execute_transaction(json::Object body);

Outcome<CreateTableRequest> decode_create_table(json::Object body);
Outcome<UpdateTableRequest> decode_update_table(json::Object body);
Outcome<ListTablesRequest> decode_list_tables(json::Object body);
// DescribeTable, DeleteTable and others whose only member is TableName: the table's name or ARN.
Outcome<std::string> decode_table_name(json::Object body);

Outcome<PutResourcePolicyRequest> decode_put_resource_policy(json::Object body);
Outcome<DeleteResourcePolicyRequest> decode_delete_resource_policy(json::Object body);
Outcome<UpdateTimeToLiveRequest> decode_update_time_to_live(json::Object body);
Outcome<ListStreamsRequest> decode_list_streams(json::Object body);
Outcome<DescribeStreamRequest> decode_describe_stream(json::Object body);
Outcome<GetShardIteratorRequest> decode_get_shard_iterator(json::Object body);
Outcome<GetRecordsRequest> decode_get_records(json::Object body);

struct TagsRequest {
  std::string resource_arn;
  std::vector<Tag> tags;              // TagResource
  std::vector<std::string> tag_keys;  // UntagResource
};
enum class TagsOperation { kList, kTag, kUntag };
Outcome<TagsRequest> decode_tags(json::Object body, TagsOperation operation);

}  // namespace varve::api::dynamo
