// Varve for C++: tables of items with DynamoDB's semantics, in one directory, inside your process.
//
//   auto database = varve::api::Database::open("data", {});
//   varve::api::CreateTableRequest users;
//   users.table = "Users";
//   users.attribute_definitions = {{"UserID", varve::index::AttributeType::kString}};
//   users.key_schema = {{"UserID", varve::api::KeyType::kHash}};
//   users.billing_mode = varve::api::BillingMode::kPayPerRequest;
//   auto created = (*database)->create_table(users);
//   varve::api::PutItemRequest put;
//   put.table = "Users";
//   put.item.set("UserID", varve::index::AttributeValue::string("123"));
//   put.condition_expression = "attribute_not_exists(UserID)";
//   auto done = (*database)->put_item(put);  // durable on return
//   if (!done.ok()) puts(done.error().message.c_str());
//
// Beside this header: api/build.h makes conditions, updates, key conditions and projections from C++; api/pager.h walks the pages of
// a Query or Scan; api/async.h runs every operation with a completion instead of waiting; index/item_view.h reads items where they
// are stored. api/examples/tour.cc shows them all, and is compiled and run by the tests.
//
// What a member of a request means, and which of several errors is reported, is as in DynamoDB's API reference; the same code
// serves the protocol (api/dynamo). A refusal is an Error: a type with DynamoDB's exception name, the exact message, and an ErrorCode
// for those who only branch. Nothing here throws.
//
// Invariants
//   I1 A write is durable when it returns ok (store.durability = kSync), and every later read sees it, consistent_read or not.
//   I2 A condition is evaluated on exactly the item the write replaces.
//   I3 Operations are strictly serializable: each takes effect at one moment between its call and its return, a transaction,
//      a batch of writes and a page of Query or Scan as a whole. BatchGetItem is not one moment, but one for each item.
//   I4 After InternalServerError a write may have happened; after any other error it certainly did not.
//
// Threads: every method from any thread. Reads run on the caller's thread, take no lock, and wait for the disk only where the
// block is not cached; writes and table operations block until they are durable. When memory is short, blocking writes wait for room.
// Ownership: results are the caller's; a StoredItem pins memory of the store. Close the Database after the last StoredItem that came
// from it is gone, and not while another thread is in one of its methods.
// Units: sizes in bytes as DynamoDB counts them, capacity in its units, times in microseconds of the wall clock.
#pragma once

#include <memory>
#include <string>

#include "api/dynamo/error.h"
#include "api/dynamo/requests.h"
#include "api/dynamo/stream_requests.h"
#include "api/dynamo/table_requests.h"
#include "partition/store.h"

namespace varve::api {

namespace dynamo {
struct Context;
}

struct DatabaseOptions {
  // Durability, memory and sizes. filter_prefix is set by the Database: filters hold partition keys as well.
  partition::StoreOptions store;
  // How long a table stays CREATING, UPDATING and DELETING. By default not at all; with some seconds, a program meets what it will
  // meet at DynamoDB, where a table that is being created or deleted is not there for items.
  uint64_t table_delay_us = 0;
  StreamOptions streams;
};

class Database {
 public:
  // kBusy when the directory is in use; kCorruption names file and offset.
  static Result<std::unique_ptr<Database>> open(const std::string& directory, const DatabaseOptions& options);
  ~Database();  // closes
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Outcome<TableDescription> create_table(const CreateTableRequest& request);
  Outcome<TableDescription> update_table(const UpdateTableRequest& request);
  Outcome<TableDescription> delete_table(const std::string& table);
  Outcome<TableDescription> describe_table(const std::string& table);
  Outcome<ListTablesResult> list_tables(const ListTablesRequest& request);
  // resource_arn: TableDescription::arn. At most 50 tags a table; a key that is there gets the new value.
  Outcome<std::vector<Tag>> list_tags(const std::string& resource_arn);
  Failure tag_resource(const std::string& resource_arn, const std::vector<Tag>& tags);
  Failure untag_resource(const std::string& resource_arn, const std::vector<std::string>& keys);
  // Policies are kept and told, not evaluated: who embeds the engine decides who may call it. put and delete answer the revision's id;
  // delete answers nothing when there was no policy.
  Outcome<ResourcePolicy> get_resource_policy(const std::string& resource_arn);
  Outcome<std::string> put_resource_policy(const PutResourcePolicyRequest& request);
  Outcome<std::optional<std::string>> delete_resource_policy(const DeleteResourcePolicyRequest& request);

  Outcome<TimeToLiveSpecification> update_time_to_live(const UpdateTimeToLiveRequest& request);
  Outcome<TimeToLiveDescription> describe_time_to_live(const std::string& table);

  // Change streams: every change of a table's items, in the order of commits. Shards are read from parent to child, each
  // by iterators that hold the whole position.
  Outcome<ListStreamsResult> list_streams(const ListStreamsRequest& request);
  Outcome<StreamDescription> describe_stream(const DescribeStreamRequest& request);
  Outcome<std::string> get_shard_iterator(const GetShardIteratorRequest& request);
  Outcome<GetRecordsResult> get_records(const GetRecordsRequest& request);

  Outcome<PutItemResult> put_item(const PutItemRequest& request);
  Outcome<UpdateItemResult> update_item(const UpdateItemRequest& request);
  Outcome<DeleteItemResult> delete_item(const DeleteItemRequest& request);
  Outcome<GetItemResult> get_item(const GetItemRequest& request);
  Outcome<QueryResult> query(const QueryRequest& request);
  Outcome<ScanResult> scan(const ScanRequest& request);
  // One page as well, but without copies: `visit` is shown each item where it is stored, and the result's items are empty. What this
  // allocates does not depend on the number of items, unless there is a projection.
  Outcome<QueryResult> query(const QueryRequest& request, const ItemVisitor& visit);
  Outcome<ScanResult> scan(const ScanRequest& request, const ItemVisitor& visit);
  Outcome<BatchGetItemResult> batch_get_item(const BatchGetItemRequest& request);
  Outcome<BatchWriteItemResult> batch_write_item(const BatchWriteItemRequest& request);
  // All or nothing over many items and tables, in isolation. A single write that meets a transaction's item is refused with
  // TransactionConflictException, another transaction with TransactionCanceledException; nothing waits.
  Outcome<TransactWriteItemsResult> transact_write(const TransactWriteItemsRequest& request);
  // Many items at one moment: never a part of a transaction.
  Outcome<TransactGetItemsResult> transact_get(const TransactGetItemsRequest& request);

  // PartiQL. What a statement may say is in api/partiql/README.md.
  Outcome<ExecuteStatementResult> execute_statement(const ExecuteStatementRequest& request);
  Outcome<BatchExecuteStatementResult> batch_execute_statement(const BatchExecuteStatementRequest& request);
  // As transact_write, or as transact_get when every statement is a SELECT.
  Outcome<ExecuteTransactionResult> execute_transaction(const ExecuteTransactionRequest& request);

  // The short way to one item, for hot paths: *item is reused, and on a cache hit nothing is allocated. An item that is
  // not there is no error: found() is false. ValidationException when the key does not fit the table's schema.
  Failure read_item(Slice table, const index::PrimaryKey& key, StoredItem* item);

  // For the faces above (api/dynamo/dispatcher.h, the command line) and for statistics.
  const dynamo::Context& context() const;
  partition::Store& store();
  // Stops the store's threads and syncs. Idempotent; the destructor calls it.
  Status close();

 private:
  class Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::api
