// EnableKinesisStreamingDestination and its three companions: a table's changes in a file that stands for the Kinesis stream
// (kinesis_file.h). The stream's ARN is kept and told again; it leads nowhere. A table has one destination at a time.
//
// Threads: those that change something run on the dispatcher's control thread. Errors: in the answer.
#pragma once

#include "api/dynamo/context.h"
#include "api/dynamo/dispatcher.h"
#include "api/json/document.h"

namespace varve::api::dynamo {

Response describe_kinesis_destination(const Context& context, json::Object body);
Response enable_kinesis_destination(const Context& context, json::Object body);
Response disable_kinesis_destination(const Context& context, json::Object body);
Response update_kinesis_destination(const Context& context, json::Object body);

}  // namespace varve::api::dynamo
