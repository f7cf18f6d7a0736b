#include "api/expression/update.h"

#include <algorithm>
#include <deque>

#include "api/expression/parser.h"
#include "api/expression/syntax_cache.h"

namespace varve::api::expression {

using index::AttributeMap;
using index::AttributeType;
using index::AttributeValue;
using index::Item;
using index::Number;

namespace {

Status invalid_path() {
  return Status::invalid_argument(
      "The document path provided in the update expression is invalid for update");
}
Status missing_attribute() {
  return Status::invalid_argument(
      "The provided expression refers to an attribute that does not exist in the item");
}

Slice operator_name(UpdateOp op) {
  switch (op) {
    case UpdateOp::kPlus:
      return "+";
    case UpdateOp::kMinus:
      return "-";
    case UpdateOp::kIfNotExists:
      return "if_not_exists";
    case UpdateOp::kListAppend:
      return "list_append";
    case UpdateOp::kPath:
    case UpdateOp::kValue:
      break;
  }
  return "";
}

// The long names that only the messages of ADD and DELETE use.
Slice long_type_name(AttributeType type) {
  switch (type) {
    case AttributeType::kString:
      return "STRING";
    case AttributeType::kNumber:
      return "NUMBER";
    case AttributeType::kBinary:
      return "BINARY";
    case AttributeType::kBool:
      return "BOOLEAN";
    case AttributeType::kNull:
      return "NULL";
    case AttributeType::kList:
      return "LIST";
    case AttributeType::kMap:
      return "MAP";
    default:
      return "SET";
  }
}

}  // namespace

// Gives the tree its paths and values and checks, in DynamoDB's order, what the text and the placeholders
// show: undefined names, undefined values, overlaps, conflicts, operands of ADD and DELETE, functions.
class Update::Binder {
 public:
  Binder(std::shared_ptr<const UpdateSyntax> syntax, Placeholders* placeholders)
      : placeholders_(placeholders), syntax_(*syntax) {
    update_.syntax_ = std::move(syntax);
  }

  Result<Update> bind() {
    Status status = check();
    if (!status.ok()) return expression_error(syntax_.kind, status.message());
    return std::move(update_);
  }

 private:
  Status check() {
    for (const SyntaxPath& path : syntax_.operands.paths) {
      VARVE_ASSIGN_OR_RETURN(DocumentPath resolved, resolve_path(path, placeholders_));
      update_.paths_.push_back(std::move(resolved));
    }
    for (const std::string& name : syntax_.operands.values) {
      update_.values_.push_back(placeholders_->use_value(name));
      if (update_.values_.back() == nullptr) {
        return Status::invalid_argument(
            "An expression attribute value used in expression is not defined; attribute value: " + name);
      }
    }
    VARVE_RETURN_IF_ERROR(make_targets());
    for (const UpdateClause& clause : syntax_.clauses) VARVE_RETURN_IF_ERROR(check_operand_type(clause));
    for (const UpdateNode& node : syntax_.nodes) VARVE_RETURN_IF_ERROR(check_node(node));
    return {};
  }

  Status make_targets() {
    std::vector<DocumentPath> paths;
    std::vector<const DocumentPath*> pointers;
    for (const UpdateClause& clause : syntax_.clauses) {
      pointers.push_back(&update_.paths_[clause.target]);
      paths.push_back(*pointers.back());
      update_.creates_item_ = update_.creates_item_ || clause.section == UpdateSection::kSet ||
                              clause.section == UpdateSection::kAdd;
    }
    VARVE_ASSIGN_OR_RETURN(update_.tree_, make_path_tree(pointers));
    update_.targets_ = Projection(std::move(paths), update_.tree_);
    return {};
  }

  Status check_operand_type(const UpdateClause& clause) const {
    if (clause.section != UpdateSection::kAdd && clause.section != UpdateSection::kDelete) return {};
    const AttributeType type = update_.values_[syntax_.nodes[clause.node].operand]->type();
    const bool number_allowed = clause.section == UpdateSection::kAdd;
    if (index::is_set(type) || (number_allowed && type == AttributeType::kNumber)) return {};
    return Status::invalid_argument("Incorrect operand type for operator or function; operator: " +
                                    std::string(section_name(clause.section)) +
                                    ", operand type: " + std::string(long_type_name(type)));
  }

