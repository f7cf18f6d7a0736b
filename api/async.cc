#include "api/async.h"

#include <utility>

#include "api/dynamo/item_write.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/task_threads.h"
#include "base/io/mutex.h"

namespace varve::api {

class AsyncDatabase::Impl {
 public:
  Impl(Database* database, size_t threads) : database_(database), threads_("varve-async", threads) {}
  // A completion may begin operations of its own: those are waited for as well.
  ~Impl() {
    io::MutexLock lock(&mutex_);
    while (under_way_ > 0) all_told_.wait(&mutex_);
  }

  const dynamo::Context& context() const { return database_->context(); }

  // Calls `run` and then `done` on a thread of ours.
  template <typename Request, typename Done, typename Run>
  void whole(Request request, Done done, Run run) {
    begin();
    finish([request = std::move(request), done = std::move(done), run = std::move(run),
            database = database_] { done(run(database, request)); });
  }

  // What a write's outcome is given to, by the log's thread or the caller's.
  template <typename Result>
  Done<Result> completion(Done<Result> done) {
    begin();
    return [this, done = std::move(done)](Outcome<Result> outcome) {
      // Shared because a task must be copyable and an outcome may not be.
      auto told = std::make_shared<Outcome<Result>>(std::move(outcome));
      finish([done, told] { done(std::move(*told)); });
    };
  }

  template <typename Request>
  void write(const Request& request, Done<WriteItemResult> done,
             Outcome<std::shared_ptr<dynamo::ItemWrite>> (*make)(const dynamo::Context&, const Request&)) {
    auto told = completion(std::move(done));
    auto made = make(context(), request);
    if (!made.ok()) return told(made.error());
    dynamo::ItemWrite::run_async(context(), std::move(made).value(), std::move(told));
  }

 private:
  void begin() {
    io::MutexLock lock(&mutex_);
    ++under_way_;
  }
  // Runs the last step of an operation on a thread of ours.
  template <typename Task>
  void finish(Task task) {
    threads_.run([this, task = std::move(task)] {
      task();
      io::MutexLock lock(&mutex_);
      if (--under_way_ == 0) all_told_.notify_all();
    });
  }

  Database* const database_;
  io::Mutex mutex_;
  io::CondVar all_told_;
  size_t under_way_ VARVE_GUARDED_BY(mutex_) = 0;
  dynamo::TaskThreads threads_;  // last: its tasks use what is above
};

AsyncDatabase::AsyncDatabase(Database* database, size_t threads)
    : impl_(std::make_unique<Impl>(database, threads)) {}
AsyncDatabase::~AsyncDatabase() = default;

void AsyncDatabase::put_item(const PutItemRequest& request, Done<PutItemResult> done) {
  impl_->write(request, std::move(done), dynamo::make_put);
}
void AsyncDatabase::update_item(const UpdateItemRequest& request, Done<UpdateItemResult> done) {
  impl_->write(request, std::move(done), dynamo::make_update);
}
void AsyncDatabase::delete_item(const DeleteItemRequest& request, Done<DeleteItemResult> done) {
  impl_->write(request, std::move(done), dynamo::make_delete);
}
void AsyncDatabase::batch_write_item(const BatchWriteItemRequest& request, Done<BatchWriteItemResult> done) {
  dynamo::batch_write_item_async(impl_->context(), request, impl_->completion(std::move(done)));
}
void AsyncDatabase::transact_write(const TransactWriteItemsRequest& request,
                                   Done<TransactWriteItemsResult> done) {
  dynamo::transact_write_items_async(impl_->context(), request, impl_->completion(std::move(done)));
}

void AsyncDatabase::get_item(GetItemRequest request, Done<GetItemResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->get_item(r); });
}
void AsyncDatabase::query(QueryRequest request, Done<QueryResult> done) {
  impl_->whole(std::move(request), std::move(done), [](Database* d, const auto& r) { return d->query(r); });
}
void AsyncDatabase::scan(ScanRequest request, Done<ScanResult> done) {
  impl_->whole(std::move(request), std::move(done), [](Database* d, const auto& r) { return d->scan(r); });
}
void AsyncDatabase::batch_get_item(BatchGetItemRequest request, Done<BatchGetItemResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->batch_get_item(r); });
}
void AsyncDatabase::transact_get(TransactGetItemsRequest request, Done<TransactGetItemsResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->transact_get(r); });
}
void AsyncDatabase::execute_statement(ExecuteStatementRequest request, Done<ExecuteStatementResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->execute_statement(r); });
}
void AsyncDatabase::batch_execute_statement(BatchExecuteStatementRequest request,
                                            Done<BatchExecuteStatementResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->batch_execute_statement(r); });
}
void AsyncDatabase::execute_transaction(ExecuteTransactionRequest request,
                                        Done<ExecuteTransactionResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->execute_transaction(r); });
}

