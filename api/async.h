// AsyncDatabase: every operation of a Database without waiting. A call returns at once and gives its outcome to a completion.
//
//   varve::api::AsyncDatabase async(database.get());
//   async.put_item(put, [](varve::api::Outcome<varve::api::PutItemResult> done) {
//     if (!done.ok()) puts(done.error().message.c_str());
//   });
//
// A write of items is decided on the calling thread (which may read the block that holds the old item) and then waits, with all
// others of its group, for the log. When memory is short it is refused with ProvisionedThroughputExceededException, where the blocking
// form waits. Reads, statements and operations on tables run whole on this object's threads.
//
// Invariants
//   I1 A completion is called exactly once, on one of this object's threads: never from within the call, never on the log's thread.
//   I2 A write is durable when its completion is told ok (store.durability = kSync), and every later read sees it.
//   I3 The destructor returns when the last completion has.
//
// A completion may call anything, this object included; while it blocks, other completions wait for the threads that are left. It must
// not throw and not destroy this object. Completions of several calls come in any order: do what depends on a write in its
// completion.
//
// Threads: every method from any. Ownership: borrows the Database, which must outlive it; requests are copied or moved in, results are
// the completion's. A GetItemResult pins memory of the store: let go of it soon.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/varve.h"

namespace varve::api {

class AsyncDatabase {
 public:
  template <typename Result>
  using Done = std::function<void(Outcome<Result>)>;

  // threads: how many reads and completions may run at once, >= 1.
  explicit AsyncDatabase(Database* database, size_t threads = 4);
  ~AsyncDatabase();
  AsyncDatabase(const AsyncDatabase&) = delete;
  AsyncDatabase& operator=(const AsyncDatabase&) = delete;

  void put_item(const PutItemRequest& request, Done<PutItemResult> done);
  void update_item(const UpdateItemRequest& request, Done<UpdateItemResult> done);
  void delete_item(const DeleteItemRequest& request, Done<DeleteItemResult> done);
  void batch_write_item(const BatchWriteItemRequest& request, Done<BatchWriteItemResult> done);
  void transact_write(const TransactWriteItemsRequest& request, Done<TransactWriteItemsResult> done);

  void get_item(GetItemRequest request, Done<GetItemResult> done);
  void query(QueryRequest request, Done<QueryResult> done);
  void scan(ScanRequest request, Done<ScanResult> done);
  void batch_get_item(BatchGetItemRequest request, Done<BatchGetItemResult> done);
  void transact_get(TransactGetItemsRequest request, Done<TransactGetItemsResult> done);
  void execute_statement(ExecuteStatementRequest request, Done<ExecuteStatementResult> done);
  void batch_execute_statement(BatchExecuteStatementRequest request, Done<BatchExecuteStatementResult> done);
  void execute_transaction(ExecuteTransactionRequest request, Done<ExecuteTransactionResult> done);

  void create_table(CreateTableRequest request, Done<TableDescription> done);
  void update_table(UpdateTableRequest request, Done<TableDescription> done);
  void delete_table(std::string table, Done<TableDescription> done);
  void describe_table(std::string table, Done<TableDescription> done);
  void list_tables(ListTablesRequest request, Done<ListTablesResult> done);
  void list_tags(std::string resource_arn, Done<std::vector<Tag>> done);
  void tag_resource(std::string resource_arn, std::vector<Tag> tags, std::function<void(Failure)> done);
  void untag_resource(std::string resource_arn, std::vector<std::string> keys,
                      std::function<void(Failure)> done);
  void get_resource_policy(std::string resource_arn, Done<ResourcePolicy> done);
  void put_resource_policy(PutResourcePolicyRequest request, Done<std::string> done);
  void delete_resource_policy(DeleteResourcePolicyRequest request, Done<std::optional<std::string>> done);
  void update_time_to_live(UpdateTimeToLiveRequest request, Done<TimeToLiveSpecification> done);
  void describe_time_to_live(std::string table, Done<TimeToLiveDescription> done);
  void list_streams(ListStreamsRequest request, Done<ListStreamsResult> done);
  void describe_stream(DescribeStreamRequest request, Done<StreamDescription> done);
  void get_shard_iterator(GetShardIteratorRequest request, Done<std::string> done);
  void get_records(GetRecordsRequest request, Done<GetRecordsResult> done);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace varve::api
