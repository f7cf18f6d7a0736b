#include "api/dynamo/encode.h"

#include <algorithm>

#include "api/dynamo/index_definitions.h"
#include "api/dynamo/value_json.h"
#include "api/json/writer.h"

namespace varve::api::dynamo {
namespace {

using json::JsonWriter;

// kind: "ReadCapacityUnits" or "WriteCapacityUnits", which transactions tell besides the sum.
void write_units(double units, Slice kind, JsonWriter* out) {
  out->key("CapacityUnits");
  out->decimal(units);
  if (kind.empty()) return;
  out->key(kind);
  out->decimal(units);
}

// The indexes of one kind that something was consumed of.
void write_index_units(const ConsumedCapacity& consumed, Slice member, index::IndexKind index_kind,
                       Slice kind, JsonWriter* out) {
  bool begun = false;
  for (const ConsumedCapacity::Index& index : consumed.indexes) {
    if (index.kind != index_kind) continue;
    if (!begun) {
      out->key(member);
      out->begin_object();
      begun = true;
    }
    out->key(index.name);
    out->begin_object();
    write_units(index.units, kind, out);
    out->end_object();
  }
  if (begun) out->end_object();
}

void write_capacity_object(const ConsumedCapacity& consumed, ReturnConsumedCapacity wanted, JsonWriter* out,
                           Slice kind = {}) {
  out->begin_object();
  out->key("TableName");
  out->string(consumed.table);
  write_units(consumed.total(), kind, out);
  if (wanted == ReturnConsumedCapacity::kIndexes) {
    out->key("Table");
    out->begin_object();
    write_units(consumed.units, kind, out);
    out->end_object();
    write_index_units(consumed, "LocalSecondaryIndexes", index::IndexKind::kLocal, kind, out);
    write_index_units(consumed, "GlobalSecondaryIndexes", index::IndexKind::kGlobal, kind, out);
  }
  out->end_object();
}

void write_capacity(const ConsumedCapacity& consumed, ReturnConsumedCapacity wanted, JsonWriter* out) {
  if (wanted == ReturnConsumedCapacity::kNone) return;
  out->key("ConsumedCapacity");
  write_capacity_object(consumed, wanted, out);
}

void write_capacity_list(const std::vector<ConsumedCapacity>& tables, ReturnConsumedCapacity wanted,
                         JsonWriter* out, Slice kind = {}) {
  if (wanted == ReturnConsumedCapacity::kNone) return;
  out->key("ConsumedCapacity");
  out->begin_array();
  for (const ConsumedCapacity& table : tables) write_capacity_object(table, wanted, out, kind);
  out->end_array();
}

void write_metrics(const ItemCollectionMetrics& metrics, JsonWriter* out) {
  out->begin_object();
  out->key("ItemCollectionKey");
  write_item(metrics.key, out);
  out->key("SizeEstimateRangeGB");
  out->begin_array();
  out->decimal(metrics.lower_gigabytes);
  out->decimal(metrics.upper_gigabytes);
  out->end_array();
  out->end_object();
}

void write_metrics_by_table(const TableCollectionMetrics& tables, JsonWriter* out) {
  if (tables.empty()) return;
  out->key("ItemCollectionMetrics");
  out->begin_object();
  for (const auto& [table, list] : tables) {
    out->key(table);
    out->begin_array();
    for (const ItemCollectionMetrics& metrics : list) write_metrics(metrics, out);
    out->end_array();
  }
  out->end_object();
}

void write_cancellation_reason(const CancellationReason& reason, JsonWriter* out) {
  out->begin_object();
  out->key("Code");
  out->string(reason.code);
  if (reason.item) {
    out->key("Item");
    write_item(*reason.item, out);
  }
  if (!reason.message.empty()) {
    out->key("Message");
    out->string(reason.message);
  }
  out->end_object();
}

void write_items(const EncodedItems& items, JsonWriter* out) {
  out->begin_array();
  for (size_t i = 0; i < items.size(); ++i) write_item(items[i], out);
  out->end_array();
}

// What the JSON of these items is likely to take: as many bytes again as they have names, types and quotes, near enough.
size_t json_bytes(const EncodedItems& items) {
  size_t bytes = 0;
  for (size_t i = 0; i < items.size(); ++i) bytes += items.bytes(i).size() + 16 * items[i].size();
  return bytes;
}

void write_names(const ExpressionAttributes& attributes, JsonWriter* out) {
  if (!attributes.names) return;
  out->key("ExpressionAttributeNames");
  out->begin_object();
  for (const auto& [key, name] : *attributes.names) {
    out->key(key);
    out->string(name);
  }
  out->end_object();
}

void write_unprocessed(const KeysAndAttributes& request, const std::vector<size_t>& positions,
                       JsonWriter* out) {
  out->begin_object();
  out->key("Keys");
  out->begin_array();
  for (const size_t i : positions) write_item(request.keys[i], out);
  out->end_array();
  out->key("ConsistentRead");
  out->boolean(request.consistent_read);
  if (request.projection_expression) {
    out->key("ProjectionExpression");
    out->string(*request.projection_expression);
  }
  write_names(request.attributes, out);
  if (request.attributes_to_get) {
    out->key("AttributesToGet");
    out->begin_array();
    for (const std::string& name : *request.attributes_to_get) out->string(name);
    out->end_array();
  }
  out->end_object();
}

void write_batch_write(const BatchWrite& write, JsonWriter* out) {
  out->begin_object();
  out->key(write.put_item ? "PutRequest" : "DeleteRequest");
  out->begin_object();
  out->key(write.put_item ? "Item" : "Key");
  write_item(write.put_item ? *write.put_item : *write.delete_key, out);
  out->end_object();
  out->end_object();
}

}  // namespace

std::string encode_error(const Error& error) {
  const ErrorTypeInfo& info = error_type_info(error.type);
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("__type");
  out.string(std::string(info.prefix) + std::string(info.name));
  if (!error.message.empty()) {
    out.key(info.message_name);
    out.string(error.message);
  }
  if (error.item) {
    out.key("Item");
    write_item(*error.item, &out);
  }
  if (error.cancellation_reasons) {
    out.key("CancellationReasons");
    out.begin_array();
    for (const CancellationReason& reason : *error.cancellation_reasons)
      write_cancellation_reason(reason, &out);
    out.end_array();
  }
  out.end_object();
  return body;
}

std::string encode_write(const WriteItemResult& result, ReturnConsumedCapacity capacity) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  if (result.attributes) {
    out.key("Attributes");
    write_item(*result.attributes, &out);
  }
  write_capacity(result.consumed_capacity, capacity, &out);
  if (result.item_collection_metrics) {
    out.key("ItemCollectionMetrics");
    write_metrics(*result.item_collection_metrics, &out);
  }
  out.end_object();
  return body;
}

