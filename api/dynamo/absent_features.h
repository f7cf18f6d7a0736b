// The answers of operations on features that one node does not have, or not yet: backups, exports, imports, global tables, contributor
// insights, auto scaling. Tools ask about these whenever they look at a table, and the truth is an empty list,
// "disabled" or "not found". What would have to do something is refused by a ValidationException that names the feature, or by the
// modelled error that says that there is nothing to do it with; and what asks for the state that there is already succeeds.
//
// Threads: any. Errors: in the answer.
#pragma once

#include "api/dynamo/context.h"
#include "api/dynamo/dispatcher.h"
#include "api/dynamo/member_reader.h"
#include "api/json/document.h"

namespace varve::api::dynamo {

// The answer of one of these operations; nullptr when `operation` is none of them.
using AbsentFeature = Response (*)(const Context&, json::Object);
AbsentFeature find_absent_feature(Slice operation);
// Of those about backups, exports and imports (absent_backups.cc).
AbsentFeature find_absent_backup_feature(Slice operation);

// What the files of these operations share.
struct AbsentFeatureEntry {
  Slice operation;
  AbsentFeature answer;
};
Response feature_refusal(const Error& error);
// An exception that only these operations have.
Response feature_not_found(Slice exception, const std::string& message);
// "<feature> not supported by this version of Varve": "Backups are", "Exports to S3 are".
Response feature_missing(Slice feature);
// A member of 1 to `longest` bytes that must be there.
void read_required(MemberReader& in, Slice member, int64_t shortest, int64_t longest, std::string* out);
void read_page_size(MemberReader& in, Slice member, int64_t longest);

}  // namespace varve::api::dynamo