  const UpdateNode& child(const UpdateNode& node, uint32_t i) const {
    return syntax_.nodes[syntax_.child(node, i)];
  }

  Status check_node(const UpdateNode& node) const {
    if (node.op == UpdateOp::kPath || node.op == UpdateOp::kValue) return {};
    const std::string name(operator_name(node.op));
    const bool is_function = node.op == UpdateOp::kIfNotExists || node.op == UpdateOp::kListAppend;
    for (uint32_t i = 0; is_function && i < node.child_count; ++i) {
      if (child(node, i).op == UpdateOp::kListAppend) {
        return Status::invalid_argument(
            "The function is not allowed to be used this way in an expression; function: list_append");
      }
    }
    if (node.child_count != 2) {
      return Status::invalid_argument(
          "Incorrect number of operands for operator or function; operator or function: " + name +
          ", number of operands: " + std::to_string(node.child_count));
    }
    if (node.op == UpdateOp::kIfNotExists) {
      if (child(node, 0).op == UpdateOp::kPath) return {};
      return Status::invalid_argument(
          "Operator or function requires a document path; operator or function: " + name);
    }
    const AttributeType wanted =
        node.op == UpdateOp::kListAppend ? AttributeType::kList : AttributeType::kNumber;
    // Only of placeholders: what if_not_exists answers depends on the item, whatever its second operand is.
    for (uint32_t i = 0; i < 2; ++i) {
      if (child(node, i).op != UpdateOp::kValue) continue;
      const AttributeType type = update_.values_[child(node, i).operand]->type();
      if (type == wanted) continue;
      return Status::invalid_argument(
          "Incorrect operand type for operator or function; operator or function: " + name +
          ", operand type: " + std::string(index::type_name(type)));
    }
    return {};
  }

  Placeholders* placeholders_;
  const UpdateSyntax& syntax_;
  Update update_;
};

// Evaluates the clauses against the old item, then applies all of them to a copy of it.
class Update::Evaluator {
 public:
  // More targets than these in one map are merged into it.
  static constexpr size_t kMaxInsertions = 64;

  Evaluator(const Update& update, const Item* old_item)
      : update_(update),
        syntax_(*update.syntax_),
        exists_(old_item != nullptr),
        old_(exists_ ? *old_item : empty_) {}

  Status evaluate() {
    size_t written = 0;
    for (const UpdateClause& clause : syntax_.clauses) {
      VARVE_ASSIGN_OR_RETURN(Change change, evaluate_clause(clause));
      written += change ? index::value_size_bytes(*change) : 0;
      if (written > index::kMaxItemBytes) {
        return Status::invalid_argument("Item size to update has exceeded the maximum allowed size");
      }
      changes_.push_back(std::move(change));
    }
    return {};
  }

  Status apply(Item* item) { return apply_members(update_.tree_.roots(), item); }

 private:
  using Node = PathTree::Node;
  // The new value of a target, or nullopt to remove it.
  using Change = std::optional<AttributeValue>;

  Result<Change> evaluate_clause(const UpdateClause& clause) {
    const DocumentPath& target = update_.paths_[clause.target];
    switch (clause.section) {
      case UpdateSection::kRemove:
        return Change();
      case UpdateSection::kSet: {
        VARVE_ASSIGN_OR_RETURN(const AttributeValue* value, value_of(clause.node));
        return Change(*value);
      }
      case UpdateSection::kAdd:
        return add(find_path(old_, target), operand_of(clause));
      case UpdateSection::kDelete:
        return subtract(find_path(old_, target), operand_of(clause));
    }
    return Change();
  }

  Status wrong_type() const {
    return Status::invalid_argument(syntax_.is_legacy
                                        ? "Type mismatch for attribute to update"
                                        : "An operand in the update expression has an incorrect data type");
  }

  const AttributeValue& operand_of(const UpdateClause& clause) const {
    return *update_.values_[syntax_.nodes[clause.node].operand];
  }

  Result<Change> add(const AttributeValue* stored, const AttributeValue& operand) const {
    if (stored == nullptr) return Change(operand);
    if (stored->type() != operand.type()) return wrong_type();
    if (index::is_set(operand.type())) return Change(AttributeValue::set_union(*stored, operand));
    VARVE_ASSIGN_OR_RETURN(const Number sum, stored->as_number().add(operand.as_number()));
    return Change(AttributeValue::number(sum));
  }