std::string encode_get_item(const GetItemResult& result, ReturnConsumedCapacity capacity) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  if (result.item.found()) {
    out.key("Item");
    write_item(result.item.view(), &out);
  }
  write_capacity(result.consumed_capacity, capacity, &out);
  out.end_object();
  return body;
}

std::string encode_page(const ReadPageResult& result, const ReadPageRequest& request) {
  std::string body;
  body.reserve(256 + json_bytes(result.items));
  JsonWriter out(&body);
  out.begin_object();
  if (request.select != Select::kCount) {
    out.key("Items");
    write_items(result.items, &out);
  }
  out.key("Count");
  out.integer(static_cast<int64_t>(result.count));
  out.key("ScannedCount");
  out.integer(static_cast<int64_t>(result.scanned_count));
  if (result.last_evaluated_key) {
    out.key("LastEvaluatedKey");
    write_item(*result.last_evaluated_key, &out);
  }
  write_capacity(result.consumed_capacity, request.return_consumed_capacity, &out);
  out.end_object();
  return body;
}

std::string encode_batch_get(const BatchGetItemResult& result, const BatchGetItemRequest& request) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Responses");
  out.begin_object();
  for (const auto& table : result.tables) {
    out.key(table.name);
    write_items(table.items, &out);
  }
  out.end_object();
  out.key("UnprocessedKeys");
  out.begin_object();
  for (size_t i = 0; i < result.tables.size(); ++i) {
    const auto& table = result.tables[i];
    if (table.unprocessed_keys.empty()) continue;
    out.key(table.name);
    write_unprocessed(request.tables[i].second, table.unprocessed_keys, &out);
  }
  out.end_object();
  if (request.return_consumed_capacity != ReturnConsumedCapacity::kNone) {
    out.key("ConsumedCapacity");
    out.begin_array();
    for (const auto& table : result.tables) {
      write_capacity_object(table.consumed_capacity, request.return_consumed_capacity, &out);
    }
    out.end_array();
  }
  out.end_object();
  return body;
}

std::string encode_batch_write(const BatchWriteItemResult& result, ReturnConsumedCapacity capacity) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("UnprocessedItems");
  out.begin_object();
  for (const auto& [table, writes] : result.unprocessed) {
    out.key(table);
    out.begin_array();
    for (const BatchWrite& write : writes) write_batch_write(write, &out);
    out.end_array();
  }
  out.end_object();
  write_capacity_list(result.consumed_capacity, capacity, &out);
  write_metrics_by_table(result.item_collection_metrics, &out);
  out.end_object();
  return body;
}

