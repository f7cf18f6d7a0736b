// The operations, on typed requests: what the C++ face and the dispatcher call. Writes of one item are in api/dynamo/item_write.h,
// because they come in a blocking and an asynchronous form; so do BatchWriteItem, TransactWriteItems and PartiQL's here. Each operation
// has its own file.
//
// Errors: DynamoDB's exceptions with its exact texts, of several the one DynamoDB reports first.
// Threads: any. Reads run on the calling thread; operations that change tables block on the log.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/dynamo/context.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/stream_requests.h"
#include "api/dynamo/table_requests.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

Outcome<GetItemResult> get_item(const Context& context, const GetItemRequest& request);
// The stored item under a key, whole. Reuses *item, so that a loop over cached items allocates nothing. The key's types must fit
// the schema.
Failure read_item(const Context& context, const Table& table, const index::PrimaryKey& key, StoredItem* item,
                  partition::ReadPoint point = partition::ReadPoint::visible());

// A visitor takes the items in place; the result then has none.
Outcome<QueryResult> query(const Context& context, const QueryRequest& request,
                           const ItemVisitor& visit = nullptr);
Outcome<ScanResult> scan(const Context& context, const ScanRequest& request,
                         const ItemVisitor& visit = nullptr);

Outcome<BatchGetItemResult> batch_get_item(const Context& context, const BatchGetItemRequest& request);
Outcome<BatchWriteItemResult> batch_write_item(const Context& context, const BatchWriteItemRequest& request);
void batch_write_item_async(const Context& context, const BatchWriteItemRequest& request,
                            std::function<void(Outcome<BatchWriteItemResult>)> done);

// Neither waits for other transactions: what one of them holds cancels.
Outcome<TransactGetItemsResult> transact_get_items(const Context& context,
                                                   const TransactGetItemsRequest& request);
Outcome<TransactWriteItemsResult> transact_write_items(const Context& context,
                                                       const TransactWriteItemsRequest& request);
void transact_write_items_async(const Context& context, const TransactWriteItemsRequest& request,
                                std::function<void(Outcome<TransactWriteItemsResult>)> done);
// One PartiQL statement, up to 25, and up to 100 as one transaction. The asynchronous forms answer reads and refusals at once, writes from the log's thread.
Outcome<ExecuteStatementResult> execute_statement(const Context& context,
                                                  const ExecuteStatementRequest& request);
void execute_statement_async(const Context& context, const ExecuteStatementRequest& request,
                             std::function<void(Outcome<ExecuteStatementResult>)> done);
Outcome<BatchExecuteStatementResult> batch_execute_statement(const Context& context,
                                                             const BatchExecuteStatementRequest& request);
void batch_execute_statement_async(const Context& context, const BatchExecuteStatementRequest& request,
                                   std::function<void(Outcome<BatchExecuteStatementResult>)> done);
Outcome<ExecuteTransactionResult> execute_transaction(const Context& context,
                                                      const ExecuteTransactionRequest& request);
void execute_transaction_async(const Context& context, const ExecuteTransactionRequest& request,
                               std::function<void(Outcome<ExecuteTransactionResult>)> done);

// The description answers what DynamoDB's does: CREATING, UPDATING, DELETING. How long the table then stays so: catalog.h.
Outcome<TableDescription> create_table(const Context& context, const CreateTableRequest& request);
Outcome<TableDescription> update_table(const Context& context, const UpdateTableRequest& request);
Outcome<TableDescription> delete_table(const Context& context, const std::string& table);
Outcome<TableDescription> describe_table(const Context& context, const std::string& table);
Outcome<ListTablesResult> list_tables(const Context& context, const ListTablesRequest& request);

// Items of the table get their entries and expire in the background (api/dynamo/expiry.h).
Outcome<TimeToLiveSpecification> update_time_to_live(const Context& context,
                                                     const UpdateTimeToLiveRequest& request);
Outcome<TimeToLiveDescription> describe_time_to_live(const Context& context, const std::string& table);

Outcome<ListStreamsResult> list_streams(const Context& context, const ListStreamsRequest& request);
Outcome<StreamDescription> describe_stream(const Context& context, const DescribeStreamRequest& request);
Outcome<std::string> get_shard_iterator(const Context& context, const GetShardIteratorRequest& request);
Outcome<GetRecordsResult> get_records(const Context& context, const GetRecordsRequest& request);

Outcome<std::vector<Tag>> list_tags(const Context& context, const std::string& resource_arn);
Failure tag_resource(const Context& context, const std::string& resource_arn, const std::vector<Tag>& tags);
Failure untag_resource(const Context& context, const std::string& resource_arn,
                       const std::vector<std::string>& keys);
// The rules on tags themselves, which CreateTable checks too.
Failure check_tags(const std::vector<Tag>& tags);

// What a ResourceArn names: a table, or one of its streams, which has no tags and no policy here. It borrows from the text.
struct Resource {
  Slice table;
  Slice stream_label;
  bool is_stream() const { return !stream_label.empty(); }
};
// In the words of the operations on tags and policies.
Outcome<Resource> resource_of(const std::string& arn);
Failure check_stream_is_there(const Context& context, const Resource& stream, const std::string& arn);
Error resource_missing(const std::string& arn);

// Policies are stored and given back, not evaluated. PolicyNotFoundException, also when the expected revision is another.
Outcome<ResourcePolicy> get_resource_policy(const Context& context, const std::string& resource_arn);
// Both answer the revision's id; the latter nothing when there was no policy.
Outcome<std::string> put_resource_policy(const Context& context, const PutResourcePolicyRequest& request);
Outcome<std::optional<std::string>> delete_resource_policy(const Context& context,
                                                           const DeleteResourcePolicyRequest& request);
// The rules on a policy itself, and its first revision, which CreateTable needs too.
Outcome<ResourcePolicy> make_policy(const std::string& text, const std::optional<ResourcePolicy>& old);

// The description with the store's counts filled in.
Outcome<TableDescription> described(const Context& context, const Table& table);

}  // namespace varve::api::dynamo
