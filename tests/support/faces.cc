#include "tests/support/faces.h"

#include <optional>
#include <utility>

#include "api/dynamo/decode.h"
#include "api/dynamo/encode.h"
#include "api/json/document.h"
#include "base/check.h"
#include "base/io/mutex.h"
#include "tests/api/test_database.h"

namespace varve::api {
namespace {

using dynamo::Response;

constexpr size_t kServerThreads = 2;
constexpr size_t kRequestThreads = 4;

Response refusal(const Error& error) {
  return {error_type_info(error.type).http_status, dynamo::encode_error(error), std::string(error.name())};
}

// Decodes the body, runs the request, encodes what came of it.
template <typename Request, typename Run, typename Encode>
Response typed(const Outcome<Request>& request, const Run& run, const Encode& encode) {
  if (!request.ok()) return refusal(request.error());
  const auto outcome = run(*request);
  return outcome.ok() ? Response{200, encode(*outcome, *request), {}} : refusal(outcome.error());
}

// The same of an operation whose answer shows the capacity that its request asked for.
template <typename Api, typename Request, typename Result>
Response counted(Api* database, const Outcome<Request>& request, Outcome<Result> (Api::*run)(const Request&),
                 std::string (*encode)(const Result&, ReturnConsumedCapacity)) {
  return typed(
      request, [&](const Request& typed_request) { return (database->*run)(typed_request); },
      [&](const Result& result, const Request& typed_request) {
        return encode(result, typed_request.return_consumed_capacity);
      });
}

// The same where nothing of the request is in the answer.
template <typename Api, typename Request, typename Result>
Response plain(Api* database, const Outcome<Request>& request, Outcome<Result> (Api::*run)(const Request&),
               std::string (*encode)(const Result&)) {
  return typed(
      request, [&](const Request& typed_request) { return (database->*run)(typed_request); },
      [&](const Result& result, const Request&) { return encode(result); });
}

// The same of an operation on a table.
template <typename Api, typename Request>
Response described(Api* database, const Outcome<Request>& request,
                   Outcome<TableDescription> (Api::*run)(const Request&), Slice member) {
  return typed(
      request, [&](const Request& typed_request) { return (database->*run)(typed_request); },
      [&](const TableDescription& table, const Request&) {
        return dynamo::encode_table_description(table, member);
      });
}

// The same of an operation that answers nothing.
template <typename Run>
Response silent(const Outcome<dynamo::TagsRequest>& request, const Run& run) {
  if (!request.ok()) return refusal(request.error());
  const Failure failure = run(*request);
  return failure ? refusal(*failure) : Response{200, "", {}};
}

template <typename Api>
struct Operation {
  Slice name;
  Response (*run)(Api*, json::Object);
};

template <typename Api>
constexpr Operation<Api> kTables[] = {
    {"CreateTable",
     [](Api* d, json::Object o) {
       return described(d, dynamo::decode_create_table(o), &Api::create_table, "TableDescription");
     }},
    {"UpdateTable",
     [](Api* d, json::Object o) {
       return described(d, dynamo::decode_update_table(o), &Api::update_table, "TableDescription");
     }},
    {"DeleteTable",
     [](Api* d, json::Object o) {
       return described(d, dynamo::decode_table_name(o), &Api::delete_table, "TableDescription");
     }},
    {"DescribeTable",
     [](Api* d, json::Object o) {
       return described(d, dynamo::decode_table_name(o), &Api::describe_table, "Table");
     }},
    {"ListTables",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_list_tables(o),
           [&](const ListTablesRequest& request) { return d->list_tables(request); },
           [](const ListTablesResult& result, const auto&) { return dynamo::encode_list_tables(result); });
     }},
    {"ListTagsOfResource",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_tags(o, dynamo::TagsOperation::kList),
           [&](const dynamo::TagsRequest& request) { return d->list_tags(request.resource_arn); },
           [](const std::vector<Tag>& tags, const auto&) { return dynamo::encode_tags(tags); });
     }},
    {"TagResource",
     [](Api* d, json::Object o) {
       return silent(dynamo::decode_tags(o, dynamo::TagsOperation::kTag), [&](const auto& request) {
         return d->tag_resource(request.resource_arn, request.tags);
       });
     }},
    {"UntagResource",
     [](Api* d, json::Object o) {
       return silent(dynamo::decode_tags(o, dynamo::TagsOperation::kUntag), [&](const auto& request) {
         return d->untag_resource(request.resource_arn, request.tag_keys);
       });
     }},
    {"GetResourcePolicy",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_tags(o, dynamo::TagsOperation::kList),
           [&](const dynamo::TagsRequest& request) { return d->get_resource_policy(request.resource_arn); },
           [](const ResourcePolicy& policy, const auto&) { return dynamo::encode_policy(policy); });
     }},
    {"PutResourcePolicy",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_put_resource_policy(o),
           [&](const auto& request) { return d->put_resource_policy(request); },
           [](const auto& revision, const auto&) { return dynamo::encode_policy_revision(revision); });
     }},
    {"DeleteResourcePolicy",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_delete_resource_policy(o),
           [&](const auto& request) { return d->delete_resource_policy(request); },
           [](const auto& revision, const auto&) { return dynamo::encode_policy_revision(revision); });
     }},
};

