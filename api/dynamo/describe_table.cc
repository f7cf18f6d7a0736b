// DescribeTable and ListTables.
#include <algorithm>

#include "api/dynamo/operations.h"
#include "api/dynamo/throughput_changes.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr int64_t kMaxListedTables = 100;

Status count(const Context& context, KeyspaceId keyspace, uint64_t* items, uint64_t* size_bytes) {
  VARVE_ASSIGN_OR_RETURN(const auto counted, context.store->keyspace_statistics(keyspace));
  // A tombstone stands for itself and, as a rule, for one entry below it.
  const uint64_t entries = counted.memtable_entries + counted.file_entries;
  *items = entries - std::min(entries, 2 * counted.file_tombstones);
  *size_bytes = entries == 0 ? 0 : counted.memtable_bytes + counted.file_bytes;
  return {};
}

}  // namespace

Outcome<TableDescription> described(const Context& context, const Table& table) {
  TableDescription description = table.description;
  description.status = table.status().value_or(TableStatus::kDeleting);
  forget_past_days(io::wall_us(), &description);
  Status counted = count(context, table.items, &description.item_count, &description.size_bytes);
  for (size_t i = 0; i < table.index_count() && counted.ok(); ++i) {
    IndexDescription& index = description.indexes[i];
    if (description.status == TableStatus::kCreating) index.status = IndexStatus::kCreating;
    counted = count(context, table.index_entries[i], &index.item_count, &index.size_bytes);
    // Deleted since the table was looked up: so is what was counted.
    if (counted.code() == ErrorCode::kNotFound &&
        newest(context.catalog->find(description.name)) != nullptr) {
      counted = Status();
    }
  }
  // Dropped since the table was looked up.
  if (counted.code() == ErrorCode::kNotFound) return table_not_found(description.name);
  if (!counted.ok()) return from_status(counted);
  return description;
}

Outcome<TableDescription> describe_table(const Context& context, const std::string& table) {
  VARVE_ASSIGN_OR_FAIL(const TableRef found, find_table(*context.catalog, table));
  return described(context, *found);
}

Outcome<ListTablesResult> list_tables(const Context& context, const ListTablesRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const size_t limit, limit_of(request.limit, kMaxListedTables));
  const std::string after = request.exclusive_start_table_name.value_or("");
  if (request.exclusive_start_table_name) {
    VARVE_RETURN_IF_FAILED(check_start_table_name(after));
  }
  ListTablesResult result;
  bool more = false;
  result.table_names = context.catalog->list(after, limit, &more);
  if (more) result.last_evaluated_table_name = result.table_names.back();
  return result;
}

}  // namespace varve::api::dynamo
