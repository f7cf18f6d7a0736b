// PreparedStatement: a PartiQL statement parsed, planned and bound to its table (api/partiql), ready to run as what it is: a page
// read, a read of one item, or an ItemWrite. ExecuteStatement, BatchExecuteStatement and ExecuteTransaction share it.
//
// Steps: bind makes the checks that need no table; plan those of the statement against the table's key schema; make_write those
// of the item itself. prepare is all of them, for a statement that stands alone.
//
// Threads: one. Ownership: holds the table; borrows the context and, as far as make_write, the request.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/dynamo/context.h"
#include "api/dynamo/item_write.h"
#include "api/dynamo/page_source.h"
#include "api/dynamo/requests.h"
#include "api/partiql/plan.h"

namespace varve::api::dynamo {

// A statement has 1 to 8192 bytes. path: the member's name in messages.
Failure check_statement_length(const std::string& statement, Slice path);

class PreparedStatement {
 public:
  // What a statement was found to be even when it could not be prepared, for BatchExecuteStatement's answers.
  struct Identity {
    bool is_read = false;
    std::string table;  // empty when the statement did not get that far
  };
  // identity may be nullptr.
  static Outcome<PreparedStatement> prepare(const Context& context, const StatementRequest& request,
                                            Identity* identity);

  static Outcome<PreparedStatement> bind(const StatementRequest& request, Identity* identity);
  const partiql::Statement& statement() const { return *statement_; }
  Failure plan(TableRef table);
  Failure make_write();
  // What a transaction checks before make_write (api/dynamo/transaction.h).
  Failure check_keys_not_empty() const;

  bool is_read() const { return statement_->is_read(); }
  const TableRef& table() const { return table_; }
  // A read's: the one primary key that WHERE names, when it does.
  const std::optional<index::PrimaryKey>& key() const { return read_.key; }

  // Reads. limit: items looked at.
  Outcome<ExecuteStatementResult> read(const Context& context, std::optional<int64_t> limit,
                                       const std::optional<std::string>& next_token) const;
  // What a read makes of the stored item under its key: nothing when WHERE does not hold, else what SELECT names.
  Failure shape(StoredItem* item) const;

  // Writes. finish turns the outcome of the write into the statement's.
  const std::shared_ptr<ItemWrite>& write() const { return write_; }
  static Outcome<ExecuteStatementResult> finish(Outcome<WriteItemResult> outcome, bool is_insert);
  bool is_insert() const { return statement_->kind == partiql::StatementKind::kInsert; }

 private:
  PreparedStatement(const StatementRequest& request, partiql::Statement statement);
  Failure plan_read();

  const StatementRequest* request_;
  std::unique_ptr<const partiql::Statement> statement_;
  std::optional<partiql::Planner> planner_;  // borrows the statement
  TableRef table_;
  std::optional<PageSource> source_;  // of reads; borrows the table
  bool fetch_ = false;
  uint64_t fingerprint_ = 0;
  partiql::ReadPlan read_;
  partiql::WritePlan write_plan_;
  std::shared_ptr<ItemWrite> write_;
};

}  // namespace varve::api::dynamo
