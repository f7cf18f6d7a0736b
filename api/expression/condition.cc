#include "api/expression/condition.h"

#include <array>
#include <cstring>

#include "api/expression/parser.h"
#include "api/expression/syntax_cache.h"
#include "index/item_codec.h"

namespace varve::api::expression {

using index::AttributeType;
using index::AttributeValue;
using index::ItemView;
using index::Number;
using index::ValueView;

namespace {

constexpr size_t kMaxInOperands = 100;

// The name DynamoDB's messages give an operator or function.
Slice operator_name(const ConditionNode& node) {
  switch (node.op) {
    case ConditionOp::kEqual:
      return "=";
    case ConditionOp::kNotEqual:
      return "<>";
    case ConditionOp::kLess:
      return "<";
    case ConditionOp::kLessOrEqual:
      return "<=";
    case ConditionOp::kGreater:
      return ">";
    case ConditionOp::kGreaterOrEqual:
      return ">=";
    case ConditionOp::kBetween:
      return "BETWEEN";
    case ConditionOp::kIn:
      return "IN";
    case ConditionOp::kAnd:
      return "AND";
    case ConditionOp::kOr:
      return "OR";
    case ConditionOp::kNot:
      return "NOT";
    case ConditionOp::kPath:
    case ConditionOp::kValue:
      return "";
    case ConditionOp::kFunction:
      break;
  }
  switch (node.function) {
    case ConditionFunction::kAttributeExists:
      return "attribute_exists";
    case ConditionFunction::kAttributeNotExists:
      return "attribute_not_exists";
    case ConditionFunction::kAttributeType:
      return "attribute_type";
    case ConditionFunction::kBeginsWith:
      return "begins_with";
    case ConditionFunction::kContains:
      return "contains";
    case ConditionFunction::kSize:
      return "size";
  }
  return "";
}

bool is_ordering(ConditionOp op) {
  return op == ConditionOp::kLess || op == ConditionOp::kLessOrEqual || op == ConditionOp::kGreater ||
         op == ConditionOp::kGreaterOrEqual;
}

size_t operand_count(ConditionFunction function) {
  switch (function) {
    case ConditionFunction::kAttributeExists:
    case ConditionFunction::kAttributeNotExists:
    case ConditionFunction::kSize:
      return 1;
    default:
      return 2;
  }
}

std::optional<AttributeType> type_of_name(Slice name) {
  for (uint8_t i = 0; i < index::kAttributeTypes; ++i) {
    if (index::type_name(static_cast<AttributeType>(i)) == name) return static_cast<AttributeType>(i);
  }
  return std::nullopt;
}

}  // namespace

// Gives the tree its paths and values and checks what the text and the placeholders alone can show.
class Condition::Binder {
 public:
  Binder(std::shared_ptr<const ConditionSyntax> syntax, Placeholders* placeholders)
      : placeholders_(placeholders) {
    condition_.paths_.resize(syntax->operands.paths.size());
    condition_.values_.resize(syntax->operands.values.size());
    condition_.syntax_ = std::move(syntax);
  }

  Result<Condition> bind() {
    for (const ConditionNode& node : condition_.syntax_->nodes) {
      const bool has_operands = node.op != ConditionOp::kPath && node.op != ConditionOp::kValue &&
                                node.op != ConditionOp::kAnd && node.op != ConditionOp::kOr &&
                                node.op != ConditionOp::kNot;
      if (!has_operands) continue;
      Status status = check(node);
      if (!status.ok()) return expression_error(condition_.syntax_->kind, status.message());
    }
    return std::move(condition_);
  }

 private:
  using Type = std::optional<AttributeType>;

  const ConditionNode& child(const ConditionNode& node, uint32_t i) const {
    return condition_.syntax_->nodes[condition_.syntax_->child(node, i)];
  }

  Status check(const ConditionNode& node) {
    for (uint32_t i = 0; i < node.child_count; ++i) VARVE_RETURN_IF_ERROR(resolve(child(node, i)));
    VARVE_RETURN_IF_ERROR(check_count(node));
    VARVE_RETURN_IF_ERROR(check_distinct(node));
    return node.op == ConditionOp::kFunction ? check_function(node) : check_operator(node);
  }

