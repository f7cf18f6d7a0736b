// What Lambda and its functions say to each other about a DynamoDB stream, as JSON: the event that a function is given, its answer about
// single records, and what a failed batch leaves at an on-failure destination.
//
// Threads: free functions; share nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/json/document.h"
#include "base/result.h"

namespace varve::api {

// A record of a stream as an event carries it: what GetRecords says, with eventSourceARN, and the members of userIdentity (of an expired
// item's removal) spelt as Lambda spells them.
struct LambdaRecord {
  std::string json;
  std::string sequence_number;
  uint64_t created_us = 0;
};
// kInvalidArgument for what is no record of GetRecords.
Result<LambdaRecord> lambda_record(const json::Value& record, Slice stream_arn);

// {"Records":[...]}
std::string lambda_event(std::span<const LambdaRecord> records);

// What a function answers with ReportBatchItemFailures: {"batchItemFailures":[{"itemIdentifier":"<sequence number>"}]}. The index of
// the first of the records that failed; records.size() when none did (no answer, null, {} and an empty list say so too); nullopt when the
// answer is no such thing or names a record that is not among them: then all failed.
std::optional<size_t> first_failure(Slice answer, std::span<const LambdaRecord> records);

struct FailedBatch {
  std::string condition;  // "RetryAttemptsExhausted"
  std::string command;
  int attempts = 0;
  std::optional<int> exit_code;  // absent when it was never run
  std::string shard_id;
  std::string stream_arn;
};
// One line without its end. Beside Lambda's members it has exitStatus, and payload, the whole event as text, as at a destination in S3.
std::string failed_batch_line(const FailedBatch& failed, std::span<const LambdaRecord> records,
                              uint64_t now_us);

}  // namespace varve::api
