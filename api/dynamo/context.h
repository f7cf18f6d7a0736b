// Context: what every operation needs of the database it runs on, and finding the table a request names.
//
// Threads: the objects it points to are shared by all requests. Ownership: borrows them.
#pragma once

#include "api/dynamo/catalog.h"
#include "api/dynamo/constraints.h"
#include "api/dynamo/error.h"
#include "partition/store.h"

namespace varve::api::expression {
class SyntaxCache;
}

namespace varve::api::dynamo {

class Backfill;
class KinesisQueues;
class Streams;
class TransactionTokens;

struct Context {
  partition::Store* store = nullptr;
  Catalog* catalog = nullptr;
  TransactionTokens* tokens = nullptr;
  expression::SyntaxCache* expressions = nullptr;
  Streams* streams = nullptr;
  Backfill* backfill = nullptr;
  KinesisQueues* kinesis = nullptr;

  // For operations on items. The name's form was checked at the start of the request; a table that is not there is found
  // missing only here, after all checks that do not need it. One that is being created or deleted is not there yet, or any more.
  Outcome<TableRef> table_for_items(Slice name_or_arn) const {
    VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(name_or_arn, TableNameUse::kExisting));
    TableRef table = catalog->find(name);
    const auto status = table == nullptr ? std::nullopt : table->status();
    if (status == TableStatus::kActive || status == TableStatus::kUpdating) return table;
    return resource_not_found();
  }
};

// What a status of the store means to an operation on items: a keyspace that is gone was dropped with its table.
inline Error error_of_store(const Status& status) {
  return status.code() == ErrorCode::kNotFound ? resource_not_found() : from_status(status);
}

}  // namespace varve::api::dynamo