template <typename Api>
constexpr Operation<Api> kStreams[] = {
    {"UpdateTimeToLive",
     [](Api* d, json::Object o) {
       return plain(d, dynamo::decode_update_time_to_live(o), &Api::update_time_to_live,
                    dynamo::encode_time_to_live);
     }},
    {"DescribeTimeToLive",
     [](Api* d, json::Object o) {
       return plain(d, dynamo::decode_table_name(o), &Api::describe_time_to_live,
                    dynamo::encode_time_to_live_description);
     }},
    {"Streams.ListStreams",
     [](Api* d, json::Object o) {
       return plain(d, dynamo::decode_list_streams(o), &Api::list_streams, dynamo::encode_list_streams);
     }},
    {"Streams.DescribeStream",
     [](Api* d, json::Object o) {
       return plain(d, dynamo::decode_describe_stream(o), &Api::describe_stream,
                    dynamo::encode_stream_description);
     }},
    {"Streams.GetShardIterator",
     [](Api* d, json::Object o) {
       return plain(d, dynamo::decode_get_shard_iterator(o), &Api::get_shard_iterator,
                    dynamo::encode_shard_iterator_answer);
     }},
    {"Streams.GetRecords",
     [](Api* d, json::Object o) {
       return plain(d, dynamo::decode_get_records(o), &Api::get_records, dynamo::encode_get_records);
     }},
};

template <typename Api>
constexpr Operation<Api> kItems[] = {
    {"PutItem",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_put_item(o), &Api::put_item, dynamo::encode_write);
     }},
    {"UpdateItem",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_update_item(o), &Api::update_item, dynamo::encode_write);
     }},
    {"DeleteItem",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_delete_item(o), &Api::delete_item, dynamo::encode_write);
     }},
    {"GetItem",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_get_item(o), &Api::get_item, dynamo::encode_get_item);
     }},
    {"Query",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_query(o), [&](const QueryRequest& request) { return d->query(request); },
           dynamo::encode_page);
     }},
    {"Scan",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_scan(o), [&](const ScanRequest& request) { return d->scan(request); },
           dynamo::encode_page);
     }},
    {"BatchGetItem",
     [](Api* d, json::Object o) {
       return typed(
           dynamo::decode_batch_get_item(o),
           [&](const BatchGetItemRequest& request) { return d->batch_get_item(request); },
           dynamo::encode_batch_get);
     }},
    {"BatchWriteItem",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_batch_write_item(o), &Api::batch_write_item,
                      dynamo::encode_batch_write);
     }},
    {"TransactGetItems",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_transact_get_items(o), &Api::transact_get,
                      dynamo::encode_transact_get);
     }},
    {"TransactWriteItems",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_transact_write_items(o), &Api::transact_write,
                      dynamo::encode_transact_write);
     }},
    {"ExecuteStatement",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_execute_statement(o), &Api::execute_statement,
                      dynamo::encode_statement);
     }},
    {"BatchExecuteStatement",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_batch_execute_statement(o), &Api::batch_execute_statement,
                      dynamo::encode_batch_statements);
     }},
    {"ExecuteTransaction",
     [](Api* d, json::Object o) {
       return counted(d, dynamo::decode_execute_transaction(o), &Api::execute_transaction,
                      dynamo::encode_transaction);
     }},
};

