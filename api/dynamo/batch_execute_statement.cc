// BatchExecuteStatement: up to 25 statements, all reads or all writes, each with an answer or an error of its own. The writes are
// independent commits that are under way together; nothing joins them but the wait for the last.
#include <atomic>

#include "api/dynamo/operations.h"
#include "api/dynamo/prepared_statement.h"
#include "base/io/mutex.h"

namespace varve::api::dynamo {
namespace {

constexpr size_t kMaxStatements = 25;

// The writes under way. Each fills its own response, and the last one to end answers.
struct BatchProgress {
  explicit BatchProgress(size_t writes) : left(writes) {}
  BatchExecuteStatementResult result;
  std::function<void(Outcome<BatchExecuteStatementResult>)> done;
  // Counts down with acq_rel: whoever takes the last one sees all responses.
  std::atomic<size_t> left;

  void finish_one() {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) done(std::move(result));
  }
};

Failure check_request(const BatchExecuteStatementRequest& request) {
  if (!request.parameter_error.empty()) return validation_error(request.parameter_error);
  const size_t count = request.statements.size();
  if (count < 1 || count > kMaxStatements) {
    return constraint_error("[...]", "statements",
                            count < 1 ? min_length(1) : max_length(static_cast<int64_t>(kMaxStatements)));
  }
  size_t reads = 0;
  for (size_t i = 0; i < count; ++i) {
    const std::string& text = request.statements[i].statement;
    VARVE_RETURN_IF_FAILED(
        check_statement_length(text, "statements." + std::to_string(i + 1) + ".member.statement"));
    if (partiql::begins_as_read(text)) ++reads;
  }
  if (reads == 0 || reads == count) return std::nullopt;
  return validation_error(
      "BatchExecuteStatement API does not support both read and write operations in the same request.");
}

void settle(Outcome<ExecuteStatementResult> outcome, BatchStatementResponse* response) {
  if (!outcome.ok()) {
    response->error = std::move(outcome).error();
    return;
  }
  response->consumed_capacity = std::move(outcome->consumed_capacity);
  response->items = std::move(outcome->items);
}

Outcome<ExecuteStatementResult> read_one(const Context& context, const PreparedStatement& prepared) {
  if (!prepared.key()) {
    return validation_error(
        "Select statements within BatchExecuteStatement must specify the primary key in the where clause.");
  }
  return prepared.read(context, std::nullopt, std::nullopt);
}

}  // namespace

void batch_execute_statement_async(const Context& context, const BatchExecuteStatementRequest& request,
                                   std::function<void(Outcome<BatchExecuteStatementResult>)> done) {
  if (auto failure = check_request(request)) return done(*std::move(failure));
  const size_t count = request.statements.size();
  std::vector<PreparedStatement> writes;
  std::vector<size_t> positions;
  BatchExecuteStatementResult result;
  result.responses.resize(count);
  for (size_t i = 0; i < count; ++i) {
    BatchStatementResponse& response = result.responses[i];
    PreparedStatement::Identity identity;
    auto prepared = PreparedStatement::prepare(context, request.statements[i], &identity);
    response.table = std::move(identity.table);
    if (!prepared.ok()) {
      response.error = std::move(prepared).error();
    } else if (prepared->is_read()) {
      settle(read_one(context, *prepared), &response);
    } else {
      writes.push_back(std::move(prepared).value());
      positions.push_back(i);
    }
  }
  // One more than the writes, so that none of them is the last while others are still being started.
  auto progress = std::make_shared<BatchProgress>(writes.size() + 1);
  progress->result = std::move(result);
  progress->done = std::move(done);
  for (size_t i = 0; i < writes.size(); ++i) {
    ItemWrite::run_async(context, writes[i].write(),
                         [progress, position = positions[i],
                          is_insert = writes[i].is_insert()](Outcome<WriteItemResult> outcome) {
                           settle(PreparedStatement::finish(std::move(outcome), is_insert),
                                  &progress->result.responses[position]);
                           progress->finish_one();
                         });
  }
  progress->finish_one();
}

Outcome<BatchExecuteStatementResult> batch_execute_statement(const Context& context,
                                                             const BatchExecuteStatementRequest& request) {
  struct Waiter {
    io::Mutex mutex;
    io::CondVar answered;
    std::optional<Outcome<BatchExecuteStatementResult>> outcome VARVE_GUARDED_BY(mutex);
  };
  Waiter waiter;
  batch_execute_statement_async(context, request, [&](Outcome<BatchExecuteStatementResult> outcome) {
    io::MutexLock lock(&waiter.mutex);
    waiter.outcome = std::move(outcome);
    waiter.answered.notify_all();
  });
  io::MutexLock lock(&waiter.mutex);
  while (!waiter.outcome) waiter.answered.wait(&waiter.mutex);
  return *std::move(waiter.outcome);
}

}  // namespace varve::api::dynamo
