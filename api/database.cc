#include "api/dynamo/backfill.h"
#include "api/dynamo/housekeeping.h"
#include "api/dynamo/item_write.h"
#include "api/dynamo/kinesis_queues.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/streams.h"
#include "api/dynamo/transaction_tokens.h"
#include "api/expression/syntax_cache.h"
#include "api/varve.h"
#include "index/key_codec.h"

namespace varve::api {
namespace {

bool fits(const index::KeySchema& schema, const index::PrimaryKey& key) {
  if (!key.partition.is(schema.partition.type) || key.sort.has_value() != schema.sort.has_value())
    return false;
  return !key.sort || key.sort->is(schema.sort->type);
}

}  // namespace

class Database::Impl {
 public:
  std::unique_ptr<partition::Store> store;
  std::unique_ptr<dynamo::Streams> streams;
  std::unique_ptr<dynamo::Catalog> catalog;
  std::unique_ptr<dynamo::TransactionTokens> tokens;
  expression::SyntaxCache expressions;
  std::unique_ptr<dynamo::Backfill> backfill;
  std::unique_ptr<dynamo::KinesisQueues> kinesis;
  dynamo::Context context;
  std::unique_ptr<dynamo::Housekeeping> housekeeping;  // last: it uses the rest
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() { (void)close(); }

Result<std::unique_ptr<Database>> Database::open(const std::string& directory,
                                                 const DatabaseOptions& options) {
  auto impl = std::make_unique<Impl>();
  partition::StoreOptions store_options = options.store;
  store_options.filter_prefix = &index::partition_prefix_length;
  VARVE_ASSIGN_OR_RETURN(impl->store, partition::Store::open(directory, store_options));
  VARVE_ASSIGN_OR_RETURN(impl->streams, dynamo::Streams::open(impl->store.get(), options.streams));
  VARVE_ASSIGN_OR_RETURN(impl->catalog, dynamo::Catalog::open(impl->store.get(), options.table_delay_us));
  VARVE_ASSIGN_OR_RETURN(impl->tokens, dynamo::TransactionTokens::open(impl->store.get()));
  VARVE_ASSIGN_OR_RETURN(
      impl->backfill, dynamo::Backfill::open(impl->store.get(), impl->catalog.get(), options.store.log_line));
  io::Driver* const driver = options.store.driver != nullptr ? options.store.driver : io::default_driver();
  VARVE_ASSIGN_OR_RETURN(impl->kinesis, dynamo::KinesisQueues::open(impl->store.get(), driver, directory,
                                                                    options.streams.kinesis_file_bytes));
  impl->context = {impl->store.get(),   impl->catalog.get(),  impl->tokens.get(), &impl->expressions,
                   impl->streams.get(), impl->backfill.get(), impl->kinesis.get()};
  impl->housekeeping =
      std::make_unique<dynamo::Housekeeping>(impl->context, options.streams, options.store.log_line);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

const dynamo::Context& Database::context() const { return impl_->context; }
partition::Store& Database::store() { return *impl_->store; }
Status Database::close() {
  impl_->housekeeping->stop();
  impl_->backfill->stop();
  return impl_->store->close();
}

Outcome<TableDescription> Database::create_table(const CreateTableRequest& request) {
  return dynamo::create_table(context(), request);
}
Outcome<TableDescription> Database::update_table(const UpdateTableRequest& request) {
  return dynamo::update_table(context(), request);
}
Outcome<TableDescription> Database::delete_table(const std::string& table) {
  return dynamo::delete_table(context(), table);
}
Outcome<TableDescription> Database::describe_table(const std::string& table) {
  return dynamo::describe_table(context(), table);
}
Outcome<ListTablesResult> Database::list_tables(const ListTablesRequest& request) {
  return dynamo::list_tables(context(), request);
}
Outcome<std::vector<Tag>> Database::list_tags(const std::string& resource_arn) {
  return dynamo::list_tags(context(), resource_arn);
}
Failure Database::tag_resource(const std::string& resource_arn, const std::vector<Tag>& tags) {
  return dynamo::tag_resource(context(), resource_arn, tags);
}
Failure Database::untag_resource(const std::string& resource_arn, const std::vector<std::string>& keys) {
  return dynamo::untag_resource(context(), resource_arn, keys);
}
Outcome<ResourcePolicy> Database::get_resource_policy(const std::string& resource_arn) {
  return dynamo::get_resource_policy(context(), resource_arn);
}
Outcome<std::string> Database::put_resource_policy(const PutResourcePolicyRequest& request) {
  return dynamo::put_resource_policy(context(), request);
}
Outcome<std::optional<std::string>> Database::delete_resource_policy(
    const DeleteResourcePolicyRequest& request) {
  return dynamo::delete_resource_policy(context(), request);
}

Outcome<TimeToLiveSpecification> Database::update_time_to_live(const UpdateTimeToLiveRequest& request) {
  return dynamo::update_time_to_live(context(), request);
}
Outcome<TimeToLiveDescription> Database::describe_time_to_live(const std::string& table) {
  return dynamo::describe_time_to_live(context(), table);
}
Outcome<ListStreamsResult> Database::list_streams(const ListStreamsRequest& request) {
  return dynamo::list_streams(context(), request);
}
Outcome<StreamDescription> Database::describe_stream(const DescribeStreamRequest& request) {
  return dynamo::describe_stream(context(), request);
}
Outcome<std::string> Database::get_shard_iterator(const GetShardIteratorRequest& request) {
  return dynamo::get_shard_iterator(context(), request);
}
Outcome<GetRecordsResult> Database::get_records(const GetRecordsRequest& request) {
  return dynamo::get_records(context(), request);
}

Outcome<PutItemResult> Database::put_item(const PutItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto write, dynamo::make_put(context(), request));
  return dynamo::ItemWrite::run(context(), write.get());
}
Outcome<UpdateItemResult> Database::update_item(const UpdateItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto write, dynamo::make_update(context(), request));
  return dynamo::ItemWrite::run(context(), write.get());
}
Outcome<DeleteItemResult> Database::delete_item(const DeleteItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto write, dynamo::make_delete(context(), request));
  return dynamo::ItemWrite::run(context(), write.get());
}
Outcome<GetItemResult> Database::get_item(const GetItemRequest& request) {
  return dynamo::get_item(context(), request);
}
Outcome<QueryResult> Database::query(const QueryRequest& request) {
  return dynamo::query(context(), request);
}
Outcome<ScanResult> Database::scan(const ScanRequest& request) { return dynamo::scan(context(), request); }
Outcome<QueryResult> Database::query(const QueryRequest& request, const ItemVisitor& visit) {
  return dynamo::query(context(), request, visit);
}
Outcome<ScanResult> Database::scan(const ScanRequest& request, const ItemVisitor& visit) {
  return dynamo::scan(context(), request, visit);
}
Outcome<BatchGetItemResult> Database::batch_get_item(const BatchGetItemRequest& request) {
  return dynamo::batch_get_item(context(), request);
}
Outcome<BatchWriteItemResult> Database::batch_write_item(const BatchWriteItemRequest& request) {
  return dynamo::batch_write_item(context(), request);
}
Outcome<TransactWriteItemsResult> Database::transact_write(const TransactWriteItemsRequest& request) {
  return dynamo::transact_write_items(context(), request);
}
Outcome<TransactGetItemsResult> Database::transact_get(const TransactGetItemsRequest& request) {
  return dynamo::transact_get_items(context(), request);
}
Outcome<ExecuteStatementResult> Database::execute_statement(const ExecuteStatementRequest& request) {
  return dynamo::execute_statement(context(), request);
}
Outcome<BatchExecuteStatementResult> Database::batch_execute_statement(
    const BatchExecuteStatementRequest& request) {
  return dynamo::batch_execute_statement(context(), request);
}
Outcome<ExecuteTransactionResult> Database::execute_transaction(const ExecuteTransactionRequest& request) {
  return dynamo::execute_transaction(context(), request);
}

Failure Database::read_item(Slice table, const index::PrimaryKey& key, StoredItem* item) {
  const dynamo::TableRef found = context().catalog->find(table);
  if (!found) return resource_not_found();
  if (!fits(found->description.key_schema, key)) {
    return validation_error("The provided key element does not match the schema");
  }
  return dynamo::read_item(context(), *found, key, item);
}

}  // namespace varve::api
