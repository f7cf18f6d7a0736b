// The requests on items.
#include <array>

#include "api/dynamo/decode.h"
#include "api/dynamo/decode_legacy.h"
#include "api/dynamo/member_reader.h"
#include "api/dynamo/transaction.h"
#include "api/dynamo/value_json.h"

namespace varve::api::dynamo {
namespace {

// In the order in which AWS prints each set.
constexpr std::array<Slice, 3> kCapacityNames = {"INDEXES", "TOTAL", "NONE"};
constexpr std::array kCapacityValues = {ReturnConsumedCapacity::kIndexes, ReturnConsumedCapacity::kTotal,
                                        ReturnConsumedCapacity::kNone};
constexpr EnumTable<ReturnConsumedCapacity> kCapacity{kCapacityNames, kCapacityValues};

constexpr std::array<Slice, 2> kMetricsNames = {"SIZE", "NONE"};
constexpr std::array<Slice, 2> kOnFailureNames = {"ALL_OLD", "NONE"};
constexpr std::array<bool, 2> kFirstIsTrue = {true, false};
constexpr EnumTable<bool> kMetrics{kMetricsNames, kFirstIsTrue};
constexpr EnumTable<bool> kOnFailure{kOnFailureNames, kFirstIsTrue};

constexpr std::array<Slice, 5> kReturnNames = {"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"};
constexpr std::array kReturnValues = {ReturnValues::kAllNew, ReturnValues::kUpdatedOld, ReturnValues::kAllOld,
                                      ReturnValues::kNone, ReturnValues::kUpdatedNew};
constexpr EnumTable<ReturnValues> kReturn{kReturnNames, kReturnValues};

constexpr std::array<Slice, 4> kSelectNames = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                               "ALL_PROJECTED_ATTRIBUTES"};
constexpr std::array kSelectValues = {Select::kSpecificAttributes, Select::kCount, Select::kAllAttributes,
                                      Select::kAllProjectedAttributes};
constexpr EnumTable<Select> kSelect{kSelectNames, kSelectValues};

constexpr Slice kKeysAndAttributesType = "com.amazonaws.dynamodb.v20120810.KeysAndAttributes";
constexpr Slice kWriteRequestsType = "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>";

constexpr int64_t kMaxBatchGetKeys = 100;
constexpr int64_t kMaxBatchGetTables = 100;
constexpr int64_t kMaxBatchWrites = 25;  // requests, and so tables
constexpr int64_t kMaxStatementBytes = 8192;
constexpr int64_t kMaxBatchStatements = 25;

template <typename T>
Outcome<T> finish(const DecodeState& state, T request) {
  if (auto failure = state.result()) return *std::move(failure);
  return request;
}

void read_condition_members(MemberReader& in, WriteRequestBase* request, Presence condition) {
  in.string("ConditionExpression", &request->condition_expression, condition);
  in.expression_attributes(&request->attributes, &request->notes);
  in.enumeration("ReturnValuesOnConditionCheckFailure", kOnFailure,
                 &request->return_old_on_condition_failure);
}

void read_write_members(MemberReader& in, WriteRequestBase* request) {
  in.enumeration("ReturnValues", kReturn, &request->return_values);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request->return_consumed_capacity);
  in.enumeration("ReturnItemCollectionMetrics", kMetrics, &request->return_item_collection_metrics);
  read_condition_members(in, request, Presence::kOptional);
}

// Limit of Query and Scan: the two say the same thing in two ways.
void read_limit(MemberReader& in, std::optional<int64_t>* limit, bool is_query) {
  in.integer("Limit", "Integer", limit);
  if (!*limit || **limit >= 1) return;
  in.state()->note_violation(
      is_query
          ? validation_error("1 validation error detected: Value at 'Limit' failed to satisfy constraint: " +
                             min_value(1))
          : constraint_error(std::to_string(**limit), "limit", min_value(1)));
}

void read_attributes_to_get(MemberReader& in, std::optional<std::vector<std::string>>* out) {
  in.string_list("AttributesToGet", out);
  if (*out && (*out)->empty()) {
    in.state()->note_violation(constraint_error("[]", in.path("AttributesToGet"), min_length(1)));
  }
}

