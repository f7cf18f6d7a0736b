// EventPattern: which records a command wants, in the filter language of Lambda's event source mappings (Amazon EventBridge's event
// patterns):
//
//   {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"price": {"N": [{"numeric": [">", 10]}]}}}}
//
// Every member must match (and); a member is a pattern of its own, or an array of rules of which one must match (or). A rule is a
// value, which must be equal, or one of
//
//   {"prefix": "x"}  {"suffix": "x"}  {"equals-ignore-case": "x"}  {"prefix": {"equals-ignore-case": "x"}}
//   {"anything-but": "x"}  {"anything-but": ["x", 1]}  {"anything-but": {"prefix": "x"}}
//   {"numeric": ["=", 1]}  {"numeric": [">=", 1, "<", 10]}  {"exists": true}
//
// and the member "$or" is an array of patterns of which one must match. Where the record has an array, one of its elements must match.
// What is not there matches only {"exists": false}.
//
// Beyond Lambda, which compares only JSON's numbers: `numeric` under an N or NS takes the text there as the number that it is, exactly.
// Cases are ignored for ASCII letters.
//
// Threads: matches from any. Ownership: owns its text.
#pragma once

#include <memory>
#include <optional>

#include "api/json/document.h"
#include "base/result.h"

namespace varve::api {

class EventPattern {
 public:
  // kInvalidArgument names the member and what is wrong with it.
  static Result<EventPattern> parse(Slice text);
  bool matches(const json::Value& record) const;

 private:
  std::unique_ptr<json::Document> document_;  // what root_ borrows from
  json::Object root_;
};

}  // namespace varve::api