namespace {

// The answer of a transaction that reads: an object for each item, empty when there is nothing to show.
std::string encode_responses(const std::vector<StoredItem>& items, const std::vector<ConsumedCapacity>& units,
                             ReturnConsumedCapacity capacity, Slice kind) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  write_capacity_list(units, capacity, &out, kind);
  out.key("Responses");
  out.begin_array();
  for (const StoredItem& item : items) {
    out.begin_object();
    if (item.found()) {
      out.key("Item");
      write_item(item.view(), &out);
    }
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return body;
}

}  // namespace

std::string encode_transact_get(const TransactGetItemsResult& result, ReturnConsumedCapacity capacity) {
  return encode_responses(result.items, result.consumed_capacity, capacity, "ReadCapacityUnits");
}

std::string encode_transaction(const ExecuteTransactionResult& result, ReturnConsumedCapacity capacity) {
  return encode_responses(result.items, result.consumed_capacity, capacity,
                          result.wrote && !result.replayed ? "WriteCapacityUnits" : "ReadCapacityUnits");
}

std::string encode_transact_write(const TransactWriteItemsResult& result, ReturnConsumedCapacity capacity) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  write_capacity_list(result.consumed_capacity, capacity, &out,
                      result.replayed ? "ReadCapacityUnits" : "WriteCapacityUnits");
  write_metrics_by_table(result.item_collection_metrics, &out);
  out.end_object();
  return body;
}

std::string encode_statement(const ExecuteStatementResult& result, ReturnConsumedCapacity capacity) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Items");
  write_items(result.items, &out);
  if (result.next_token) {
    out.key("NextToken");
    out.string(*result.next_token);
  }
  if (result.last_evaluated_key) {
    out.key("LastEvaluatedKey");
    write_item(*result.last_evaluated_key, &out);
  }
  write_capacity(result.consumed_capacity, capacity, &out);
  out.end_object();
  return body;
}

namespace {

// BatchStatementErrorCodeEnum.
Slice statement_error_code(ErrorType type) {
  switch (type) {
    case ErrorType::kConditionalCheckFailed:
      return "ConditionalCheckFailed";
    case ErrorType::kDuplicateItem:
      return "DuplicateItem";
    case ErrorType::kResourceNotFound:
      return "ResourceNotFound";
    case ErrorType::kLimitExceeded:
      return "RequestLimitExceeded";
    case ErrorType::kThroughputExceeded:
      return "ProvisionedThroughputExceeded";
    case ErrorType::kAccessDenied:
      return "AccessDenied";
    case ErrorType::kInternal:
      return "InternalServerError";
    default:
      return "ValidationError";
  }
}

void write_statement_response(const BatchStatementResponse& response, JsonWriter* out) {
  out->begin_object();
  if (response.error) {
    out->key("Error");
    out->begin_object();
    out->key("Code");
    out->string(statement_error_code(response.error->type));
    out->key("Message");
    out->string(response.error->message);
    if (response.error->item) {
      out->key("Item");
      write_item(*response.error->item, out);
    }
    out->end_object();
  }
  if (!response.table.empty()) {
    out->key("TableName");
    out->string(response.table);
  }
  if (!response.items.empty()) {
    out->key("Item");
    write_item(response.items[0], out);
  }
  out->end_object();
}

// What the statements consumed, table by table in the order in which they first appear.
std::vector<ConsumedCapacity> capacity_by_table(const BatchExecuteStatementResult& result) {
  std::vector<ConsumedCapacity> tables;
  for (const BatchStatementResponse& response : result.responses) {
    const ConsumedCapacity& consumed = response.consumed_capacity;
    if (consumed.table.empty()) continue;
    const auto same = std::find_if(tables.begin(), tables.end(), [&](const ConsumedCapacity& seen) {
      return seen.table == consumed.table;
    });
    if (same == tables.end()) {
      tables.push_back(consumed);
    } else {
      same->add(consumed);
    }
  }
  return tables;
}

}  // namespace

std::string encode_batch_statements(const BatchExecuteStatementResult& result,
                                    ReturnConsumedCapacity capacity) {
  std::string body;
  JsonWriter out(&body);
  out.begin_object();
  out.key("Responses");
  out.begin_array();
  for (const BatchStatementResponse& response : result.responses) write_statement_response(response, &out);
  out.end_array();
  if (capacity != ReturnConsumedCapacity::kNone) {
    out.key("ConsumedCapacity");
    out.begin_array();
    for (const ConsumedCapacity& table : capacity_by_table(result))
      write_capacity_object(table, capacity, &out);
    out.end_array();
  }
  out.end_object();
  return body;
}

}  // namespace varve::api::dynamo