void read_index_name(MemberReader& in, std::optional<std::string>* out) {
  in.string("IndexName", out);
  if (!*out) return;
  if (auto failure = check_index_name(**out)) in.state()->note_violation(*std::move(failure));
}

void read_bounded(MemberReader& in, Slice name, int64_t low, int64_t high, std::optional<int64_t>* out) {
  in.integer(name, "Integer", out);
  if (!*out) return;
  if (**out < low)
    in.state()->note_violation(constraint_error(std::to_string(**out), in.path(name), min_value(low)));
  if (**out > high) {
    in.state()->note_violation(constraint_error(std::to_string(**out), in.path(name), max_value(high)));
  }
}

}  // namespace

Outcome<PutItemRequest> decode_put_item(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  PutItemRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  in.attributes("Item", &request.item, &request.notes.item_error, Presence::kRequired);
  read_expected(in, &request);
  read_conditional_operator(in, &request);
  read_write_members(in, &request);
  return finish(state, std::move(request));
}

Outcome<UpdateItemRequest> decode_update_item(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  UpdateItemRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  in.attributes("Key", &request.key, &request.notes.item_error, Presence::kRequired);
  read_expected(in, &request);
  read_attribute_updates(in, &request);
  read_conditional_operator(in, &request);
  in.string("UpdateExpression", &request.update_expression);
  read_write_members(in, &request);
  return finish(state, std::move(request));
}

Outcome<DeleteItemRequest> decode_delete_item(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  DeleteItemRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  in.attributes("Key", &request.key, &request.notes.item_error, Presence::kRequired);
  read_expected(in, &request);
  read_conditional_operator(in, &request);
  read_write_members(in, &request);
  return finish(state, std::move(request));
}

Outcome<GetItemRequest> decode_get_item(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  GetItemRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  in.attributes("Key", &request.key, &request.notes.item_error, Presence::kRequired);
  read_attributes_to_get(in, &request.attributes_to_get);
  in.boolean("ConsistentRead", &request.consistent_read);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  in.string("ProjectionExpression", &request.projection_expression);
  in.expression_names(&request.attributes);
  return finish(state, std::move(request));
}

Outcome<QueryRequest> decode_query(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  QueryRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  read_index_name(in, &request.index_name);
  in.enumeration("Select", kSelect, &request.select);
  read_attributes_to_get(in, &request.attributes_to_get);
  read_limit(in, &request.limit, /*is_query=*/true);
  in.boolean("ConsistentRead", &request.consistent_read);
  read_filter(in, "QueryFilter", &request);
  read_conditional_operator(in, &request);
  read_key_conditions(in, &request);
  in.boolean("ScanIndexForward", &request.scan_index_forward);
  in.start_key("ExclusiveStartKey", &request.exclusive_start_key, &request.notes.start_key_error);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  in.string("ProjectionExpression", &request.projection_expression);
  in.string("FilterExpression", &request.filter_expression);
  in.string("KeyConditionExpression", &request.key_condition_expression);
  in.expression_attributes(&request.attributes, &request.notes);
  return finish(state, std::move(request));
}

