// The answers of operations on features that one node does not have: backups, exports, imports, global tables, contributor
// insights, Kinesis destinations, resource policies. Tools ask for them whenever they look at a table, and the truth is an empty
// list, "disabled" or "not found". What would have to do something is no operation here at all (dispatcher.cc).
//
// Threads: any. Errors: in the answer.
#pragma once

#include "api/dynamo/context.h"
#include "api/dynamo/dispatcher.h"
#include "api/json/document.h"

namespace varve::api::dynamo {

// The answer of one of these operations; nullptr when `operation` is none of them.
using AbsentFeature = Response (*)(const Context&, json::Object);
AbsentFeature find_absent_feature(Slice operation);

}  // namespace varve::api::dynamo
