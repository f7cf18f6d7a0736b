// ExecuteTransaction: up to 100 PartiQL statements, all reads of one moment or all writes of one commit. It is TransactGetItems and
// TransactWriteItems in another language: the statements become the same reads and the same ItemWrites.
#include "api/dynamo/operations.h"
#include "api/dynamo/prepared_statement.h"
#include "api/dynamo/snapshot_read.h"
#include "api/dynamo/transaction.h"
#include "api/dynamo/write_transaction.h"
#include "base/coding.h"
#include "base/hash.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

Error in_statement(size_t position, Error error) {
  if (error.type != ErrorType::kValidation) return error;
  return validation_error("Validation failed in TransactStatements[" + std::to_string(position) +
                          "]: " + error.message);
}

// Whether the statements are reads: all of them or none.
Outcome<bool> check_form(const ExecuteTransactionRequest& request) {
  if (!request.parameter_error.empty()) return validation_error(request.parameter_error);
  const size_t count = request.statements.size();
  VARVE_RETURN_IF_FAILED(check_transaction_length(count, "transactStatements"));
  VARVE_RETURN_IF_FAILED(check_token(request.client_request_token));
  size_t reads = 0;
  for (size_t i = 0; i < count; ++i) {
    const std::string& text = request.statements[i].statement;
    VARVE_RETURN_IF_FAILED(
        check_statement_length(text, "transactStatements." + std::to_string(i + 1) + ".member.statement"));
    if (partiql::begins_as_read(text)) ++reads;
  }
  if (reads > 0 && reads < count) {
    return validation_error(
        "ExecuteTransaction API does not support both read and write operations in the same request.");
  }
  return reads > 0;
}

// What can be wrong with a statement on its own, in a transaction.
Failure check_statement(const partiql::Statement& statement) {
  if (statement.returning != partiql::Returning::kNothing) {
    return validation_error("RETURNING clause is not supported in ExecuteTransaction.");
  }
  if (statement.index) return validation_error("Reads on indices are not supported within transactions.");
  return std::nullopt;
}

Outcome<std::vector<PreparedStatement>> plan_all(const Context& context,
                                                 const ExecuteTransactionRequest& request) {
  std::vector<PreparedStatement> statements;
  statements.reserve(request.statements.size());
  for (size_t i = 0; i < request.statements.size(); ++i) {
    auto bound = PreparedStatement::bind(request.statements[i], nullptr);
    if (!bound.ok()) return in_statement(i, std::move(bound).error());
    if (auto failure = check_statement(bound->statement()))
      return in_statement(i, take_error(std::move(failure)));
    statements.push_back(std::move(bound).value());
  }
  std::vector<TableRef> tables;
  for (const PreparedStatement& statement : statements) {
    VARVE_ASSIGN_OR_FAIL(tables.emplace_back(), context.table_for_items(statement.statement().table));
  }
  for (size_t i = 0; i < statements.size(); ++i) {
    if (auto failure = statements[i].plan(std::move(tables[i])))
      return in_statement(i, take_error(std::move(failure)));
  }
  return statements;
}

// Of the statements and their parameters, but not of what is returned.
ParametersHash hash_parameters(const ExecuteTransactionRequest& request) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (const StatementRequest& statement : request.statements) {
    out.u8(4);
    out.string(statement.statement);
    out.varint(statement.parameters.size());
    for (const AttributeValue& parameter : statement.parameters)
      index::append_encoded_value(parameter, &bytes);
    out.u8(statement.return_old_on_condition_failure ? 1 : 0);
  }
  return {hash64(bytes, 0), hash64(bytes, 1)};
}

Outcome<std::shared_ptr<WriteTransaction>> prepare_write(const Context& context,
                                                         const ExecuteTransactionRequest& request) {
  VARVE_ASSIGN_OR_FAIL(std::vector<PreparedStatement> statements, plan_all(context, request));
  std::vector<WriteTransaction::Member> members;
  std::optional<std::pair<size_t, Error>> first_bad;
  ItemsSeen seen;
  for (size_t i = 0; i < statements.size(); ++i) {
    VARVE_RETURN_IF_FAILED(statements[i].check_keys_not_empty());
    if (auto failure = statements[i].make_write()) {
      if (!first_bad) first_bad.emplace(i, take_error(std::move(failure)));
      continue;
    }
    members.push_back({statements[i].write(), statements[i].is_insert()});
    VARVE_RETURN_IF_FAILED(seen.add(members.back().write->commit_key()));
  }
  if (first_bad) return canceled_at(statements.size(), first_bad->first, first_bad->second);
  std::optional<WriteTransaction::Token> token;
  if (request.client_request_token) token = {*request.client_request_token, hash_parameters(request)};
  return std::make_shared<WriteTransaction>(context, std::move(members), token);
}

ExecuteTransactionResult result_of(TransactWriteItemsResult written, size_t statements) {
  ExecuteTransactionResult result;
  result.wrote = true;
  result.replayed = written.replayed;
  result.items.resize(statements);
  result.consumed_capacity = std::move(written.consumed_capacity);
  return result;
}

Outcome<ExecuteTransactionResult> read(const Context& context, const ExecuteTransactionRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const std::vector<PreparedStatement> statements, plan_all(context, request));
  std::vector<SnapshotGet> gets;
  gets.reserve(statements.size());  // ItemsSeen borrows their keys
  ItemsSeen seen;
  for (size_t i = 0; i < statements.size(); ++i) {
    const auto& key = statements[i].key();
    if (!key) {
      return in_statement(i, validation_error("Select statements within ExecuteTransaction must specify the "
                                              "primary key in the where clause."));
    }
    gets.push_back(make_snapshot_get(statements[i].table(), *key));
    VARVE_RETURN_IF_FAILED(seen.add(gets.back().commit_key()));
  }
  VARVE_ASSIGN_OR_FAIL(TransactGetItemsResult found, read_snapshot(context, gets));
  ExecuteTransactionResult result;
  result.items = std::move(found.items);
  result.consumed_capacity = std::move(found.consumed_capacity);
  for (size_t i = 0; i < statements.size(); ++i) {
    VARVE_RETURN_IF_FAILED(statements[i].shape(&result.items[i]));
  }
  return result;
}

}  // namespace

Outcome<ExecuteTransactionResult> execute_transaction(const Context& context,
                                                      const ExecuteTransactionRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const bool reads, check_form(request));
  if (reads) return read(context, request);
  VARVE_ASSIGN_OR_FAIL(const auto transaction, prepare_write(context, request));
  VARVE_ASSIGN_OR_FAIL(TransactWriteItemsResult written, WriteTransaction::run(transaction.get()));
  return result_of(std::move(written), request.statements.size());
}

void execute_transaction_async(const Context& context, const ExecuteTransactionRequest& request,
                               std::function<void(Outcome<ExecuteTransactionResult>)> done) {
  const auto reads = check_form(request);
  if (!reads.ok()) return done(reads.error());
  if (*reads) return done(read(context, request));
  auto transaction = prepare_write(context, request);
  if (!transaction.ok()) return done(std::move(transaction).error());
  WriteTransaction::run_async(
      std::move(transaction).value(),
      [count = request.statements.size(), done = std::move(done)](Outcome<TransactWriteItemsResult> outcome) {
        if (!outcome.ok()) return done(std::move(outcome).error());
        done(result_of(std::move(outcome).value(), count));
      });
}

}  // namespace varve::api::dynamo
