// ConditionExpression and FilterExpression, bound to a request's placeholders.
//
// Evaluation reads the stored item in place and allocates nothing. It cannot fail: operand types that can be
// known from the text and the placeholders alone are refused when parsing, as DynamoDB does, even when no
// item is ever examined; what an item holds only makes a condition true or false.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/expression/path.h"
#include "api/expression/placeholders.h"
#include "api/expression/syntax.h"
#include "base/result.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::api::expression {

class Condition {
 public:
  // item: the stored item, or ItemView() when there is none.
  bool evaluate(const index::ItemView& item) const;

  // "Key attributes must be scalars; ..." for a path below a key attribute.
  Status check_key_paths(const index::KeyParts& keys, Slice kind = "Key") const;
  // For a Query's filter: "Filter Expression can only contain non-primary key attributes: Primary key attribute: a".
  Status check_no_key_attributes(const index::KeyParts& keys, Slice filter = "Filter Expression") const;

  // For those who look below: key_condition.cc.
  const ConditionSyntax& syntax() const { return *syntax_; }
  const DocumentPath& path(uint32_t i) const { return paths_[i]; }
  const std::vector<DocumentPath>& paths() const { return paths_; }
  const index::AttributeValue& value(uint32_t i) const { return *values_[i].value; }

 private:
  friend Result<Condition> bind_condition(std::shared_ptr<const ConditionSyntax>, Placeholders*);
  struct BoundValue {
    std::shared_ptr<const index::AttributeValue> value;
    std::string encoded;  // tag and payload, so that it compares with stored values as bytes
  };
  struct Operand;
  class Binder;
  bool evaluate_node(uint32_t node, const index::ItemView& item) const;
  bool evaluate_comparison(const ConditionNode& node, const index::ItemView& item) const;
  bool evaluate_function(const ConditionNode& node, const index::ItemView& item) const;
  void find_operand(uint32_t node, const index::ItemView& item, Operand* out) const;

  // Shared because a cache of parsed texts and several requests hold it at once.
  std::shared_ptr<const ConditionSyntax> syntax_;
  std::vector<DocumentPath> paths_;
  std::vector<BoundValue> values_;
};

// Binds a parsed condition, checking in DynamoDB's order, comparison by comparison: undefined placeholders,
// operand counts, distinct operands, static operand types.
Result<Condition> bind_condition(std::shared_ptr<const ConditionSyntax> syntax, Placeholders* placeholders);

Result<Condition> parse_condition(Slice text, Placeholders* placeholders);
Result<Condition> parse_filter(Slice text, Placeholders* placeholders);

}  // namespace varve::api::expression
