// The changes of a provisioned throughput, of a table or of a global index: when it was last increased and decreased, and how often it
// was decreased on a day.
//
// DynamoDB allows four decreases on a day of UTC, and after these one an hour. Here they are always counted, and limited only where
// tables take their time too (--table-delay-ms): a program's tests change throughputs as often as they like.
//
// Threads: any (pure functions).
#pragma once

#include "api/dynamo/error.h"
#include "api/dynamo/table_requests.h"

namespace varve::api::dynamo {

struct ChangeTime {
  uint64_t now_us = 0;  // wall clock
  bool limits_decreases = false;
};

// Makes `wanted` of `current`, and counts. LimitExceededException, with nothing changed, for one decrease too many.
Failure change_throughput(const Throughput& wanted, const ChangeTime& time, Throughput* current,
                          ThroughputChanges* changes);
// As descriptions tell them: decreases of a day that is over are none of today's.
void forget_past_days(uint64_t now_us, TableDescription* table);

}  // namespace varve::api::dynamo
