// Random conditions and updates on random items, held against a model that works on decoded values in the plainest way: the
// specification's sections 4.4 and 4.7 written down once more, without the evaluator's in-place reading, sharing or ordering.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "api/expression/expression.h"
#include "base/random.h"
#include "index/item_codec.h"
#include "tests/support/scale.h"

namespace varve::api::expression {
namespace {

using index::AttributeType;
using index::AttributeValue;
using index::Item;
using index::Number;

Number number_of(const std::string& text) { return *Number::parse(text); }

// A step into a map or a list; a path is a name and steps.
struct Step {
  std::string name;  // empty: index
  size_t index = 0;
  bool operator<(const Step& other) const {
    return std::tie(name, index) < std::tie(other.name, other.index);
  }
};
using Path = std::vector<Step>;

std::string text_of(const Path& path) {
  std::string text;
  for (const Step& step : path) {
    if (step.name.empty()) {
      text += "[" + std::to_string(step.index) + "]";
    } else {
      text += (text.empty() ? "" : ".") + step.name;
    }
  }
  return text;
}

// Small values of few kinds, so that random ones often meet.
AttributeValue small_scalar(Random* random) {
  switch (random->below(6)) {
    case 0:
      return AttributeValue::null();
    case 1:
      return AttributeValue::boolean(random->one_in(2));
    case 2:
      return AttributeValue::binary(std::string(random->below(3), 'a'));
    case 3:
      return AttributeValue::number(
          number_of(std::to_string(random->below(5)) + (random->one_in(3) ? ".5" : "")));
    default:
      return AttributeValue::string(std::string(random->below(3), random->one_in(2) ? 'a' : 'b'));
  }
}

AttributeValue small_set(Random* random) {
  std::set<std::string> strings;
  std::set<Number> numbers;
  for (uint64_t left = random->between(1, 3); left > 0; --left) {
    strings.insert(std::string(1, static_cast<char>('a' + random->below(3))));
    numbers.insert(number_of(std::to_string(random->below(4))));
  }
  const std::vector<std::string> elements(strings.begin(), strings.end());
  switch (random->below(3)) {
    case 0:
      return *AttributeValue::string_set(elements);
    case 1:
      return *AttributeValue::binary_set(elements);
    default:
      return *AttributeValue::number_set({numbers.begin(), numbers.end()});
  }
}

AttributeValue small_value(Random* random, int depth) {
  const uint64_t kind = random->below(8);
  if (depth > 0 && kind == 0) {
    AttributeValue::List list;
    for (uint64_t left = random->below(4); left > 0; --left) list.push_back(small_value(random, depth - 1));
    return AttributeValue::list(std::move(list));
  }
  if (depth > 0 && kind == 1) {
    Item map;
    for (uint64_t left = random->below(4); left > 0; --left) {
      map.set(std::string(1, static_cast<char>('a' + random->below(3))), small_value(random, depth - 1));
    }
    return AttributeValue::map(std::move(map));
  }
  return kind < 4 ? small_set(random) : small_scalar(random);
}

Item small_item(Random* random) {
  Item item;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    if (!random->one_in(4)) item.set(name, small_value(random, 3));
  }
  return item;
}

Path random_path(Random* random) {
  Path path = {{std::string(1, static_cast<char>('a' + random->below(6))), 0}};
  while (random->one_in(2) && path.size() < 4) {
    if (random->one_in(2)) {
      path.push_back({std::string(1, static_cast<char>('a' + random->below(3))), 0});
    } else {
      path.push_back({"", random->below(4)});
    }
  }
  return path;
}

const AttributeValue* step_into(const AttributeValue& value, const Step& step) {
  if (!step.name.empty()) return value.is(AttributeType::kMap) ? value.as_map().find(step.name) : nullptr;
  if (!value.is(AttributeType::kList) || step.index >= value.as_list().size()) return nullptr;
  return &value.as_list()[step.index];
}

std::optional<AttributeValue> look(const Item& item, const Path& path) {
  const AttributeValue* at = item.find(path.front().name);
  for (size_t i = 1; i < path.size() && at != nullptr; ++i) at = step_into(*at, path[i]);
  return at == nullptr ? std::nullopt : std::optional(*at);
}

// The text of an expression with its values as it grows.
class Text {
 public:
  explicit Text(Random* random) : random_(random) {}
  std::string add(AttributeValue value) {
    values_.push_back(std::move(value));
    return ":v" + std::to_string(values_.size() - 1);
  }
  Placeholders placeholders() const {
    Placeholders all;
    for (size_t i = 0; i < values_.size(); ++i)
      EXPECT_TRUE(all.add_value(":v" + std::to_string(i), values_[i]).ok());
    return all;
  }
  Random* random() { return random_; }

