// NextToken of a SELECT: where the next page begins, as text that clients send back unread.
//
//   base64( u8 version = 1, u64 fingerprint, u32 range, tree key )      little endian
//
// The fingerprint is of the statement, its parameters and the table's keyspace, so a token of another statement is refused.
// It is no secret: a forged token is bounds-checked against the statement's own plan and can only name a place that the statement
// reads anyway.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "api/partiql/plan.h"
#include "base/ids.h"
#include "base/slice.h"
#include "index/attribute_value.h"

namespace varve::api::partiql {

// The position of a SELECT between two pages.
struct ReadPosition {
  uint32_t range = 0;  // of the plan
  std::string after;   // the last tree key looked at in it; empty: none yet
};

uint64_t statement_fingerprint(Slice statement, std::span<const index::AttributeValue> parameters,
                               KeyspaceId items);
std::string encode_next_token(uint64_t fingerprint, const ReadPosition& position);
// nullopt for what encode_next_token would not have written for this statement and this plan, whose keys have `key_components` components.
std::optional<ReadPosition> decode_next_token(Slice token, uint64_t fingerprint, const ReadPlan& plan,
                                              size_t key_components);

}  // namespace varve::api::partiql