  // Removing from what is missing removes what is missing: nothing, provided its parent is there.
  Result<Change> subtract(const AttributeValue* stored, const AttributeValue& operand) const {
    if (stored == nullptr) return Change();
    if (stored->type() != operand.type()) return wrong_type();
    return AttributeValue::set_difference(*stored, operand);
  }

  // Points into the old item, the placeholders or temporaries_.
  Result<const AttributeValue*> value_of(uint32_t index) {
    const UpdateNode& node = syntax_.nodes[index];
    if (node.op == UpdateOp::kValue) return update_.values_[node.operand].get();
    if (node.op == UpdateOp::kPath) {
      const AttributeValue* found = find_path(old_, update_.paths_[node.operand]);
      if (found == nullptr) return missing_attribute();
      return found;
    }
    if (node.op == UpdateOp::kIfNotExists) {
      const UpdateNode& path = syntax_.nodes[syntax_.child(node, 0)];
      const AttributeValue* found = find_path(old_, update_.paths_[path.operand]);
      if (found != nullptr) return found;
      return value_of(syntax_.child(node, 1));
    }
    VARVE_ASSIGN_OR_RETURN(const AttributeValue* left, value_of(syntax_.child(node, 0)));
    VARVE_ASSIGN_OR_RETURN(const AttributeValue* right, value_of(syntax_.child(node, 1)));
    VARVE_ASSIGN_OR_RETURN(AttributeValue combined, combine(node.op, *left, *right));
    temporaries_.push_back(std::move(combined));
    return &temporaries_.back();
  }

  Result<AttributeValue> combine(UpdateOp op, const AttributeValue& left, const AttributeValue& right) const {
    if (op == UpdateOp::kListAppend) {
      if (!left.is(AttributeType::kList) || !right.is(AttributeType::kList)) return wrong_type();
      AttributeValue::List joined = left.as_list();
      joined.insert(joined.end(), right.as_list().begin(), right.as_list().end());
      return AttributeValue::list(std::move(joined));
    }
    if (!left.is(AttributeType::kNumber) || !right.is(AttributeType::kNumber)) return wrong_type();
    VARVE_ASSIGN_OR_RETURN(const Number result, op == UpdateOp::kPlus
                                                    ? left.as_number().add(right.as_number())
                                                    : left.as_number().subtract(right.as_number()));
    return AttributeValue::number(result);
  }

  Change& change_of(const Node& leaf) { return changes_[static_cast<size_t>(leaf.leaf)]; }

  Status apply_members(const std::vector<Node>& children, AttributeMap* map) {
    if (children.size() > kMaxInsertions) return merge_members(children, map);
    for (const Node& child : children) {
      const std::string& name = *child.step.name;
      if (child.leaf < 0) {
        VARVE_RETURN_IF_ERROR(descend(child, map->find(name)));
      } else if (change_of(child)) {
        map->set(name, *std::move(change_of(child)));
      } else {
        map->erase(name);
      }
    }
    return {};
  }

  // The same in time linear in the map and the changes together; AttributeMap::set is linear in the map each time.
  Status merge_members(const std::vector<Node>& children, AttributeMap* map) {
    std::vector<index::Attribute> merged;
    auto child = children.begin();
    for (const index::Attribute& attribute : *map) {
      while (child != children.end() && *child->step.name < attribute.name) ++child;
      const bool is_target =
          child != children.end() && *child->step.name == attribute.name && child->leaf >= 0;
      if (!is_target) merged.push_back(attribute);
    }
    for (const Node& leaf : children) {
      if (leaf.leaf < 0 || !change_of(leaf)) continue;
      merged.push_back({*leaf.step.name, *std::move(change_of(leaf))});
    }
    AttributeMap result = AttributeMap::from_unsorted(std::move(merged));
    for (const Node& inner : children) {
      if (inner.leaf < 0) VARVE_RETURN_IF_ERROR(descend(inner, result.find(*inner.step.name)));
    }
    *map = std::move(result);
    return {};
  }

