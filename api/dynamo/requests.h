// The typed requests and results of the operations on items. The C++ face takes them as they are; the DynamoDB face decodes
// JSON into them (api/dynamo/decode.h) and encodes the results (api/dynamo/encode.h). Member names are DynamoDB's, in our spelling,
// and what they mean is what DynamoDB's API reference says.
//
// Threads: values; share none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/stored_item.h"
#include "api/expression/legacy.h"
#include "index/attribute_value.h"
#include "index/index_schema.h"

namespace varve::api {

// Expressions from C++; the set_* members below take them. See api/build.h.
namespace build {
class Condition;
class Projection;
class Update;
}  // namespace build

using index::AttributeValue;
using index::Item;

enum class ReturnValues : uint8_t { kNone, kAllOld, kUpdatedOld, kAllNew, kUpdatedNew };
enum class ReturnConsumedCapacity : uint8_t { kNone, kTotal, kIndexes };
enum class Select : uint8_t { kAllAttributes, kAllProjectedAttributes, kSpecificAttributes, kCount };

// ExpressionAttributeNames and ExpressionAttributeValues; nullopt is absent, which is not the same as empty.
struct ExpressionAttributes {
  std::optional<std::vector<std::pair<std::string, std::string>>> names;
  std::optional<std::vector<std::pair<std::string, AttributeValue>>> values;
};

// What the JSON decoder found and an operation reports at its place in DynamoDB's order of checks. Empty in typed requests.
struct DecodeNotes {
  // The first thing wrong with an attribute value of Item or Key, of ExclusiveStartKey, and of the named
  // entry of ExpressionAttributeValues.
  std::string item_error;
  std::string start_key_error;
  std::string expression_value_error;
  std::string expression_value_key;
  // Parameters of the time before expressions that the request holds, in declaration order.
  std::vector<std::string> legacy_parameters;
};

// The parameters of the time before expressions, for the protocol's older clients: programs use expressions. nullopt is absent.
struct LegacyParameters {
  std::optional<std::vector<expression::AttributeTest>> tests;  // Expected, QueryFilter, ScanFilter
  std::optional<expression::ConditionalOperator> join;          // of tests
  std::optional<std::vector<expression::AttributeTest>> key_conditions;
  std::optional<std::vector<expression::AttributeChange>> changes;  // AttributeUpdates
};

struct RequestBase {
  std::string table;  // name or ARN
  ExpressionAttributes attributes;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
  LegacyParameters legacy;
  DecodeNotes notes;
};

struct WriteRequestBase : RequestBase {
  std::optional<std::string> condition_expression;
  ReturnValues return_values = ReturnValues::kNone;
  // ReturnValuesOnConditionCheckFailure = ALL_OLD
  bool return_old_on_condition_failure = false;
  // ReturnItemCollectionMetrics = SIZE; only tables with local indexes have any.
  bool return_item_collection_metrics = false;

  void set_condition(const build::Condition& condition);
};

struct PutItemRequest : WriteRequestBase {
  Item item;
};

struct UpdateItemRequest : WriteRequestBase {
  Item key;
  std::optional<std::string> update_expression;

  void set_update(const build::Update& update);
};

struct DeleteItemRequest : WriteRequestBase {
  Item key;
};

struct GetItemRequest : RequestBase {
  Item key;
  bool consistent_read = false;
  std::optional<std::string> projection_expression;
  std::optional<std::vector<std::string>> attributes_to_get;

  void set_projection(const build::Projection& projection);
};

// What Query and Scan share.
struct ReadPageRequest : RequestBase {
  std::optional<std::string> index_name;
  std::optional<std::string> filter_expression;
  std::optional<std::string> projection_expression;
  std::optional<std::vector<std::string>> attributes_to_get;
  std::optional<Select> select;
  std::optional<int64_t> limit;  // items evaluated, >= 1
  std::optional<Item> exclusive_start_key;
  bool consistent_read = false;

  void set_filter(const build::Condition& filter);
  void set_projection(const build::Projection& projection);
};

struct QueryRequest : ReadPageRequest {
  std::optional<std::string> key_condition_expression;
  bool scan_index_forward = true;

  void set_key_condition(const build::Condition& condition);
};

struct ScanRequest : ReadPageRequest {
  std::optional<int64_t> segment;
  std::optional<int64_t> total_segments;
};

struct KeysAndAttributes {
  std::vector<Item> keys;
  bool consistent_read = false;
  ExpressionAttributes attributes;
  std::optional<std::string> projection_expression;
  std::optional<std::vector<std::string>> attributes_to_get;
  DecodeNotes notes;

