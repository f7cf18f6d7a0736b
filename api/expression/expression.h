// The five expressions of DynamoDB, ready to be evaluated.
//
//   Placeholders placeholders;  ... add_name, add_value ...
//   VARVE_ASSIGN_OR_RETURN(Condition condition, parse_condition(text, &placeholders));
//   VARVE_ASSIGN_OR_RETURN(Update update, parse_update(text, &placeholders));
//   VARVE_RETURN_IF_ERROR(placeholders.check_all_used());
//   if (!condition.evaluate(view)) ...            // view: the stored item in place, or ItemView() when there
//   is none VARVE_ASSIGN_OR_RETURN(Item item, update.apply(old, key));
//
// One lexer, one parser and one syntax tree (syntax.h) serve all five; the tree holds no names or values of
// the request, so it can be cached by text. What is here is the tree bound to one request's placeholders.
//
// Errors: kInvalidArgument whose message is the whole text of the ValidationException DynamoDB sends, prefix included.
// Of several errors in one expression the one is reported that DynamoDB reports (api/expression/README.md).
// Threads: bound expressions are immutable and may be evaluated from several threads. They own what they need.
// Bounds: text of 4096 bytes, 300 operators, paths of 32 steps; recursion is bounded by the text.
#pragma once

#include "api/expression/condition.h"
#include "api/expression/key_condition.h"
#include "api/expression/placeholders.h"
#include "api/expression/projection.h"
#include "api/expression/update.h"
