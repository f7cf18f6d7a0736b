// KeyConditionExpression: a value for each partition key attribute and, at most, a condition on the sort key. Only global indexes have more
// than one attribute of a kind: of several sort attributes the first ones may be given values, and the one after them a condition.
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
#include "index/index_schema.h"
#include "index/key_codec.h"
#include "index/key_schema.h"

namespace varve::api::expression {

// What a Query reads.
struct KeyQuery {
  std::vector<index::AttributeValue> partition;  // of each partition attribute
  std::vector<index::AttributeValue>
      sort_values;                           // of the first sort attributes; empty where there is one at most
  std::optional<index::SortCondition> sort;  // on the sort attribute after those

  index::KeyRange range() const;
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

  // On different attributes, in the order of the text.
  const std::vector<Term>& terms() const { return terms_; }

  // "Query condition missed key schema element: a", "Query key condition not supported", "... Condition
  // parameter type does not match schema type", and the texts for empty and oversized keys.
  Result<KeyQuery> resolve(const index::KeyParts& keys) const;

 private:
  std::vector<Term> terms_;
};

// How many conditions a table's key may get, and an index's.
inline constexpr size_t kMaxTableKeyTerms = 2;
inline constexpr size_t kMaxIndexKeyTerms = 2 * index::kMaxIndexKeyAttributes;

Result<KeyCondition> parse_key_condition(Slice text, Placeholders* placeholders,
                                         size_t max_terms = kMaxTableKeyTerms);

}  // namespace varve::api::expression