Outcome<ScanRequest> decode_scan(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  ScanRequest request;
  in.table("TableName", TableNameUse::kExisting, &request.table);
  read_index_name(in, &request.index_name);
  read_attributes_to_get(in, &request.attributes_to_get);
  read_limit(in, &request.limit, /*is_query=*/false);
  in.enumeration("Select", kSelect, &request.select);
  read_filter(in, "ScanFilter", &request);
  read_conditional_operator(in, &request);
  in.start_key("ExclusiveStartKey", &request.exclusive_start_key, &request.notes.start_key_error);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  read_bounded(in, "TotalSegments", 1, 1'000'000, &request.total_segments);
  read_bounded(in, "Segment", 0, 999'999, &request.segment);
  in.string("ProjectionExpression", &request.projection_expression);
  in.string("FilterExpression", &request.filter_expression);
  in.expression_attributes(&request.attributes, &request.notes);
  in.boolean("ConsistentRead", &request.consistent_read);
  return finish(state, std::move(request));
}

namespace {

// The place of a table's part of a batch; of several members of one name the last counts. nullptr when there are too many.
template <typename Entry>
Entry* add_table(Slice table, int64_t limit, DecodeState* state,
                 std::vector<std::pair<std::string, Entry>>* tables) {
  for (auto& [name, entry] : *tables) {
    if (name == table) return &entry;
  }
  if (!table.starts_with("arn:") && !table_name(table, TableNameUse::kExisting).ok()) {
    state->note_violation(
        constraint_error("{" + std::string(table) + "=...}", "requestItems",
                         "Map keys must satisfy constraint: [" + max_length(255) + ", " + min_length(1) +
                             ", Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"));
  }
  if (static_cast<int64_t>(tables->size()) >= limit) {
    state->note_violation(constraint_error("{...}", "requestItems", max_length(limit)));
    return nullptr;
  }
  return &tables->emplace_back(table, Entry()).second;
}

void read_keys(MemberReader& in, Slice table, KeysAndAttributes* out) {
  const auto read_key = [&](const json::Value& element) {
    ValueReader reader;
    out->keys.push_back(reader.read_attributes(element));
    in.state()->note_serialization(reader.failure());
    if (out->notes.item_error.empty()) out->notes.item_error = reader.problem();
  };
  if (!in.list("Keys", Presence::kRequired, read_key)) return;
  const int64_t count = static_cast<int64_t>(out->keys.size());
  if (count >= 1 && count <= kMaxBatchGetKeys) return;
  in.state()->note_violation(validation_error("1 validation error detected: Value at 'RequestItems." +
                                              std::string(table) +
                                              ".member.Keys' failed to satisfy constraint: " +
                                              (count < 1 ? min_length(1) : max_length(kMaxBatchGetKeys))));
}

void read_write_request(MemberReader& in, BatchWriteItemRequest* request, std::vector<BatchWrite>* out) {
  BatchWrite write;
  std::string problem;
  in.structure("PutRequest", "PutRequest", Presence::kOptional, [&](MemberReader& put) {
    write.put_item.emplace();
    put.attributes("Item", &*write.put_item, &problem, Presence::kRequired);
  });
  in.structure("DeleteRequest", "DeleteRequest", Presence::kOptional, [&](MemberReader& remove) {
    write.delete_key.emplace();
    remove.attributes("Key", &*write.delete_key, &problem, Presence::kRequired);
  });
  if (request->notes.item_error.empty()) request->notes.item_error = problem;
  out->push_back(std::move(write));
}

// What all actions of a transaction have: the item's table and key (or the item), the condition and its placeholders.
void read_action(MemberReader& in, Slice item_name, Item* item, WriteRequestBase* request,
                 Presence condition = Presence::kOptional) {
  in.attributes(item_name, item, &request->notes.item_error, Presence::kRequired);
  in.table("TableName", TableNameUse::kExisting, &request->table);
  read_condition_members(in, request, condition);
}

TransactWrite read_transact_write(MemberReader& in) {
  TransactWrite action;
  in.structure("ConditionCheck", "ConditionCheck", Presence::kOptional, [&](MemberReader& member) {
    ConditionCheckRequest& check = action.condition_check.emplace();
    read_action(member, "Key", &check.key, &check, Presence::kRequired);
  });
  in.structure("Put", "Put", Presence::kOptional, [&](MemberReader& member) {
    PutItemRequest& put = action.put.emplace();
    read_action(member, "Item", &put.item, &put);
  });
  in.structure("Delete", "Delete", Presence::kOptional, [&](MemberReader& member) {
    DeleteItemRequest& remove = action.remove.emplace();
    read_action(member, "Key", &remove.key, &remove);
  });
  in.structure("Update", "Update", Presence::kOptional, [&](MemberReader& member) {
    UpdateItemRequest& update = action.update.emplace();
    member.string("UpdateExpression", &update.update_expression, Presence::kRequired);
    read_action(member, "Key", &update.key, &update);
  });
  return action;
}

GetItemRequest read_transact_get(MemberReader& in) {
  GetItemRequest request;
  in.structure("Get", "Get", Presence::kRequired, [&](MemberReader& get) {
    get.attributes("Key", &request.key, &request.notes.item_error, Presence::kRequired);
    get.table("TableName", TableNameUse::kExisting, &request.table);
    get.string("ProjectionExpression", &request.projection_expression);
    get.expression_names(&request.attributes);
  });
  return request;
}

// TransactItems: does not read what is beyond a transaction's bound.
template <typename Read>
void read_transact_items(MemberReader& in, Slice shape, const Read& read) {
  size_t members = 0;
  const bool present = in.structures("TransactItems", shape, Presence::kRequired, [&](MemberReader& member) {
    if (++members <= kMaxTransactionItems) read(member);
  });
  if (!present) return;
  if (auto failure = check_transaction_length(members, in.path("TransactItems")))
    in.state()->note_violation(*std::move(failure));
}

void read_token(MemberReader& in, std::optional<std::string>* token) {
  in.string("ClientRequestToken", token);
  if (auto failure = check_token(*token)) in.state()->note_violation(*std::move(failure));
}

}  // namespace

Outcome<BatchGetItemRequest> decode_batch_get_item(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  BatchGetItemRequest request;
  const auto read_table = [&](Slice table, const json::Value& value) {
    KeysAndAttributes* const added = add_table(table, kMaxBatchGetTables, &state, &request.tables);
    if (added == nullptr) return;
    KeysAndAttributes entry;
    json::Object object;
    if (auto failure = convert_structure(value, "KeysAndAttributes", Place::kEntry, &object)) {
      return state.note_serialization(std::move(failure));
    }
    MemberReader members(object, &state, "requestItems." + std::string(table) + ".member");
    read_keys(members, table, &entry);
    read_attributes_to_get(members, &entry.attributes_to_get);
    members.boolean("ConsistentRead", &entry.consistent_read);
    members.string("ProjectionExpression", &entry.projection_expression);
    members.expression_names(&entry.attributes);
    *added = std::move(entry);
  };
  in.map("RequestItems", kKeysAndAttributesType, Presence::kOptional, read_table);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  if (request.tables.empty() && !state.serialization) {
    return validation_error("The requestItems parameter is required for BatchGetItem");
  }
  return finish(state, std::move(request));
}

Outcome<BatchWriteItemRequest> decode_batch_write_item(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  BatchWriteItemRequest request;
  const auto read_table = [&](Slice table, const json::Value& value) {
    std::vector<BatchWrite>* const added = add_table(table, kMaxBatchWrites, &state, &request.tables);
    if (added == nullptr) return;
    json::Array array;
    if (auto failure = convert_list(value, &array)) return state.note_serialization(std::move(failure));
    std::vector<BatchWrite> writes;
    const std::string list = "requestItems." + std::string(table) + ".member.";
    size_t position = 0;
    for (const auto element : array) {
      ++position;
      json::Object object;
      if (auto failure = convert_structure(element, "WriteRequest", Place::kEntry, &object)) {
        return state.note_serialization(std::move(failure));
      }
      MemberReader members(object, &state, list + std::to_string(position) + ".member");
      read_write_request(members, &request, &writes);
    }
    if (writes.empty() || writes.size() > static_cast<size_t>(kMaxBatchWrites)) {
      state.note_violation(constraint_error(
          "{" + std::string(table) + "=[...]}", "requestItems",
          "Map value must satisfy constraint: [" + max_length(kMaxBatchWrites) + ", " + min_length(1) + "]"));
    }
    *added = std::move(writes);
  };
  in.map("RequestItems", kWriteRequestsType, Presence::kOptional, read_table);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  in.enumeration("ReturnItemCollectionMetrics", kMetrics, &request.return_item_collection_metrics);
  if (request.tables.empty() && !state.serialization) {
    return validation_error("The requestItems parameter is required for BatchWriteItem");
  }
  return finish(state, std::move(request));
}

Outcome<TransactGetItemsRequest> decode_transact_get_items(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  TransactGetItemsRequest request;
  read_transact_items(in, "TransactGetItem",
                      [&](MemberReader& member) { request.gets.push_back(read_transact_get(member)); });
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  return finish(state, std::move(request));
}

Outcome<TransactWriteItemsRequest> decode_transact_write_items(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  TransactWriteItemsRequest request;
  read_transact_items(in, "TransactWriteItem",
                      [&](MemberReader& member) { request.actions.push_back(read_transact_write(member)); });
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  in.enumeration("ReturnItemCollectionMetrics", kMetrics, &request.return_item_collection_metrics);
  read_token(in, &request.client_request_token);
  return finish(state, std::move(request));
}

namespace {

void read_statement(MemberReader& in, StatementRequest* request, std::string* parameter_error) {
  std::optional<std::string> statement;
  in.string("Statement", &statement, Presence::kRequired);
  if (statement) {
    request->statement = *std::move(statement);
    const size_t size = request->statement.size();
    if (size < 1 || size > static_cast<size_t>(kMaxStatementBytes)) {
      in.state()->note_violation(constraint_error(request->statement, in.path("Statement"),
                                                  size < 1 ? min_length(1) : max_length(kMaxStatementBytes)));
    }
  }
  const bool has_parameters = in.list("Parameters", Presence::kOptional, [&](const json::Value& element) {
    ValueReader reader;
    request->parameters.push_back(reader.read(element));
    in.state()->note_serialization(reader.failure());
    if (parameter_error->empty()) *parameter_error = reader.problem();
  });
  if (has_parameters && request->parameters.empty()) {
    in.state()->note_violation(constraint_error("[]", in.path("Parameters"), min_length(1)));
  }
  in.enumeration("ReturnValuesOnConditionCheckFailure", kOnFailure,
                 &request->return_old_on_condition_failure);
}

}  // namespace

Outcome<ExecuteStatementRequest> decode_execute_statement(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  ExecuteStatementRequest request;
  read_statement(in, &request, &request.parameter_error);
  in.boolean("ConsistentRead", &request.consistent_read);
  in.string("NextToken", &request.next_token);
  if (request.next_token && request.next_token->empty()) {
    state.note_violation(constraint_error("", "nextToken", min_length(1)));
  }
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  read_limit(in, &request.limit, /*is_query=*/false);
  return finish(state, std::move(request));
}

Outcome<BatchExecuteStatementRequest> decode_batch_execute_statement(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  BatchExecuteStatementRequest request;
  const bool present =
      in.structures("Statements", "BatchStatementRequest", Presence::kRequired, [&](MemberReader& member) {
        StatementRequest& statement = request.statements.emplace_back();
        read_statement(member, &statement, &request.parameter_error);
        member.boolean("ConsistentRead", &statement.consistent_read);
      });
  const auto count = static_cast<int64_t>(request.statements.size());
  if (present && (count < 1 || count > kMaxBatchStatements)) {
    state.note_violation(
        constraint_error("[...]", "statements", count < 1 ? min_length(1) : max_length(kMaxBatchStatements)));
  }
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  return finish(state, std::move(request));
}

Outcome<ExecuteTransactionRequest> decode_execute_transaction(json::Object body) {
  DecodeState state;
  MemberReader in(body, &state);
  ExecuteTransactionRequest request;
  size_t count = 0;
  const bool present = in.structures(
      "TransactStatements", "ParameterizedStatement", Presence::kRequired, [&](MemberReader& member) {
        if (++count > kMaxTransactionItems) return;
        read_statement(member, &request.statements.emplace_back(), &request.parameter_error);
      });
  if (present) {
    if (auto failure = check_transaction_length(count, "transactStatements"))
      state.note_violation(*std::move(failure));
  }
  read_token(in, &request.client_request_token);
  in.enumeration("ReturnConsumedCapacity", kCapacity, &request.return_consumed_capacity);
  return finish(state, std::move(request));
}

}  // namespace varve::api::dynamo
