// GlobalSecondaryIndexUpdates of UpdateTable: the checks, in DynamoDB's order, and what they make of the table.
//
// Threads: any (pure functions).
#pragma once

#include "api/dynamo/error.h"
#include "api/dynamo/table_requests.h"
#include "api/dynamo/throughput_changes.h"

namespace varve::api::dynamo {

// Creates or deletes an index, or changes an index's throughput.
bool changes_indexes(const UpdateTableRequest& request);
bool creates_index(const UpdateTableRequest& request);
// Of the indexes that it changes, only the warm throughput.
bool only_warms_indexes(const UpdateTableRequest& request);
// The checks that need no table.
Failure check_index_updates(const UpdateTableRequest& request);
// Only one index is created or deleted at a time, and while one is being filled only its deletion is possible.
Failure check_no_index_busy(const UpdateTableRequest& request, const TableDescription& table);
// Applies the updates. An index to be created is added without an id, and as kCreating.
Failure apply_index_updates(const UpdateTableRequest& request, const ChangeTime& time,
                            TableDescription* table);
// As the answer tells them: an index that was deleted is still there, kDeleting.
void tell_index_updates(const UpdateTableRequest& request, const TableDescription& before,
                        TableDescription* answer);

}  // namespace varve::api::dynamo
