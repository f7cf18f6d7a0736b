// ExecuteStatement: one PartiQL statement.
#include "api/dynamo/operations.h"
#include "api/dynamo/prepared_statement.h"

namespace varve::api::dynamo {
namespace {

Failure check_request(const ExecuteStatementRequest& request) {
  if (!request.parameter_error.empty()) return validation_error(request.parameter_error);
  VARVE_RETURN_IF_FAILED(check_statement_length(request.statement, "statement"));
  if (request.limit && *request.limit < 1) {
    return constraint_error(std::to_string(*request.limit), "limit", min_value(1));
  }
  return std::nullopt;
}

}  // namespace

Outcome<ExecuteStatementResult> execute_statement(const Context& context,
                                                  const ExecuteStatementRequest& request) {
  VARVE_RETURN_IF_FAILED(check_request(request));
  VARVE_ASSIGN_OR_FAIL(const auto prepared, PreparedStatement::prepare(context, request, nullptr));
  if (prepared.is_read()) return prepared.read(context, request.limit, request.next_token);
  return PreparedStatement::finish(ItemWrite::run(context, prepared.write().get()), prepared.is_insert());
}

void execute_statement_async(const Context& context, const ExecuteStatementRequest& request,
                             std::function<void(Outcome<ExecuteStatementResult>)> done) {
  if (auto failure = check_request(request)) return done(*std::move(failure));
  const auto prepared = PreparedStatement::prepare(context, request, nullptr);
  if (!prepared.ok()) return done(prepared.error());
  if (prepared->is_read()) return done(prepared->read(context, request.limit, request.next_token));
  ItemWrite::run_async(
      context, prepared->write(),
      [is_insert = prepared->is_insert(), done = std::move(done)](Outcome<WriteItemResult> outcome) {
        done(PreparedStatement::finish(std::move(outcome), is_insert));
      });
}

}  // namespace varve::api::dynamo