template <typename Api>
const Operation<Api>* find_operation(Slice name) {
  for (const Operation<Api>& operation : kTables<Api>) {
    if (operation.name == name) return &operation;
  }
  for (const Operation<Api>& operation : kStreams<Api>) {
    if (operation.name == name) return &operation;
  }
  for (const Operation<Api>& operation : kItems<Api>) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

// Begins an operation and waits for its completion, which must not come from the calling thread.
template <typename Answer, typename Begin>
Answer completed(const Begin& begin) {
  io::Mutex mutex;
  io::CondVar told;
  std::optional<Answer> outcome;
  bool has_returned = false;
  begin([&](Answer result) {
    io::MutexLock lock(&mutex);
    while (!has_returned) told.wait(&mutex);  // for ever, were this the caller's thread
    CHECK(!outcome.has_value());              // a completion is called exactly once
    outcome.emplace(std::move(result));
    told.notify_all();
  });
  io::MutexLock lock(&mutex);
  has_returned = true;
  told.notify_all();
  while (!outcome) told.wait(&mutex);
  return *std::move(outcome);
}

}  // namespace

std::optional<Response> DispatcherFace::call(Slice operation, Slice body) {
  return api::call(dispatcher_, operation, body);
}

template <typename Api>
std::optional<Response> TypedFace<Api>::call(Slice operation, Slice body) {
  const Operation<Api>* const found = find_operation<Api>(operation);
  json::Document document;
  const auto root = document.parse(body);
  if (found == nullptr || !root.ok() || !root->is_object()) return std::nullopt;
  return found->run(database_, json::object_of(*root));
}

template class TypedFace<Database>;
template class TypedFace<CompletedDatabase>;

#define VARVE_COMPLETED(result, method, request_type)                                      \
  result CompletedDatabase::method(const request_type& request) {                          \
    return completed<result>([&](auto done) { async_.method(request, std::move(done)); }); \
  }