 private:
  Random* random_;
  std::vector<AttributeValue> values_;
};

// Conditions.

using Operand = std::function<std::optional<AttributeValue>(const Item&)>;
using Test = std::function<bool(const Item&)>;
template <typename F>
struct Written {
  std::string text;
  F meaning;
};

bool is_ordered(AttributeType type) {
  return type == AttributeType::kString || type == AttributeType::kNumber || type == AttributeType::kBinary;
}

// -1, 0, 1; nullopt when the two have no order.
std::optional<int> order(const std::optional<AttributeValue>& x, const std::optional<AttributeValue>& y) {
  if (!x || !y || x->type() != y->type() || !is_ordered(x->type())) return std::nullopt;
  if (x->is(AttributeType::kNumber)) {
    const auto c = x->as_number() <=> y->as_number();
    return c < 0 ? -1 : c > 0 ? 1 : 0;
  }
  const int c = x->as_bytes().compare(y->as_bytes());
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

bool equal(const std::optional<AttributeValue>& x, const std::optional<AttributeValue>& y) {
  return x && y && *x == *y;
}

std::optional<AttributeValue> size_of(const std::optional<AttributeValue>& x) {
  if (!x) return std::nullopt;
  std::optional<size_t> size;
  switch (x->type()) {
    case AttributeType::kString:
    case AttributeType::kBinary:
      size = x->as_bytes().size();
      break;
    case AttributeType::kList:
      size = x->as_list().size();
      break;
    case AttributeType::kMap:
      size = x->as_map().size();
      break;
    case AttributeType::kStringSet:
      size = x->as_string_set().size();
      break;
    case AttributeType::kNumberSet:
      size = x->as_number_set().size();
      break;
    case AttributeType::kBinarySet:
      size = x->as_binary_set().size();
      break;
    default:
      break;
  }
  if (!size) return std::nullopt;
  return AttributeValue::number(Number::from_unsigned(*size));
}

template <typename Elements, typename Element>
bool has(const Elements& elements, const Element& element) {
  return std::find(elements.begin(), elements.end(), element) != elements.end();
}

bool contains(const std::optional<AttributeValue>& x, const std::optional<AttributeValue>& y) {
  if (!x || !y) return false;
  switch (x->type()) {
    case AttributeType::kString:
    case AttributeType::kBinary:
      return y->type() == x->type() && x->as_bytes().find(y->as_bytes()) != std::string::npos;
    case AttributeType::kStringSet:
      return y->is(AttributeType::kString) && has(x->as_string_set(), y->as_string());
    case AttributeType::kNumberSet:
      return y->is(AttributeType::kNumber) && has(x->as_number_set(), y->as_number());
    case AttributeType::kBinarySet:
      return y->is(AttributeType::kBinary) && has(x->as_binary_set(), y->as_binary());
    case AttributeType::kList:
      return has(x->as_list(), *y);
    default:
      return false;
  }
}

Written<Operand> random_operand(Text* text) {
  Random* const random = text->random();
  const uint64_t kind = random->below(8);
  if (kind < 3) {
    const AttributeValue value = small_value(random, 2);
    return {text->add(value), [value](const Item&) { return std::optional(value); }};
  }
  const Path path = random_path(random);
  if (kind == 3)
    return {"size(" + text_of(path) + ")", [path](const Item& item) { return size_of(look(item, path)); }};
  return {text_of(path), [path](const Item& item) { return look(item, path); }};
}

Written<Test> random_comparison(Text* text) {
  static const std::vector<std::pair<std::string, std::function<bool(const std::optional<AttributeValue>&,
                                                                     const std::optional<AttributeValue>&)>>>
      kOperators = {
          {"=", equal},
          {"<>", [](const auto& x, const auto& y) { return !equal(x, y); }},
          {"<", [](const auto& x, const auto& y) { return order(x, y) == -1; }},
          {"<=", [](const auto& x, const auto& y) { return order(x, y).value_or(1) <= 0; }},
          {">", [](const auto& x, const auto& y) { return order(x, y) == 1; }},
          {">=", [](const auto& x, const auto& y) { return order(x, y).value_or(-1) >= 0; }},
      };
  const auto& [symbol, meaning] = kOperators[text->random()->below(kOperators.size())];
  const auto left = random_operand(text), right = random_operand(text);
  // What has no size compares with nothing, not even as different.
  const auto has_no_size = [](const Written<Operand>& operand, const Item& item) {
    return operand.text.starts_with("size(") && !operand.meaning(item);
  };
  return {left.text + " " + symbol + " " + right.text, [=, compare = meaning](const Item& item) {
            if (has_no_size(left, item) || has_no_size(right, item)) return false;
            return compare(left.meaning(item), right.meaning(item));
          }};
}

Written<Test> random_function(Text* text) {
  Random* const random = text->random();
  const Path path = random_path(random);
  switch (random->below(5)) {
    case 0:
      return {"attribute_exists(" + text_of(path) + ")",
              [path](const Item& item) { return look(item, path).has_value(); }};
    case 1:
      return {"attribute_not_exists(" + text_of(path) + ")",
              [path](const Item& item) { return !look(item, path).has_value(); }};
    case 2: {
      const auto type = static_cast<AttributeType>(random->below(index::kAttributeTypes));
      const std::string name = text->add(AttributeValue::string(std::string(index::type_name(type))));
      return {"attribute_type(" + text_of(path) + ", " + name + ")", [path, type](const Item& item) {
                const auto value = look(item, path);
                return value && value->is(type);
              }};
    }
    case 3: {
      const auto right = random_operand(text);
      return {"begins_with(" + text_of(path) + ", " + right.text + ")", [path, right](const Item& item) {
                const auto x = look(item, path), y = right.meaning(item);
                return x && y && x->type() == y->type() && !x->is(AttributeType::kNumber) &&
                       is_ordered(x->type()) && x->as_bytes().starts_with(y->as_bytes());
              }};
    }
    default: {
      const auto right = random_operand(text);
      return {"contains(" + text_of(path) + ", " + right.text + ")",
              [path, right](const Item& item) { return contains(look(item, path), right.meaning(item)); }};
    }
  }
}

Written<Test> random_condition(Text* text, int depth) {
  Random* const random = text->random();
  switch (random->below(depth > 0 ? 9 : 5)) {
    case 0:
    case 1:
      return random_function(text);
    case 2: {
      const auto x = random_operand(text), low = random_operand(text), high = random_operand(text);
      return {x.text + " BETWEEN " + low.text + " AND " + high.text, [x, low, high](const Item& item) {
                return order(x.meaning(item), low.meaning(item)).value_or(-1) >= 0 &&
                       order(x.meaning(item), high.meaning(item)).value_or(1) <= 0;
              }};
    }
    case 3: {
      const auto x = random_operand(text), y = random_operand(text), z = random_operand(text);
      return {x.text + " IN (" + y.text + ", " + z.text + ")", [x, y, z](const Item& item) {
                return equal(x.meaning(item), y.meaning(item)) || equal(x.meaning(item), z.meaning(item));
              }};
    }
    case 5: {
      const auto inner = random_condition(text, depth - 1);
      return {"NOT (" + inner.text + ")", [inner](const Item& item) { return !inner.meaning(item); }};
    }
    case 6: {
      const auto x = random_condition(text, depth - 1), y = random_condition(text, depth - 1);
      return {"(" + x.text + ") AND (" + y.text + ")",
              [x, y](const Item& item) { return x.meaning(item) && y.meaning(item); }};
    }
    case 7: {
      const auto x = random_condition(text, depth - 1), y = random_condition(text, depth - 1);
      return {"(" + x.text + ") OR (" + y.text + ")",
              [x, y](const Item& item) { return x.meaning(item) || y.meaning(item); }};
    }
    case 8: {  // precedence: NOT before AND before OR
      const auto x = random_comparison(text), y = random_comparison(text), z = random_comparison(text);
      return {x.text + " OR NOT " + y.text + " AND " + z.text, [x, y, z](const Item& item) {
                return x.meaning(item) || (!y.meaning(item) && z.meaning(item));
              }};
    }
    default:
      return random_comparison(text);
  }
}

TEST(ExpressionModel, RandomConditionsHoldAsTheModelSays) {
  const uint64_t seed = first_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  uint64_t bound = 0, held = 0, looked = 0;
  for (uint64_t left = scaled(20'000); left > 0; --left) {
    Text text(&random);
    const auto written = random_condition(&text, 2);
    Placeholders placeholders = text.placeholders();
    const auto condition = parse_condition(written.text, &placeholders);
    // Operand types that can be seen from the text alone are refused; that is the messages' test.
    if (!condition.ok()) continue;
    ++bound;
    for (int i = 0; i < 3; ++i) {
      const Item item = small_item(&random);
      const std::string encoded = index::encode_item(item);
      const bool expected = written.meaning(item);
      ASSERT_EQ(condition->evaluate(*index::ItemView::open(encoded)), expected)
          << written.text << "\non " << AttributeValue::map(item).to_message_string();
      ++looked;
      held += expected ? 1 : 0;
    }
  }
  // Neither the refused nor one outcome may be nearly all.
  EXPECT_GT(bound, scaled(20'000) / 4);
  EXPECT_GT(held, looked / 10);
  EXPECT_LT(held, looked - looked / 10);
}

// Updates: the model takes an item apart into nodes whose lists may have holes, changes them, and puts it together again.

struct Node {
  std::optional<AttributeValue> leaf;  // neither list nor map
  bool is_list = false;
  std::map<Step, std::unique_ptr<Node>> children;
};

std::unique_ptr<Node> take_apart(const AttributeValue& value) {
  auto node = std::make_unique<Node>();
  if (value.is(AttributeType::kList)) {
    node->is_list = true;
    for (size_t i = 0; i < value.as_list().size(); ++i)
      node->children.emplace(Step{"", i}, take_apart(value.as_list()[i]));
  } else if (value.is(AttributeType::kMap)) {
    for (const auto& [name, child] : value.as_map()) node->children.emplace(Step{name, 0}, take_apart(child));
  } else {
    node->leaf = value;
  }
  return node;
}

AttributeValue put_together(const Node& node) {
  if (node.leaf) return *node.leaf;
  if (node.is_list) {
    AttributeValue::List list;
    for (const auto& [step, child] : node.children) list.push_back(put_together(*child));
    return AttributeValue::list(std::move(list));
  }
  Item map;
  for (const auto& [step, child] : node.children) map.set(step.name, put_together(*child));
  return AttributeValue::map(std::move(map));
}

// The node that holds a path's last step; nullptr when it is missing or of another kind.
Node* parent_of(Node* root, const Path& path) {
  Node* at = root;
  for (size_t i = 0; i < path.size(); ++i) {
    if (at->leaf || at->is_list != path[i].name.empty()) return nullptr;
    if (i + 1 == path.size()) return at;
    const auto child = at->children.find(path[i]);
    if (child == at->children.end()) return nullptr;
    at = child->second.get();
  }
  return nullptr;
}

struct Clause {
  std::string text;
  Path target;
  enum class Kind { kSet, kRemove, kAdd, kDelete } kind = Kind::kSet;
  // The new value, of the old item; nullopt: the update fails.
  std::function<std::optional<AttributeValue>(const Item&)> value;
};

Clause random_set(Text* text, const Path& target) {
  Random* const random = text->random();
  const Path source = random_path(random);
  switch (random->below(5)) {
    case 0: {
      const AttributeValue value = small_value(random, 2);
      return {text_of(target) + " = " + text->add(value), target, Clause::Kind::kSet,
              [value](const Item&) { return std::optional(value); }};
    }
    case 1:
      return {text_of(target) + " = " + text_of(source), target, Clause::Kind::kSet,
              [source](const Item& item) { return look(item, source); }};
    case 2: {
      const AttributeValue value = small_value(random, 1);
      return {text_of(target) + " = if_not_exists(" + text_of(source) + ", " + text->add(value) + ")", target,
              Clause::Kind::kSet, [source, value](const Item& item) {
                return std::optional(look(item, source).value_or(value));
              }};
    }
    case 3: {
      const bool plus = random->one_in(2);
      const Number by = number_of(std::to_string(random->below(9)) + ".25");
      return {
          text_of(target) + " = " + text_of(source) + (plus ? " + " : " - ") +
              text->add(AttributeValue::number(by)),
          target, Clause::Kind::kSet, [=](const Item& item) -> std::optional<AttributeValue> {
            const auto old = look(item, source);
            if (!old || !old->is(AttributeType::kNumber)) return std::nullopt;
            return AttributeValue::number(plus ? *old->as_number().add(by) : *old->as_number().subtract(by));
          }};
    }
    default: {
      const AttributeValue tail = AttributeValue::list({small_scalar(random)});
      const bool front = random->one_in(2);
      const std::string name = text->add(tail);
      return {text_of(target) + " = list_append(" +
                  (front ? name + ", " + text_of(source) : text_of(source) + ", " + name) + ")",
              target, Clause::Kind::kSet, [=](const Item& item) -> std::optional<AttributeValue> {
                const auto old = look(item, source);
                if (!old || !old->is(AttributeType::kList)) return std::nullopt;
                AttributeValue::List both = front ? tail.as_list() : old->as_list();
                for (const AttributeValue& element : front ? old->as_list() : tail.as_list())
                  both.push_back(element);
                return AttributeValue::list(std::move(both));
              }};
    }
  }
}

Clause random_add(Text* text, const Path& target) {
  const AttributeValue value =
      text->random()->one_in(2) ? AttributeValue::number(number_of(std::to_string(text->random()->below(9))))
                                : small_set(text->random());
  return {text_of(target) + " " + text->add(value), target, Clause::Kind::kAdd,
          [target, value](const Item& item) -> std::optional<AttributeValue> {
            const auto old = look(item, target);
            if (!old) return value;
            if (old->type() != value.type()) return std::nullopt;
            if (value.is(AttributeType::kNumber))
              return AttributeValue::number(*old->as_number().add(value.as_number()));
            return AttributeValue::set_union(*old, value);
          }};
}

// The value of a DELETE is what is left; NULL stands for nothing.
Clause random_delete(Text* text, const Path& target) {
  const AttributeValue value = small_set(text->random());
  return {text_of(target) + " " + text->add(value), target, Clause::Kind::kDelete,
          [target, value](const Item& item) -> std::optional<AttributeValue> {
            const auto old = look(item, target);
            if (!old) return AttributeValue::null();
            if (old->type() != value.type()) return std::nullopt;
            return AttributeValue::set_difference(*old, value).value_or(AttributeValue::null());
          }};
}

std::string text_of(const std::vector<Clause>& clauses) {
  std::string text;
  const std::pair<Clause::Kind, const char*> sections[] = {{Clause::Kind::kSet, "SET "},
                                                           {Clause::Kind::kRemove, "REMOVE "},
                                                           {Clause::Kind::kAdd, "ADD "},
                                                           {Clause::Kind::kDelete, "DELETE "}};
  for (const auto& [kind, name] : sections) {
    std::string section;
    for (const Clause& clause : clauses) {
      if (clause.kind == kind) section += (section.empty() ? name : ", ") + clause.text;
    }
    if (!section.empty()) text += (text.empty() ? "" : " ") + section;
  }
  return text;
}

// nullopt: the update fails.
std::optional<Item> model_of(const std::vector<Clause>& clauses, const Item& old) {
  const auto root = take_apart(AttributeValue::map(old));
  std::vector<std::pair<const Clause*, std::optional<AttributeValue>>> values;
  for (const Clause& clause : clauses) {
    if (clause.kind != Clause::Kind::kRemove) {
      const auto value = clause.value(old);
      if (!value) return std::nullopt;
      values.emplace_back(&clause, value);
    } else {
      values.emplace_back(&clause, std::nullopt);
    }
    if (parent_of(root.get(), clause.target) == nullptr) return std::nullopt;
  }
  for (const auto& [clause, value] : values) {
    Node* const parent = parent_of(root.get(), clause->target);
    const bool removes = !value || (clause->kind == Clause::Kind::kDelete && value->is(AttributeType::kNull));
    if (removes) {
      parent->children.erase(clause->target.back());
    } else {
      parent->children[clause->target.back()] = take_apart(*value);
    }
  }
  return put_together(*root).as_map();
}

TEST(ExpressionModel, RandomUpdatesMakeTheItemsOfTheModel) {
  const uint64_t seed = first_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  uint64_t bound = 0, applied = 0;
  for (uint64_t left = scaled(20'000); left > 0; --left) {
    Text text(&random);
    std::vector<Clause> clauses;
    for (uint64_t more = random.between(1, 3); more > 0; --more) {
      const Path target = random_path(&random);
      switch (random.below(6)) {
        case 0:
          clauses.push_back(random_add(&text, target));
          break;
        case 1:
          clauses.push_back(random_delete(&text, target));
          break;
        case 2:
          clauses.push_back({text_of(target), target, Clause::Kind::kRemove, {}});
          break;
        default:
          clauses.push_back(random_set(&text, target));
      }
    }
    Placeholders placeholders = text.placeholders();
    const auto update = parse_update(text_of(clauses), &placeholders);
    if (!update.ok()) continue;  // targets that overlap
    ++bound;
    const Item old = small_item(&random);
    const auto expected = model_of(clauses, old);
    const auto got = update->apply(&old, Item());
    const std::string what = text_of(clauses) + "\non " + AttributeValue::map(old).to_message_string();
    ASSERT_EQ(got.ok(), expected.has_value()) << what << '\n' << got.status().to_string();
    if (!expected) continue;
    ++applied;
    ASSERT_EQ(*got, *expected) << what << "\ngot  " << AttributeValue::map(*got).to_message_string()
                               << "\nwant " << AttributeValue::map(*expected).to_message_string();
  }
  EXPECT_GT(bound, scaled(20'000) / 4);
  EXPECT_GT(applied, bound / 10);
  EXPECT_LT(applied, bound - bound / 10);
}

}  // namespace
}  // namespace varve::api::expression