  Status resolve(const ConditionNode& node) {
    if (node.op == ConditionOp::kPath) {
      VARVE_ASSIGN_OR_RETURN(condition_.paths_[node.operand],
                             resolve_path(condition_.syntax_->operands.paths[node.operand], placeholders_));
    } else if (node.op == ConditionOp::kValue) {
      BoundValue& bound = condition_.values_[node.operand];
      if (bound.value != nullptr) return {};
      const std::string& name = condition_.syntax_->operands.values[node.operand];
      bound.value = placeholders_->use_value(name);
      if (bound.value == nullptr) {
        return Status::invalid_argument(
            "An expression attribute value used in expression is not defined; attribute value: " + name);
      }
      index::append_encoded_value(*bound.value, &bound.encoded);
    }
    return {};
  }

  Status check_count(const ConditionNode& node) const {
    if (node.op == ConditionOp::kIn && node.child_count - 1 > kMaxInOperands) {
      return Status::invalid_argument(
          "The IN operator is provided with too many operands; number of operands: " +
          std::to_string(node.child_count - 1));
    }
    if (node.op != ConditionOp::kFunction || node.child_count == operand_count(node.function)) return {};
    return Status::invalid_argument(
        "Incorrect number of operands for operator or function; operator or function: " +
        std::string(operator_name(node)) + ", number of operands: " + std::to_string(node.child_count));
  }

  Status check_distinct(const ConditionNode& node) const {
    const ConditionNode& first = child(node, 0);
    if (first.op != ConditionOp::kPath) return {};
    const DocumentPath& path = condition_.paths_[first.operand];
    for (uint32_t i = 1; i < node.child_count; ++i) {
      const ConditionNode& other = child(node, i);
      if (other.op != ConditionOp::kPath || !(condition_.paths_[other.operand] == path)) continue;
      return Status::invalid_argument(
          "The first operand must be distinct from the remaining operands for this operator or function; "
          "operator: " +
          std::string(operator_name(node)) + ", first operand: " + path.to_message_string());
    }
    return {};
  }

  // The type an operand has whatever the item holds.
  Type static_type(const ConditionNode& node) const {
    if (node.op == ConditionOp::kValue) return condition_.values_[node.operand].value->type();
    if (node.op == ConditionOp::kFunction) return AttributeType::kNumber;  // size
    return std::nullopt;
  }

  Status wrong_type(const ConditionNode& node, Slice type) const {
    return Status::invalid_argument(
        "Incorrect operand type for operator or function; operator or function: " +
        std::string(operator_name(node)) + ", operand type: " + std::string(type));
  }

  template <typename Accepts>
  Status check_types(const ConditionNode& node, Accepts accepts) const {
    for (uint32_t i = 0; i < node.child_count; ++i) {
      const Type type = static_type(child(node, i));
      if (type && !accepts(*type)) return wrong_type(node, index::type_name(*type));
    }
    return {};
  }

  Status check_operator(const ConditionNode& node) const {
    if (!is_ordering(node.op) && node.op != ConditionOp::kBetween) return {};
    VARVE_RETURN_IF_ERROR(check_types(node, index::is_scalar_key_type));
    return node.op == ConditionOp::kBetween ? check_bounds(node) : Status();
  }

  Status check_bounds(const ConditionNode& node) const {
    const ConditionNode& low = child(node, 1);
    const ConditionNode& high = child(node, 2);
    if (low.op != ConditionOp::kValue || high.op != ConditionOp::kValue) return {};
    const BoundValue& a = condition_.values_[low.operand];
    const BoundValue& b = condition_.values_[high.operand];
    const std::string bounds = "; lower bound operand: AttributeValue: " + a.value->to_message_string() +
                               ", upper bound operand: AttributeValue: " + b.value->to_message_string();
    if (a.value->type() != b.value->type()) {
      return Status::invalid_argument(
          "The BETWEEN operator requires same data type for lower and upper bounds" + bounds);
    }
    if (a.encoded > b.encoded) {
      return Status::invalid_argument(
          "The BETWEEN operator requires upper bound to be greater than or equal to lower bound" + bounds);
    }
    return {};
  }

