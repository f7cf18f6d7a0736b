// PreparedStatement: a PartiQL statement parsed, planned and bound to its table (api/partiql), ready to run as what it is: a page
// read or an ItemWrite. ExecuteStatement and BatchExecuteStatement share it.
//
// Threads: one. Ownership: holds the table; borrows the context.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/dynamo/context.h"
#include "api/dynamo/item_write.h"
#include "api/dynamo/requests.h"
#include "api/partiql/plan.h"

namespace varve::api::dynamo {

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

  bool is_read() const { return write_ == nullptr; }
  bool names_one_item() const { return read_.names_one_item; }

  // Reads. limit: items looked at.
  Outcome<ExecuteStatementResult> read(const Context& context, std::optional<int64_t> limit,
                                       const std::optional<std::string>& next_token) const;

  // Writes. finish turns the outcome of the write into the statement's.
  const std::shared_ptr<ItemWrite>& write() const { return write_; }
  static Outcome<ExecuteStatementResult> finish(Outcome<WriteItemResult> outcome, bool is_insert);
  bool is_insert() const { return is_insert_; }

 private:
  Failure prepare_write(const partiql::Statement& statement, const StatementRequest& request,
                        partiql::Planner* planner);

  TableRef table_;
  bool consistent_read_ = false;
  bool is_insert_ = false;
  uint64_t fingerprint_ = 0;
  partiql::ReadPlan read_;
  std::shared_ptr<ItemWrite> write_;
};

}  // namespace varve::api::dynamo