void AsyncDatabase::create_table(CreateTableRequest request, Done<TableDescription> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->create_table(r); });
}
void AsyncDatabase::update_table(UpdateTableRequest request, Done<TableDescription> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->update_table(r); });
}
void AsyncDatabase::delete_table(std::string table, Done<TableDescription> done) {
  impl_->whole(std::move(table), std::move(done),
               [](Database* d, const auto& r) { return d->delete_table(r); });
}
void AsyncDatabase::describe_table(std::string table, Done<TableDescription> done) {
  impl_->whole(std::move(table), std::move(done),
               [](Database* d, const auto& r) { return d->describe_table(r); });
}
void AsyncDatabase::list_tables(ListTablesRequest request, Done<ListTablesResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->list_tables(r); });
}
void AsyncDatabase::list_tags(std::string resource_arn, Done<std::vector<Tag>> done) {
  impl_->whole(std::move(resource_arn), std::move(done),
               [](Database* d, const auto& r) { return d->list_tags(r); });
}
void AsyncDatabase::tag_resource(std::string resource_arn, std::vector<Tag> tags,
                                 std::function<void(Failure)> done) {
  impl_->whole(
      std::move(resource_arn), std::move(done),
      [tags = std::move(tags)](Database* d, const std::string& arn) { return d->tag_resource(arn, tags); });
}
void AsyncDatabase::untag_resource(std::string resource_arn, std::vector<std::string> keys,
                                   std::function<void(Failure)> done) {
  impl_->whole(
      std::move(resource_arn), std::move(done),
      [keys = std::move(keys)](Database* d, const std::string& arn) { return d->untag_resource(arn, keys); });
}
void AsyncDatabase::get_resource_policy(std::string resource_arn, Done<ResourcePolicy> done) {
  impl_->whole(std::move(resource_arn), std::move(done),
               [](Database* d, const auto& r) { return d->get_resource_policy(r); });
}
void AsyncDatabase::put_resource_policy(PutResourcePolicyRequest request, Done<std::string> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->put_resource_policy(r); });
}
void AsyncDatabase::delete_resource_policy(DeleteResourcePolicyRequest request,
                                           Done<std::optional<std::string>> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->delete_resource_policy(r); });
}
void AsyncDatabase::update_time_to_live(UpdateTimeToLiveRequest request, Done<TimeToLiveSpecification> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->update_time_to_live(r); });
}
void AsyncDatabase::describe_time_to_live(std::string table, Done<TimeToLiveDescription> done) {
  impl_->whole(std::move(table), std::move(done),
               [](Database* d, const auto& r) { return d->describe_time_to_live(r); });
}
void AsyncDatabase::list_streams(ListStreamsRequest request, Done<ListStreamsResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->list_streams(r); });
}
void AsyncDatabase::describe_stream(DescribeStreamRequest request, Done<StreamDescription> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->describe_stream(r); });
}
void AsyncDatabase::get_shard_iterator(GetShardIteratorRequest request, Done<std::string> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->get_shard_iterator(r); });
}
void AsyncDatabase::get_records(GetRecordsRequest request, Done<GetRecordsResult> done) {
  impl_->whole(std::move(request), std::move(done),
               [](Database* d, const auto& r) { return d->get_records(r); });
}

}  // namespace varve::api
