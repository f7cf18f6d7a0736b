// UpdateExpression: old item -> new item.
//
// All right-hand sides and all list positions refer to the item as it was before the update; the clauses are then
// applied as a set, so their order does not matter. A failed evaluation leaves nothing behind: apply answers a new
// item.
//
// Errors of apply: kInvalidArgument with DynamoDB's text ("The document path provided in the update
// expression is invalid for update", "The provided expression refers to an attribute that does not exist in
// the item", "An operand in the update expression has an incorrect data type", number overflow, nesting
// levels). The item's size is the caller's check, who also needs it for capacity: index::item_size_bytes.
#pragma once

#include <memory>
#include <vector>

#include "api/expression/path.h"
#include "api/expression/placeholders.h"
#include "api/expression/projection.h"
#include "api/expression/syntax.h"
#include "base/result.h"
#include "index/attribute_value.h"
#include "index/key_schema.h"

namespace varve::api::expression {

class Update {
 public:
  // old_item: the stored item, or nullptr when there is none; key_attributes: what a new item starts from.
  Result<index::Item> apply(const index::Item* old_item, const index::Item& key_attributes) const;
  // False when it holds only REMOVE and DELETE clauses: on a missing item it then creates nothing.
  bool creates_item() const { return creates_item_; }

  // The target paths as a projection. UPDATED_OLD is targets().apply(old item), UPDATED_NEW is
  // targets().apply(new item); when the result is empty, Attributes is absent.
  const Projection& targets() const { return targets_; }

  // The attributes that get a placeholder's value as it is, or as an operand of ADD, which has the attribute's type: what can be known
  // of the new item before there is an old one.
  index::Item assigned_values() const;

  // "Cannot update attribute a. This attribute is part of the key" and "Key attributes must be scalars; ...".
  Status check_key_attributes(const index::KeySchema& schema) const;
  // "Key attributes must be scalars; ..." for a path below one of these keys.
  Status check_key_paths(const index::KeyParts& keys, Slice kind) const;

 private:
  friend Result<Update> bind_update(std::shared_ptr<const UpdateSyntax>, Placeholders*);
  class Binder;
  class Evaluator;

  // Shared because a cache of parsed texts and several requests hold it at once.
  std::shared_ptr<const UpdateSyntax> syntax_;
  std::vector<DocumentPath> paths_;
  std::vector<std::shared_ptr<const index::AttributeValue>> values_;
  PathTree tree_;  // of the clauses' targets; leaf i is clause i
  Projection targets_;
  bool creates_item_ = false;
};

Result<Update> bind_update(std::shared_ptr<const UpdateSyntax> syntax, Placeholders* placeholders);
Result<Update> parse_update(Slice text, Placeholders* placeholders);

}  // namespace varve::api::expression