  // Every index means a position in the old list: elements are replaced in place first, then removed ones
  // close up, and last the elements from beyond the end are appended in index order.
  Status apply_elements(const std::vector<Node>& children, AttributeValue::List* list) {
    const size_t old_size = list->size();
    std::vector<size_t> removed;
    std::vector<AttributeValue> appended;
    for (const Node& child : children) {
      const size_t i = child.step.index;
      if (child.leaf < 0) {
        VARVE_RETURN_IF_ERROR(descend(child, i < old_size ? &(*list)[i] : nullptr));
      } else if (!change_of(child)) {
        if (i < old_size) removed.push_back(i);
      } else if (i < old_size) {
        (*list)[i] = *std::move(change_of(child));
      } else {
        appended.push_back(*std::move(change_of(child)));
      }
    }
    size_t kept = 0;
    for (size_t i = 0; i < old_size; ++i) {
      if (std::binary_search(removed.begin(), removed.end(), i)) continue;
      if (kept != i) (*list)[kept] = std::move((*list)[i]);
      ++kept;
    }
    list->resize(kept);
    for (AttributeValue& value : appended) list->push_back(std::move(value));
    return {};
  }

  Status descend(const Node& node, AttributeValue* value) {
    if (value == nullptr && !exists_ && only_removes(node)) return {};
    const bool wants_list = node.children.front().step.is_index;
    if (value == nullptr || !value->is(wants_list ? AttributeType::kList : AttributeType::kMap)) {
      return invalid_path();
    }
    return wants_list ? apply_elements(node.children, &value->as_list())
                      : apply_members(node.children, &value->as_map());
  }

  bool only_removes(const Node& node) {
    if (node.leaf >= 0) return !change_of(node).has_value();
    return std::all_of(node.children.begin(), node.children.end(),
                       [this](const Node& child) { return only_removes(child); });
  }

  const Item empty_;
  const Update& update_;
  const UpdateSyntax& syntax_;
  const bool exists_;
  const Item& old_;
  std::vector<Change> changes_;
  std::deque<AttributeValue> temporaries_;  // a deque, because value_of points into it
};

Result<Item> Update::apply(const Item* old_item, const Item& key_attributes) const {
  Evaluator evaluator(*this, old_item);
  VARVE_RETURN_IF_ERROR(evaluator.evaluate());
  Item item = old_item != nullptr ? *old_item : key_attributes;
  VARVE_RETURN_IF_ERROR(evaluator.apply(&item));
  VARVE_RETURN_IF_ERROR(index::check_nesting(item));
  return item;
}

Status Update::check_key_attributes(const index::KeySchema& schema) const {
  for (const DocumentPath& path : targets_.paths()) {
    if (!schema.is_key(path.root())) continue;
    VARVE_RETURN_IF_ERROR(check_not_below_key(path, schema, "Key"));
    return Status::invalid_argument("One or more parameter values were invalid: Cannot update attribute " +
                                    path.root() + ". This attribute is part of the key");
  }
  return check_key_paths(schema, "Key");
}

Status Update::check_key_paths(const index::KeyParts& keys, Slice kind) const {
  for (const DocumentPath& path : targets_.paths()) {
    VARVE_RETURN_IF_ERROR(check_not_below_key(path, keys, kind));
  }
  for (const DocumentPath& path : paths_) VARVE_RETURN_IF_ERROR(check_not_below_key(path, keys, kind));
  return {};
}

index::Item Update::assigned_values() const {
  index::Item assigned;
  for (const UpdateClause& clause : syntax_->clauses) {
    if (clause.section != UpdateSection::kSet && clause.section != UpdateSection::kAdd) continue;
    const UpdateNode& node = syntax_->nodes[clause.node];
    const DocumentPath& target = paths_[clause.target];
    if (node.op == UpdateOp::kValue && !target.is_nested()) {
      assigned.set(target.root(), *values_[node.operand]);
    }
  }
  return assigned;
}

Result<Update> bind_update(std::shared_ptr<const UpdateSyntax> syntax, Placeholders* placeholders) {
  return Update::Binder(std::move(syntax), placeholders).bind();
}

Result<Update> parse_update(Slice text, Placeholders* placeholders) {
  VARVE_ASSIGN_OR_RETURN(auto syntax, update_syntax(placeholders->syntax_cache(), text));
  return bind_update(std::move(syntax), placeholders);
}

}  // namespace varve::api::expression
