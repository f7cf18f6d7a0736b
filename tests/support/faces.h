// The faces of the database as one call each: an operation's name and JSON body in, status and JSON body out. What runs over
// several faces (the cases of tests/api/cases, the histories of tests/isolation) is written once against this.
//
//   DispatcherFace   the protocol without HTTP
//   WireFace         one HTTP connection to a WireServer: two reactors, parser and request threads as `varve serve` has them
//   TypedFace        the C++ API: JSON decoded into typed requests, a method of Database, the result encoded again; or the same
//                    of an AsyncDatabase, through the CompletedDatabase, which waits for the completion
//
// Threads: a face belongs to one thread at a time; the Database and the WireServer under it are shared.
#pragma once

#include <memory>
#include <optional>

#include "api/async.h"
#include "api/cli/http_client.h"
#include "api/dynamo/dispatcher.h"
#include "api/server/offload.h"
#include "api/server/server_threads.h"
#include "api/varve.h"
#include "base/io/thread.h"

namespace varve::api {

class Face {
 public:
  virtual ~Face() = default;
  // Waits for the answer. nullopt: this face cannot express the request.
  virtual std::optional<dynamo::Response> call(Slice operation, Slice body) = 0;
};

class DispatcherFace final : public Face {
 public:
  explicit DispatcherFace(dynamo::Dispatcher* dispatcher) : dispatcher_(dispatcher) {}
  std::optional<dynamo::Response> call(Slice operation, Slice body) override;

 private:
  dynamo::Dispatcher* const dispatcher_;
};

// An AsyncDatabase as if it were a Database.
class CompletedDatabase {
 public:
  explicit CompletedDatabase(Database* database) : async_(database, 3) {}

  Outcome<TableDescription> create_table(const CreateTableRequest& request);
  Outcome<TableDescription> update_table(const UpdateTableRequest& request);
  Outcome<TableDescription> delete_table(const std::string& table);
  Outcome<TableDescription> describe_table(const std::string& table);
  Outcome<ListTablesResult> list_tables(const ListTablesRequest& request);
  Outcome<std::vector<Tag>> list_tags(const std::string& resource_arn);
  Failure tag_resource(const std::string& resource_arn, const std::vector<Tag>& tags);
  Failure untag_resource(const std::string& resource_arn, const std::vector<std::string>& keys);
  Outcome<ResourcePolicy> get_resource_policy(const std::string& resource_arn);
  Outcome<std::string> put_resource_policy(const PutResourcePolicyRequest& request);
  Outcome<std::optional<std::string>> delete_resource_policy(const DeleteResourcePolicyRequest& request);
  Outcome<TimeToLiveSpecification> update_time_to_live(const UpdateTimeToLiveRequest& request);
  Outcome<TimeToLiveDescription> describe_time_to_live(const std::string& table);
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
  Outcome<BatchGetItemResult> batch_get_item(const BatchGetItemRequest& request);
  Outcome<BatchWriteItemResult> batch_write_item(const BatchWriteItemRequest& request);
  Outcome<TransactWriteItemsResult> transact_write(const TransactWriteItemsRequest& request);
  Outcome<TransactGetItemsResult> transact_get(const TransactGetItemsRequest& request);
  Outcome<ExecuteStatementResult> execute_statement(const ExecuteStatementRequest& request);
  Outcome<BatchExecuteStatementResult> batch_execute_statement(const BatchExecuteStatementRequest& request);
  Outcome<ExecuteTransactionResult> execute_transaction(const ExecuteTransactionRequest& request);

 private:
  AsyncDatabase async_;
};

// Api: Database or CompletedDatabase.
template <typename Api>
class TypedFace final : public Face {
 public:
  explicit TypedFace(Api* database) : database_(database) {}
  // nullopt for what is no JSON object, and for operations that the API does not have.
  std::optional<dynamo::Response> call(Slice operation, Slice body) override;

 private:
  Api* const database_;
};
extern template class TypedFace<Database>;
extern template class TypedFace<CompletedDatabase>;

// Serves a Database on a free port of 127.0.0.1. Real threads: not inside a simulation.
class WireServer {
 public:
  explicit WireServer(Database* database);
  ~WireServer();  // answers what is under way
  WireServer(const WireServer&) = delete;
  WireServer& operator=(const WireServer&) = delete;

  Endpoint endpoint() const { return {"127.0.0.1", port_}; }

 private:
  dynamo::Dispatcher dispatcher_;
  Offload offload_;
  std::unique_ptr<ServerThreads> servers_;
  uint16_t port_ = 0;
  io::Thread thread_;
};

class WireFace final : public Face {
 public:
  explicit WireFace(Endpoint endpoint) : client_(std::move(endpoint)) {}
  std::optional<dynamo::Response> call(Slice operation, Slice body) override;

 private:
  HttpClient client_;
};

}  // namespace varve::api
