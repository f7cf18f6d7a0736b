// From JSON to the typed form of the parameters of the time before expressions (api/expression/legacy.h).
//
// Each also notes its name in the request's notes, for the refusal of mixtures. Types and constraints are checked here, what the
// entries mean when they are translated.
//
// Threads: any (pure functions).
#pragma once

#include "api/dynamo/member_reader.h"
#include "api/dynamo/requests.h"

namespace varve::api::dynamo {

void read_expected(MemberReader& in, RequestBase* request);
// QueryFilter, ScanFilter; KeyConditions go to another place than filters.
void read_filter(MemberReader& in, Slice name, RequestBase* request);
void read_key_conditions(MemberReader& in, RequestBase* request);
void read_attribute_updates(MemberReader& in, RequestBase* request);
void read_conditional_operator(MemberReader& in, RequestBase* request);

}  // namespace varve::api::dynamo
