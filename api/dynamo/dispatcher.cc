#include "api/dynamo/dispatcher.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "api/dynamo/absent_features.h"
#include "api/dynamo/decode.h"
#include "api/dynamo/encode.h"
#include "api/dynamo/item_write.h"
#include "api/dynamo/kinesis_destinations.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/task_threads.h"
#include "api/json/document.h"
#include "api/json/writer.h"
#include "api/varve.h"

namespace varve::api::dynamo {
namespace {

using Done = Dispatcher::Done;

constexpr Slice kTargetPrefix = "DynamoDB_20120810.";
constexpr Slice kStreamsTargetPrefix = "DynamoDBStreams_20120810.";

Response answer(std::string body) { return {200, std::move(body), {}}; }

Response refusal(const Error& error) {
  return {error_type_info(error.type).http_status, encode_error(error), std::string(error.name())};
}

template <typename T, typename Encode>
Response respond(const Outcome<T>& outcome, const Encode& encode) {
  return outcome.ok() ? answer(encode(outcome.value())) : refusal(outcome.error());
}

// Operations that answer at once, on the calling thread.

Response get_item_json(const Context& context, json::Object body) {
  const auto request = decode_get_item(body);
  if (!request.ok()) return refusal(request.error());
  return respond(get_item(context, *request), [&](const GetItemResult& result) {
    return encode_get_item(result, request->return_consumed_capacity);
  });
}

Response query_json(const Context& context, json::Object body) {
  const auto request = decode_query(body);
  if (!request.ok()) return refusal(request.error());
  return respond(query(context, *request),
                 [&](const QueryResult& result) { return encode_page(result, *request); });
}

Response scan_json(const Context& context, json::Object body) {
  const auto request = decode_scan(body);
  if (!request.ok()) return refusal(request.error());
  return respond(scan(context, *request),
                 [&](const ScanResult& result) { return encode_page(result, *request); });
}

Response batch_get_json(const Context& context, json::Object body) {
  const auto request = decode_batch_get_item(body);
  if (!request.ok()) return refusal(request.error());
  return respond(batch_get_item(context, *request),
                 [&](const BatchGetItemResult& result) { return encode_batch_get(result, *request); });
}

Response transact_get_json(const Context& context, json::Object body) {
  const auto request = decode_transact_get_items(body);
  if (!request.ok()) return refusal(request.error());
  return respond(transact_get_items(context, *request), [&](const TransactGetItemsResult& result) {
    return encode_transact_get(result, request->return_consumed_capacity);
  });
}

Response list_tables_json(const Context& context, json::Object body) {
  const auto request = decode_list_tables(body);
  if (!request.ok()) return refusal(request.error());
  return respond(list_tables(context, *request), encode_list_tables);
}

Response describe_table_json(const Context& context, json::Object body) {
  const auto table = decode_table_name(body);
  if (!table.ok()) return refusal(table.error());
  return respond(describe_table(context, *table), [](const TableDescription& description) {
    return encode_table_description(description, "Table");
  });
}

Response describe_time_to_live_json(const Context& context, json::Object body) {
  const auto table = decode_table_name(body);
  if (!table.ok()) return refusal(table.error());
  return respond(describe_time_to_live(context, *table), encode_time_to_live_description);
}

Response describe_limits_json(const Context&, json::Object) {
  return answer(R"({"AccountMaxReadCapacityUnits":80000,"AccountMaxWriteCapacityUnits":80000,)"
                R"("TableMaxReadCapacityUnits":40000,"TableMaxWriteCapacityUnits":40000})");
}

Response list_tags_json(const Context& context, json::Object body) {
  const auto request = decode_tags(body, TagsOperation::kList);
  if (!request.ok()) return refusal(request.error());
  return respond(list_tags(context, request->resource_arn), encode_tags);
}

Response get_policy_json(const Context& context, json::Object body) {
  const auto request = decode_tags(body, TagsOperation::kList);
  if (!request.ok()) return refusal(request.error());
  return respond(get_resource_policy(context, request->resource_arn), encode_policy);
}

Response list_streams_json(const Context& context, json::Object body) {
  const auto request = decode_list_streams(body);
  if (!request.ok()) return refusal(request.error());
  return respond(list_streams(context, *request), encode_list_streams);
}

Response describe_stream_json(const Context& context, json::Object body) {
  const auto request = decode_describe_stream(body);
  if (!request.ok()) return refusal(request.error());
  return respond(describe_stream(context, *request), encode_stream_description);
}

Response get_shard_iterator_json(const Context& context, json::Object body) {
  const auto request = decode_get_shard_iterator(body);
  if (!request.ok()) return refusal(request.error());
  return respond(get_shard_iterator(context, *request), encode_shard_iterator_answer);
}

Response get_records_json(const Context& context, json::Object body) {
  const auto request = decode_get_records(body);
  if (!request.ok()) return refusal(request.error());
  return respond(get_records(context, *request), encode_get_records);
}

// Operations that change tables: they block on the log, so they run on the control thread.

Response create_table_json(const Context& context, json::Object body) {
  const auto request = decode_create_table(body);
  if (!request.ok()) return refusal(request.error());
  return respond(create_table(context, *request), [](const TableDescription& description) {
    return encode_table_description(description, "TableDescription");
  });
}

Response update_table_json(const Context& context, json::Object body) {
  const auto request = decode_update_table(body);
  if (!request.ok()) return refusal(request.error());
  return respond(update_table(context, *request), [](const TableDescription& description) {
    return encode_table_description(description, "TableDescription");
  });
}

Response update_time_to_live_json(const Context& context, json::Object body) {
  const auto request = decode_update_time_to_live(body);
  if (!request.ok()) return refusal(request.error());
  return respond(update_time_to_live(context, *request), encode_time_to_live);
}

Response delete_table_json(const Context& context, json::Object body) {
  const auto table = decode_table_name(body);
  if (!table.ok()) return refusal(table.error());
  return respond(delete_table(context, *table), [](const TableDescription& description) {
    return encode_table_description(description, "TableDescription");
  });
}

// The two operations without an output shape answer an empty body.
Response tag_json(const Context& context, json::Object body) {
  const auto request = decode_tags(body, TagsOperation::kTag);
  if (!request.ok()) return refusal(request.error());
  const auto failure = tag_resource(context, request->resource_arn, request->tags);
  return failure ? refusal(*failure) : answer("");
}

Response untag_json(const Context& context, json::Object body) {
  const auto request = decode_tags(body, TagsOperation::kUntag);
  if (!request.ok()) return refusal(request.error());
  const auto failure = untag_resource(context, request->resource_arn, request->tag_keys);
  return failure ? refusal(*failure) : answer("");
}

Response put_policy_json(const Context& context, json::Object body) {
  const auto request = decode_put_resource_policy(body);
  if (!request.ok()) return refusal(request.error());
  return respond(put_resource_policy(context, *request), encode_policy_revision);
}

Response delete_policy_json(const Context& context, json::Object body) {
  const auto request = decode_delete_resource_policy(body);
  if (!request.ok()) return refusal(request.error());
  return respond(delete_resource_policy(context, *request), encode_policy_revision);
}

// Writes of items, which answer from the log's thread.

template <typename Request>
void write_json(const Context& context, json::Object body, Outcome<Request> (*decode)(json::Object),
                Outcome<std::shared_ptr<ItemWrite>> (*make)(const Context&, const Request&),
                const Done& done) {
  const auto request = decode(body);
  if (!request.ok()) return done(refusal(request.error()));
  auto write = make(context, *request);
  if (!write.ok()) return done(refusal(write.error()));
  const ReturnConsumedCapacity capacity = request->return_consumed_capacity;
  ItemWrite::run_async(
      context, std::move(write).value(), [capacity, done](const Outcome<WriteItemResult>& outcome) {
        done(respond(outcome, [&](const WriteItemResult& result) { return encode_write(result, capacity); }));
      });
}

void put_item_json(const Context& context, json::Object body, const Done& done) {
  write_json<PutItemRequest>(context, body, decode_put_item, make_put, done);
}
void update_item_json(const Context& context, json::Object body, const Done& done) {
  write_json<UpdateItemRequest>(context, body, decode_update_item, make_update, done);
}
void delete_item_json(const Context& context, json::Object body, const Done& done) {
  write_json<DeleteItemRequest>(context, body, decode_delete_item, make_delete, done);
}

void batch_write_json(const Context& context, json::Object body, const Done& done) {
  const auto request = decode_batch_write_item(body);
  if (!request.ok()) return done(refusal(request.error()));
  const ReturnConsumedCapacity capacity = request->return_consumed_capacity;
  batch_write_item_async(context, *request, [capacity, done](const Outcome<BatchWriteItemResult>& outcome) {
    done(respond(outcome,
                 [&](const BatchWriteItemResult& result) { return encode_batch_write(result, capacity); }));
  });
}

void transact_write_json(const Context& context, json::Object body, const Done& done) {
  const auto request = decode_transact_write_items(body);
  if (!request.ok()) return done(refusal(request.error()));
  const ReturnConsumedCapacity capacity = request->return_consumed_capacity;
  transact_write_items_async(context, *request,
                             [capacity, done](const Outcome<TransactWriteItemsResult>& outcome) {
                               done(respond(outcome, [&](const TransactWriteItemsResult& result) {
                                 return encode_transact_write(result, capacity);
                               }));
                             });
}

// A SELECT answers at once.
void execute_statement_json(const Context& context, json::Object body, const Done& done) {
  const auto request = decode_execute_statement(body);
  if (!request.ok()) return done(refusal(request.error()));
  const ReturnConsumedCapacity capacity = request->return_consumed_capacity;
  execute_statement_async(context, *request,
                          [capacity, done](const Outcome<ExecuteStatementResult>& outcome) {
                            done(respond(outcome, [&](const ExecuteStatementResult& result) {
                              return encode_statement(result, capacity);
                            }));
                          });
}

void batch_execute_statement_json(const Context& context, json::Object body, const Done& done) {
  const auto request = decode_batch_execute_statement(body);
  if (!request.ok()) return done(refusal(request.error()));
  const ReturnConsumedCapacity capacity = request->return_consumed_capacity;
  batch_execute_statement_async(context, *request,
                                [capacity, done](const Outcome<BatchExecuteStatementResult>& outcome) {
                                  done(respond(outcome, [&](const BatchExecuteStatementResult& result) {
                                    return encode_batch_statements(result, capacity);
                                  }));
                                });
}

void execute_transaction_json(const Context& context, json::Object body, const Done& done) {
  const auto request = decode_execute_transaction(body);
  if (!request.ok()) return done(refusal(request.error()));
  const ReturnConsumedCapacity capacity = request->return_consumed_capacity;
  execute_transaction_async(context, *request,
                            [capacity, done](const Outcome<ExecuteTransactionResult>& outcome) {
                              done(respond(outcome, [&](const ExecuteTransactionResult& result) {
                                return encode_transaction(result, capacity);
                              }));
                            });
}

// kEndpoint: the answer is where the request came in.
enum class Lane { kCaller, kControl, kCommit, kEndpoint };

struct Operation {
  Slice name;
  Lane lane = Lane::kCaller;
  Response (*answer)(const Context&, json::Object) = nullptr;          // kCaller, kControl
  void (*write)(const Context&, json::Object, const Done&) = nullptr;  // kCommit
};

constexpr std::array kOperations = {
    Operation{"PutItem", Lane::kCommit, nullptr, put_item_json},
    Operation{"GetItem", Lane::kCaller, get_item_json},
    Operation{"UpdateItem", Lane::kCommit, nullptr, update_item_json},
    Operation{"DeleteItem", Lane::kCommit, nullptr, delete_item_json},
    Operation{"Query", Lane::kCaller, query_json},
    Operation{"Scan", Lane::kCaller, scan_json},
    Operation{"BatchGetItem", Lane::kCaller, batch_get_json},
    Operation{"BatchWriteItem", Lane::kCommit, nullptr, batch_write_json},
    Operation{"TransactGetItems", Lane::kCaller, transact_get_json},
    Operation{"TransactWriteItems", Lane::kCommit, nullptr, transact_write_json},
    Operation{"ExecuteStatement", Lane::kCommit, nullptr, execute_statement_json},
    Operation{"BatchExecuteStatement", Lane::kCommit, nullptr, batch_execute_statement_json},
    Operation{"ExecuteTransaction", Lane::kCommit, nullptr, execute_transaction_json},
    Operation{"CreateTable", Lane::kControl, create_table_json},
    Operation{"UpdateTable", Lane::kControl, update_table_json},
    Operation{"DeleteTable", Lane::kControl, delete_table_json},
    Operation{"UpdateTimeToLive", Lane::kControl, update_time_to_live_json},
    Operation{"DescribeTable", Lane::kCaller, describe_table_json},
    Operation{"ListTables", Lane::kCaller, list_tables_json},
    Operation{"ListTagsOfResource", Lane::kCaller, list_tags_json},
    Operation{"TagResource", Lane::kControl, tag_json},
    Operation{"UntagResource", Lane::kControl, untag_json},
    Operation{"GetResourcePolicy", Lane::kCaller, get_policy_json},
    Operation{"PutResourcePolicy", Lane::kControl, put_policy_json},
    Operation{"DeleteResourcePolicy", Lane::kControl, delete_policy_json},
    Operation{"DescribeLimits", Lane::kCaller, describe_limits_json},
    Operation{"DescribeEndpoints", Lane::kEndpoint},
    Operation{"DescribeTimeToLive", Lane::kCaller, describe_time_to_live_json},
    Operation{"DescribeKinesisStreamingDestination", Lane::kCaller, describe_kinesis_destination},
    Operation{"EnableKinesisStreamingDestination", Lane::kControl, enable_kinesis_destination},
    Operation{"DisableKinesisStreamingDestination", Lane::kControl, disable_kinesis_destination},
    Operation{"UpdateKinesisStreamingDestination", Lane::kControl, update_kinesis_destination},
};

// Of the service of the streams, which has the same endpoint.
constexpr std::array kStreamsOperations = {
    Operation{"ListStreams", Lane::kCaller, list_streams_json},
    Operation{"DescribeStream", Lane::kCaller, describe_stream_json},
    Operation{"GetShardIterator", Lane::kCaller, get_shard_iterator_json},
    Operation{"GetRecords", Lane::kCaller, get_records_json},
};

Error unknown_operation() { return {ErrorType::kUnknownOperation, {}, {}}; }

const Operation* find_operation(std::span<const Operation> operations, Slice name) {
  for (const Operation& operation : operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

const Operation* find_operation(Slice target) {
  if (target.starts_with(kTargetPrefix))
    return find_operation(kOperations, target.substr(kTargetPrefix.size()));
  if (target.starts_with(kStreamsTargetPrefix)) {
    return find_operation(kStreamsOperations, target.substr(kStreamsTargetPrefix.size()));
  }
  return nullptr;
}

AbsentFeature absent_feature_of(Slice target) {
  return target.starts_with(kTargetPrefix) ? find_absent_feature(target.substr(kTargetPrefix.size()))
                                           : nullptr;
}

}  // namespace

Dispatcher::Dispatcher(Database* database)
    : database_(database), control_(std::make_unique<TaskThreads>("varve-control", 1)) {}
Dispatcher::~Dispatcher() = default;

Response Dispatcher::error(int status, Slice type, Slice message) {
  std::string body;
  json::JsonWriter out(&body);
  out.begin_object();
  out.key("__type");
  out.string(type);
  if (!message.empty()) {
    out.key("message");
    out.string(message);
  }
  out.end_object();
  const size_t hash = type.rfind('#');
  return {status, std::move(body), std::string(hash == Slice::npos ? type : type.substr(hash + 1))};
}

std::optional<Response> Dispatcher::refusal_before_authentication(Slice target, Slice body) {
  if (!body.empty()) {
    json::Document document;
    const auto parsed = document.parse(body);
    if (!parsed.ok() || !parsed->is_object()) return refusal(serialization_error(""));
  }
  if (find_operation(target) == nullptr && absent_feature_of(target) == nullptr)
    return refusal(unknown_operation());
  return std::nullopt;
}

void Dispatcher::handle(Slice target, Slice body, Done done, Slice endpoint) {
  thread_local json::Document document;
  std::optional<json::Value> root;
  if (!body.empty()) {
    auto parsed = document.parse(body);
    if (!parsed.ok() || !parsed->is_object()) return done(refusal(serialization_error("")));
    root = *parsed;
  }
  const Operation* const operation = find_operation(target);
  const AbsentFeature absent = operation == nullptr ? absent_feature_of(target) : nullptr;
  if (operation == nullptr && absent == nullptr) return done(refusal(unknown_operation()));
  if (!root) return done(refusal(serialization_error("")));

  const Context& context = database_->context();
  const json::Object object = json::object_of(*root);
  if (absent != nullptr) return done(absent(context, object));
  switch (operation->lane) {
    case Lane::kCaller:
      return done(operation->answer(context, object));
    case Lane::kCommit:
      return operation->write(context, object, done);
    case Lane::kEndpoint:
      return done(answer(encode_endpoint(endpoint)));
    case Lane::kControl:
      break;
  }
  // Table operations are rare and small: parsed once more where they run, they need nothing of this thread's document.
  control_->run([&context, operation, text = std::string(body), done = std::move(done)] {
    json::Document own;
    const auto parsed = own.parse(text);
    done(parsed.ok() ? operation->answer(context, json::object_of(*parsed))
                     : refusal(serialization_error("")));
  });
}

}  // namespace varve::api::dynamo