  Status check_function(const ConditionNode& node) const {
    const bool first_is_path = child(node, 0).op == ConditionOp::kPath;
    switch (node.function) {
      case ConditionFunction::kAttributeExists:
      case ConditionFunction::kAttributeNotExists:
        if (first_is_path) return {};
        return path_needed(node);
      case ConditionFunction::kAttributeType:
        if (!first_is_path) return path_needed(node);
        return check_type_operand(node);
      case ConditionFunction::kBeginsWith:
        return check_types(
            node, [](AttributeType t) { return t == AttributeType::kString || t == AttributeType::kBinary; });
      case ConditionFunction::kSize:
        return check_types(node, [](AttributeType t) {
          return t != AttributeType::kNumber && t != AttributeType::kBool && t != AttributeType::kNull;
        });
      case ConditionFunction::kContains:
        return {};
    }
    return {};
  }

  Status path_needed(const ConditionNode& node) const {
    return Status::invalid_argument("Operator or function requires a document path; operator or function: " +
                                    std::string(operator_name(node)));
  }

  Status check_type_operand(const ConditionNode& node) const {
    const ConditionNode& operand = child(node, 1);
    if (operand.op != ConditionOp::kValue) {
      const Type type = static_type(operand);
      return wrong_type(node, type ? index::type_name(*type) : Slice("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
    }
    const AttributeValue& value = *condition_.values_[operand.operand].value;
    if (!value.is(AttributeType::kString)) return wrong_type(node, index::type_name(value.type()));
    if (type_of_name(value.as_string())) return {};
    return Status::invalid_argument("Invalid attribute type name found; type: " + value.as_string() +
                                    ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
  }

  Placeholders* placeholders_;
  Condition condition_;
};

Result<Condition> bind_condition(std::shared_ptr<const ConditionSyntax> syntax, Placeholders* placeholders) {
  return Condition::Binder(std::move(syntax), placeholders).bind();
}

Result<Condition> parse_condition(Slice text, Placeholders* placeholders) {
  VARVE_ASSIGN_OR_RETURN(auto syntax,
                         condition_syntax(placeholders->syntax_cache(), ExpressionKind::kCondition, text));
  return bind_condition(std::move(syntax), placeholders);
}

Result<Condition> parse_filter(Slice text, Placeholders* placeholders) {
  VARVE_ASSIGN_OR_RETURN(auto syntax,
                         condition_syntax(placeholders->syntax_cache(), ExpressionKind::kFilter, text));
  return bind_condition(std::move(syntax), placeholders);
}

Status Condition::check_key_paths(const index::KeyParts& keys, Slice kind) const {
  for (const DocumentPath& path : paths_) VARVE_RETURN_IF_ERROR(check_not_below_key(path, keys, kind));
  return {};
}

Status Condition::check_no_key_attributes(const index::KeyParts& keys, Slice filter) const {
  for (const DocumentPath& path : paths_) {
    if (keys.is_key(path.root())) {
      return Status::invalid_argument(
          std::string(filter) +
          " can only contain non-primary key attributes: Primary key attribute: " + path.root());
    }
  }
  return {};
}

// What an operand is on one item. Stays where it was made: a computed number is viewed in its scratch bytes.
struct Condition::Operand {
  bool present = false;
  bool incomparable = false;  // size() of something that has none: every comparison with it is false, <> too
  ValueView value;
  std::array<char, Number::kMaxEncodedBytes> scratch;
};

void Condition::find_operand(uint32_t index, const ItemView& item, Operand* out) const {
  const ConditionNode& node = syntax_->nodes[index];
  if (node.op == ConditionOp::kValue) {
    out->present = true;
    out->value = ValueView::from_encoded(values_[node.operand].encoded);
    return;
  }
  if (node.op == ConditionOp::kPath) {
    const std::optional<ValueView> found = find_path(item, paths_[node.operand]);
    out->present = found.has_value();
    if (found) out->value = *found;
    return;
  }
  Operand argument;
  find_operand(syntax_->child(node, 0), item, &argument);
  const AttributeType type = argument.value.type();
  const bool text = type == AttributeType::kString || type == AttributeType::kBinary;
  if (!argument.present || type == AttributeType::kNumber || type == AttributeType::kBool ||
      type == AttributeType::kNull) {
    out->incomparable = true;
    return;
  }
  // The size of a string is its bytes in UTF-8.
  const size_t size = text ? argument.value.payload().size() : argument.value.element_count();
  out->present = true;
  out->value = ValueView(AttributeType::kNumber,
                         Slice(out->scratch.data(), Number::from_unsigned(size).encode(out->scratch.data())));
}

bool Condition::evaluate(const ItemView& item) const { return evaluate_node(syntax_->root, item); }

bool Condition::evaluate_node(uint32_t index, const ItemView& item) const {
  const ConditionNode& node = syntax_->nodes[index];
  switch (node.op) {
    case ConditionOp::kAnd:
      return evaluate_node(syntax_->child(node, 0), item) && evaluate_node(syntax_->child(node, 1), item);
    case ConditionOp::kOr:
      return evaluate_node(syntax_->child(node, 0), item) || evaluate_node(syntax_->child(node, 1), item);
    case ConditionOp::kNot:
      return !evaluate_node(syntax_->child(node, 0), item);
    case ConditionOp::kFunction:
      return evaluate_function(node, item);
    default:
      return evaluate_comparison(node, item);
  }
}

bool Condition::evaluate_comparison(const ConditionNode& node, const ItemView& item) const {
  Operand left;
  find_operand(syntax_->child(node, 0), item, &left);
  if (left.incomparable) return false;
  const auto with = [&](uint32_t i, auto test) {
    Operand right;
    find_operand(syntax_->child(node, i), item, &right);
    return !right.incomparable && test(right);
  };
  const auto equals = [&](const Operand& right) {
    return left.present && right.present && left.value == right.value;
  };
  const auto ordered = [&](auto test) {
    return [&left, test](const Operand& right) {
      return left.present && right.present && test(left.value.compare(right.value));
    };
  };
  switch (node.op) {
    case ConditionOp::kEqual:
      return with(1, equals);
    case ConditionOp::kNotEqual:
      return with(1, [&](const Operand& right) { return !equals(right); });
    case ConditionOp::kLess:
      return with(1, ordered([](auto order) { return order < 0; }));
    case ConditionOp::kLessOrEqual:
      return with(1, ordered([](auto order) { return order <= 0; }));
    case ConditionOp::kGreater:
      return with(1, ordered([](auto order) { return order > 0; }));
    case ConditionOp::kGreaterOrEqual:
      return with(1, ordered([](auto order) { return order >= 0; }));
    case ConditionOp::kBetween:
      return with(1, ordered([](auto order) { return order >= 0; })) &&
             with(2, ordered([](auto order) { return order <= 0; }));
    case ConditionOp::kIn:
      for (uint32_t i = 1; i < node.child_count; ++i) {
        if (with(i, equals)) return true;
      }
      return false;
    default:
      return false;
  }
}

namespace {

// memmem is linear in both; Slice::find is their product on bytes made for it.
bool holds_bytes(Slice text, Slice part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool contains(const ValueView& container, const ValueView& element) {
  switch (container.type()) {
    case AttributeType::kString:
    case AttributeType::kBinary:
      return element.type() == container.type() && holds_bytes(container.payload(), element.payload());
    case AttributeType::kList:
      for (size_t i = 0, n = container.element_count(); i < n; ++i) {
        if (container.list_element(i) == element) return true;
      }
      return false;
    default:
      return container.set_contains(element);
  }
}

}  // namespace

bool Condition::evaluate_function(const ConditionNode& node, const ItemView& item) const {
  Operand first;
  find_operand(syntax_->child(node, 0), item, &first);
  if (node.function == ConditionFunction::kAttributeExists) return first.present;
  if (node.function == ConditionFunction::kAttributeNotExists) return !first.present;
  Operand second;
  find_operand(syntax_->child(node, 1), item, &second);
  if (!first.present || !second.present) return false;
  switch (node.function) {
    case ConditionFunction::kAttributeType:
      return index::type_name(first.value.type()) == second.value.as_string();
    case ConditionFunction::kBeginsWith:
      return first.value.type() == second.value.type() &&
             (first.value.is(AttributeType::kString) || first.value.is(AttributeType::kBinary)) &&
             first.value.payload().starts_with(second.value.payload());
    case ConditionFunction::kContains:
      return contains(first.value, second.value);
    default:
      return false;
  }
}

}  // namespace varve::api::expression