  void set_projection(const build::Projection& projection);
};

struct BatchGetItemRequest {
  std::vector<std::pair<std::string, KeysAndAttributes>> tables;  // name or ARN
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
};

// One member of a BatchWriteItem: exactly one of the two.
struct BatchWrite {
  std::optional<Item> put_item;
  std::optional<Item> delete_key;
};

struct BatchWriteItemRequest {
  std::vector<std::pair<std::string, std::vector<BatchWrite>>> tables;  // name or ARN
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
  bool return_item_collection_metrics = false;
  DecodeNotes notes;
};

// A member of a transaction that only asks. Its condition_expression is required.
struct ConditionCheckRequest : WriteRequestBase {
  Item key;
};

// One action of TransactWriteItems: exactly one of the four, with return_values, return_consumed_capacity and
// return_item_collection_metrics left as they are.
struct TransactWrite {
  std::optional<ConditionCheckRequest> condition_check;
  std::optional<PutItemRequest> put;
  std::optional<UpdateItemRequest> update;  // update_expression is required
  std::optional<DeleteItemRequest> remove;
};

struct TransactWriteItemsRequest {
  std::vector<TransactWrite> actions;  // 1 to 100, on different items
  // 1 to 36 characters. The same request with the same token is carried out once in ten minutes.
  std::optional<std::string> client_request_token;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
  bool return_item_collection_metrics = false;
};

// One PartiQL statement. Parameters take the places of its `?` in their order.
struct StatementRequest {
  std::string statement;
  std::vector<AttributeValue> parameters;
  bool consistent_read = false;
  // ReturnValuesOnConditionCheckFailure = ALL_OLD
  bool return_old_on_condition_failure = false;
};

struct ExecuteStatementRequest : StatementRequest {
  std::optional<std::string> next_token;  // of a result of the same statement with the same parameters
  std::optional<int64_t> limit;           // of a SELECT: items evaluated, >= 1
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
  // The first thing wrong with a parameter, found by the JSON decoder. Empty in typed requests.
  std::string parameter_error;
};

struct BatchExecuteStatementRequest {
  std::vector<StatementRequest> statements;  // 1 to 25, all SELECT or none
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
  std::string parameter_error;
};

struct ExecuteTransactionRequest {
  // 1 to 100, about different items: all SELECT by primary key, or INSERT, UPDATE, DELETE and EXISTS(SELECT ...), without RETURNING.
  // Always read consistently; their consistent_read is left as it is.
  std::vector<StatementRequest> statements;
  std::optional<std::string> client_request_token;  // of writes, as in TransactWriteItemsRequest
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
  std::string parameter_error;
};

struct TransactGetItemsRequest {
  // 1 to 100 different keys. Always read consistently; their return_consumed_capacity and attributes_to_get are left as they are.
  std::vector<GetItemRequest> gets;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::kNone;
};

// Units consumed of a table and of its indexes.
struct ConsumedCapacity {
  struct Index {
    std::string name;
    index::IndexKind kind = index::IndexKind::kGlobal;
    double units = 0;
  };
  std::string table;
  double units = 0;            // of the table itself
  std::vector<Index> indexes;  // those of which something was consumed

  double total() const;
  void add_index(const std::string& name, index::IndexKind kind, double index_units);
  // `factor` times another operation's on the same table.
  void add(const ConsumedCapacity& other, double factor = 1);
};

// The item collection (the items of one partition key) that a write touched, on a table with local indexes.
struct ItemCollectionMetrics {
  Item key;
  double lower_gigabytes = 0, upper_gigabytes = 1;  // its size is between them
};
using TableCollectionMetrics = std::vector<std::pair<std::string, std::vector<ItemCollectionMetrics>>>;

struct WriteItemResult {
  std::optional<Item> attributes;
  ConsumedCapacity consumed_capacity;
  std::optional<ItemCollectionMetrics> item_collection_metrics;  // when asked for
};
using PutItemResult = WriteItemResult;
using UpdateItemResult = WriteItemResult;
using DeleteItemResult = WriteItemResult;

struct GetItemResult {
  StoredItem item;  // found() is false when there is none
  ConsumedCapacity consumed_capacity;
};

struct ReadPageResult {
  EncodedItems items;  // empty with Select = COUNT
  uint64_t count = 0;
  uint64_t scanned_count = 0;
  std::optional<Item> last_evaluated_key;
  ConsumedCapacity consumed_capacity;
};
// Takes the items of a page one after the other, where they are stored; false: the page ends with this one. The view is valid
// until the visitor returns. It must not wait for a write of this database.
using ItemVisitor = std::function<bool(const index::ItemView& item)>;
using QueryResult = ReadPageResult;
using ScanResult = ReadPageResult;

struct BatchGetItemResult {
  struct Table {
    std::string name;  // as the request spelt it
    EncodedItems items;
    std::vector<size_t> unprocessed_keys;  // positions in the request's keys
    ConsumedCapacity consumed_capacity;
  };
  std::vector<Table> tables;  // in the request's order
};

struct TransactWriteItemsResult {
  // The token was known: nothing was done now, and consumed_capacity is of reads.
  bool replayed = false;
  std::vector<ConsumedCapacity> consumed_capacity;  // one per table, in the request's order
  TableCollectionMetrics item_collection_metrics;   // when asked for
};

struct ExecuteTransactionResult {
  // The statements were writes; then consumed_capacity is of writes, or of reads when the token was known.
  bool wrote = false;
  bool replayed = false;
  std::vector<StoredItem>
      items;  // in the request's order; not found() when there is nothing to show, as of all writes
  std::vector<ConsumedCapacity> consumed_capacity;  // one per table, in the request's order
};

struct TransactGetItemsResult {
  std::vector<StoredItem> items;  // in the request's order; not found() when there is nothing to show
  std::vector<ConsumedCapacity> consumed_capacity;  // one per table, in the request's order
};

struct BatchWriteItemResult {
  std::vector<ConsumedCapacity> consumed_capacity;  // one per table, in the request's order
  TableCollectionMetrics item_collection_metrics;   // when asked for
  // The rest of a batch that is too large to be written at once, as the tables of the next request: large items in many
  // indexes. Empty otherwise: then all was written together.
  std::vector<std::pair<std::string, std::vector<BatchWrite>>> unprocessed;
};

struct ExecuteStatementResult {
  EncodedItems items;  // of a write: what RETURNING asked for, at most one
  std::optional<std::string> next_token;
  std::optional<Item> last_evaluated_key;
  ConsumedCapacity consumed_capacity;
};

struct BatchStatementResponse {
  std::string table;  // empty when the statement did not say
  std::optional<Error> error;
  EncodedItems items;  // at most one
  ConsumedCapacity consumed_capacity;
};

struct BatchExecuteStatementResult {
  std::vector<BatchStatementResponse> responses;  // in the request's order
};

}  // namespace varve::api