VARVE_COMPLETED(Outcome<TableDescription>, create_table, CreateTableRequest)
VARVE_COMPLETED(Outcome<TableDescription>, update_table, UpdateTableRequest)
VARVE_COMPLETED(Outcome<TableDescription>, delete_table, std::string)
VARVE_COMPLETED(Outcome<TableDescription>, describe_table, std::string)
VARVE_COMPLETED(Outcome<ListTablesResult>, list_tables, ListTablesRequest)
VARVE_COMPLETED(Outcome<std::vector<Tag>>, list_tags, std::string)
VARVE_COMPLETED(Outcome<ResourcePolicy>, get_resource_policy, std::string)
VARVE_COMPLETED(Outcome<std::string>, put_resource_policy, PutResourcePolicyRequest)
VARVE_COMPLETED(Outcome<std::optional<std::string>>, delete_resource_policy, DeleteResourcePolicyRequest)
VARVE_COMPLETED(Outcome<TimeToLiveSpecification>, update_time_to_live, UpdateTimeToLiveRequest)
VARVE_COMPLETED(Outcome<TimeToLiveDescription>, describe_time_to_live, std::string)
VARVE_COMPLETED(Outcome<ListStreamsResult>, list_streams, ListStreamsRequest)
VARVE_COMPLETED(Outcome<StreamDescription>, describe_stream, DescribeStreamRequest)
VARVE_COMPLETED(Outcome<std::string>, get_shard_iterator, GetShardIteratorRequest)
VARVE_COMPLETED(Outcome<GetRecordsResult>, get_records, GetRecordsRequest)
VARVE_COMPLETED(Outcome<PutItemResult>, put_item, PutItemRequest)
VARVE_COMPLETED(Outcome<UpdateItemResult>, update_item, UpdateItemRequest)
VARVE_COMPLETED(Outcome<DeleteItemResult>, delete_item, DeleteItemRequest)
VARVE_COMPLETED(Outcome<GetItemResult>, get_item, GetItemRequest)
VARVE_COMPLETED(Outcome<QueryResult>, query, QueryRequest)
VARVE_COMPLETED(Outcome<ScanResult>, scan, ScanRequest)
VARVE_COMPLETED(Outcome<BatchGetItemResult>, batch_get_item, BatchGetItemRequest)
VARVE_COMPLETED(Outcome<BatchWriteItemResult>, batch_write_item, BatchWriteItemRequest)
VARVE_COMPLETED(Outcome<TransactWriteItemsResult>, transact_write, TransactWriteItemsRequest)
VARVE_COMPLETED(Outcome<TransactGetItemsResult>, transact_get, TransactGetItemsRequest)
VARVE_COMPLETED(Outcome<ExecuteStatementResult>, execute_statement, ExecuteStatementRequest)
VARVE_COMPLETED(Outcome<BatchExecuteStatementResult>, batch_execute_statement, BatchExecuteStatementRequest)
VARVE_COMPLETED(Outcome<ExecuteTransactionResult>, execute_transaction, ExecuteTransactionRequest)
#undef VARVE_COMPLETED

Failure CompletedDatabase::tag_resource(const std::string& resource_arn, const std::vector<Tag>& tags) {
  return completed<Failure>([&](auto done) { async_.tag_resource(resource_arn, tags, std::move(done)); });
}
Failure CompletedDatabase::untag_resource(const std::string& resource_arn,
                                          const std::vector<std::string>& keys) {
  return completed<Failure>([&](auto done) { async_.untag_resource(resource_arn, keys, std::move(done)); });
}

WireServer::WireServer(Database* database)
    : dispatcher_(database), offload_(kRequestThreads, [this](Slice target, Slice body, Server::Done done) {
        dispatcher_.handle(target, body, std::move(done));
      }) {
  ServerOptions options;
  options.refuse_unsigned_first = dynamo::Dispatcher::refusal_before_authentication;
  auto servers =
      ServerThreads::create(kServerThreads, options, [this](Slice target, Slice body, Server::Done done) {
        offload_.handle(target, body, std::move(done));
      });
  CHECK(servers.ok());
  servers_ = std::move(servers).value();
  const auto port = servers_->listen("127.0.0.1", 0);
  CHECK(port.ok());
  port_ = *port;
  thread_ = io::Thread("servers", [this] { CHECK(servers_->run().ok()); });
}

WireServer::~WireServer() {
  servers_->reactor()->post([this] { servers_->stop(); });
  thread_.join();
}

std::optional<Response> WireFace::call(Slice operation, Slice body) {
  auto answer = client_.call(target_of(operation), body);
  // As a client sees an answer that never came.
  if (!answer.ok()) return Response{0, answer.status().to_string(), "NoAnswer"};
  Response response{answer->status, std::move(answer->body), {}};
  const size_t type = response.body.find("\"__type\":\"");
  if (response.status != 200 && type != std::string::npos) {
    const size_t name = response.body.find('#', type) + 1;
    response.error_type = response.body.substr(name, response.body.find('"', name) - name);
  }
  return response;
}

}  // namespace varve::api
