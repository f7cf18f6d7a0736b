// KeyConditionExpression: one partition key value and, at most, one condition on the sort key.
//
// parse_key_condition refuses what no key schema could accept (section 4.5 of the specification); resolve holds the
// terms against a schema and answers what a Query reads. The two are apart because DynamoDB looks the table up between.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/expression/placeholders.h"
#include "base/result.h"
#include "index/key_codec.h"
#include "index/key_schema.h"

namespace varve::api::expression {

// What a Query reads: index::collection_range(partition, sort ? &*sort : nullptr).
struct KeyQuery {
  index::AttributeValue partition;
  std::optional<index::SortCondition> sort;
};

class KeyCondition {
 public:
  struct Term {
    std::string name;
    index::SortCondition condition;
    bool is_indexable = true;  // false: an operator of KeyConditions that no key can be searched by
  };
  KeyCondition() = default;
  // Terms found elsewhere (legacy.h, api/partiql), on different attributes.
  explicit KeyCondition(std::vector<Term> terms) : terms_(std::move(terms)) {}

  // One or two terms on different attributes, in the order of the text.
  const std::vector<Term>& terms() const { return terms_; }

  // "Query condition missed key schema element: a", "Query key condition not supported", "... Condition
  // parameter type does not match schema type", and the texts for empty and oversized keys.
  Result<KeyQuery> resolve(const index::KeySchema& schema) const;

 private:
  std::vector<Term> terms_;
};

Result<KeyCondition> parse_key_condition(Slice text, Placeholders* placeholders);

}  // namespace varve::api::expression
