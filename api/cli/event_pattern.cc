#include "api/cli/event_pattern.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "index/number.h"

namespace varve::api {
namespace {

using index::Number;
using json::Array;
using json::Object;
using json::Type;
using json::Value;

constexpr Slice kOr = "$or";
constexpr Slice kPrefix = "prefix";
constexpr Slice kSuffix = "suffix";
constexpr Slice kIgnoreCase = "equals-ignore-case";
constexpr Slice kAnythingBut = "anything-but";
constexpr Slice kNumeric = "numeric";
constexpr Slice kExists = "exists";

// ---- values ----

bool is_number(const Value& value) {
  return value.type() == Type::INT64 || value.type() == Type::UINT64 || value.type() == Type::DOUBLE;
}

// nullopt for what is no number, or none that DynamoDB has.
std::optional<Number> number_in(const Value& value) {
  if (value.type() == Type::INT64) return Number(json::number_of<int64_t>(value));
  uint64_t natural = 0;
  if (value.type() == Type::UINT64 && value.get(natural) == simdjson::SUCCESS)
    return Number::from_unsigned(natural);
  if (value.type() != Type::DOUBLE) return std::nullopt;
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.17g", json::number_of<double>(value));
  const auto number = Number::parse(text.data());
  return number.ok() ? std::optional<Number>(*number) : std::nullopt;
}

std::string lower(Slice text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

bool equal(const Value& one, const Value& other) {
  if (is_number(one) && is_number(other)) {
    const auto a = number_in(one);
    return a && a == number_in(other);
  }
  if (one.type() != other.type()) return false;
  if (one.type() == Type::STRING) return json::string_of(one) == json::string_of(other);
  if (one.type() == Type::BOOL) return json::number_of<bool>(one) == json::number_of<bool>(other);
  return one.type() == Type::NULL_VALUE;
}

struct Operator {
  Slice name;
  Value operand;
};

// Of an object of one member; the pattern was checked.
Operator operator_of(const Value& rule) {
  const auto member = *json::object_of(rule).begin();
  return {member.key, member.value};
}

// ---- checking ----

class Checker {
 public:
  Status check_pattern(const Object& pattern, const std::string& path) const {
    if (pattern.size() == 0) return bad(path, "an empty pattern");
    for (const auto& [name, value] : pattern) {
      const std::string inner = path.empty() ? std::string(name) : path + "." + std::string(name);
      if (name == kOr) {
        VARVE_RETURN_IF_ERROR(check_alternatives(value, inner));
      } else if (value.type() == Type::OBJECT) {
        VARVE_RETURN_IF_ERROR(check_pattern(json::object_of(value), inner));
      } else if (value.type() == Type::ARRAY) {
        VARVE_RETURN_IF_ERROR(check_rules(json::array_of(value), inner));
      } else {
        return bad(inner, "a value must stand in an array, as in [\"x\"]");
      }
    }
    return {};
  }

 private:
  static Status bad(const std::string& path, const std::string& what) {
    return Status::invalid_argument("filter" + (path.empty() ? "" : " at " + path) + ": " + what);
  }

  Status check_alternatives(const Value& value, const std::string& path) const {
    if (value.type() != Type::ARRAY || json::array_of(value).size() == 0)
      return bad(path, "needs an array of patterns");
    for (const Value& pattern : json::array_of(value)) {
      if (pattern.type() != Type::OBJECT) return bad(path, "needs an array of patterns");
      VARVE_RETURN_IF_ERROR(check_pattern(json::object_of(pattern), path));
    }
    return {};
  }

  Status check_rules(const Array& rules, const std::string& path) const {
    if (rules.size() == 0) return bad(path, "an empty array matches nothing");
    for (const Value& rule : rules) {
      if (rule.type() == Type::ARRAY) return bad(path, "an array in an array");
      if (rule.type() != Type::OBJECT) continue;
      if (json::object_of(rule).size() != 1) return bad(path, "a rule is an object with one operator");
      VARVE_RETURN_IF_ERROR(check_operator(operator_of(rule), path));
    }
    return {};
  }

  Status check_operator(const Operator& rule, const std::string& path) const {
    const Type type = rule.operand.type();
    if (rule.name == kPrefix || rule.name == kSuffix) {
      if (type == Type::STRING) return {};
      if (is_ignoring_case(rule.operand)) return {};
      return bad(path, std::string(rule.name) + " needs a string");
    }
    if (rule.name == kIgnoreCase) {
      return type == Type::STRING ? Status() : bad(path, "equals-ignore-case needs a string");
    }
    if (rule.name == kExists) return type == Type::BOOL ? Status() : bad(path, "exists needs true or false");
    if (rule.name == kNumeric) return check_numeric(rule.operand, path);
    if (rule.name == kAnythingBut) return check_anything_but(rule.operand, path);
    return bad(path, "unknown operator \"" + std::string(rule.name) +
                         "\" (there are prefix, suffix, equals-ignore-case, anything-but, numeric, exists)");
  }

  static bool is_ignoring_case(const Value& operand) {
    if (operand.type() != Type::OBJECT || json::object_of(operand).size() != 1) return false;
    const Operator inner = operator_of(operand);
    return inner.name == kIgnoreCase && inner.operand.type() == Type::STRING;
  }

  Status check_numeric(const Value& operand, const std::string& path) const {
    const std::string wanted = "numeric needs an operator (=, <, <=, >, >=) and a number, once or twice";
    if (operand.type() != Type::ARRAY) return bad(path, wanted);
    const Array parts = json::array_of(operand);
    if (parts.size() != 2 && parts.size() != 4) return bad(path, wanted);
    for (size_t i = 0; i < parts.size(); i += 2) {
      const Value comparison = parts.at(i).value();
      const Value bound = parts.at(i + 1).value();
      if (comparison.type() != Type::STRING) return bad(path, wanted);
      constexpr std::array<Slice, 5> kComparisons{"=", "<", "<=", ">", ">="};
      if (std::ranges::find(kComparisons, json::string_of(comparison)) == kComparisons.end())
        return bad(path, wanted);
      if (!number_in(bound)) return bad(path, wanted);
    }
    return {};
  }

  Status check_anything_but(const Value& operand, const std::string& path) const {
    const std::string wanted =
        "anything-but needs a string, a number, an array of these, or one operator on strings";
    const auto is_plain = [](const Value& value) { return value.type() == Type::STRING || is_number(value); };
    if (is_plain(operand)) return {};
    if (operand.type() == Type::ARRAY && json::array_of(operand).size() > 0) {
      for (const Value& value : json::array_of(operand)) {
        if (!is_plain(value)) return bad(path, wanted);
      }
      return {};
    }
    if (operand.type() != Type::OBJECT || json::object_of(operand).size() != 1) return bad(path, wanted);
    const Operator inner = operator_of(operand);
    if (inner.name != kPrefix && inner.name != kSuffix && inner.name != kIgnoreCase) return bad(path, wanted);
    if (inner.operand.type() == Type::STRING) return {};
    if (inner.operand.type() != Type::ARRAY || json::array_of(inner.operand).size() == 0)
      return bad(path, wanted);
    for (const Value& value : json::array_of(inner.operand)) {
      if (value.type() != Type::STRING) return bad(path, wanted);
    }
    return {};
  }
};

// ---- matching ----

bool matches_string(Slice name, const Value& operand, Slice text) {
  if (operand.type() == Type::ARRAY) {
    return std::ranges::any_of(json::array_of(operand),
                               [&](const Value& one) { return matches_string(name, one, text); });
  }
  std::string folded_text, folded_wanted;
  Slice wanted;
  if (operand.type() == Type::OBJECT) {  // {"equals-ignore-case": ...}
    folded_text = lower(text);
    folded_wanted = lower(json::string_of(operator_of(operand).operand));
    text = folded_text;
    wanted = folded_wanted;
  } else {
    wanted = json::string_of(operand);
  }
  if (name == kPrefix) return text.starts_with(wanted);
  if (name == kSuffix) return text.ends_with(wanted);
  return lower(text) == lower(wanted);
}

bool matches_numeric(const Value& operand, const Value& leaf, Slice member) {
  std::optional<Number> number = number_in(leaf);
  if (!number && leaf.type() == Type::STRING && (member == "N" || member == "NS")) {
    const auto parsed = Number::parse(json::string_of(leaf));
    if (parsed.ok()) number = *parsed;
  }
  if (!number) return false;
  const Array parts = json::array_of(operand);
  for (size_t i = 0; i < parts.size(); i += 2) {
    const Slice comparison = json::string_of(parts.at(i).value());
    const auto order = *number <=> *number_in(parts.at(i + 1).value());
    const bool holds = (order < 0 && comparison.starts_with('<')) ||
                       (order > 0 && comparison.starts_with('>')) ||
                       (order == 0 && comparison.ends_with('='));
    if (!holds) return false;
  }
  return true;
}

bool matches_anything_but(const Value& operand, const Value& leaf) {
  if (operand.type() == Type::OBJECT) {
    const Operator inner = operator_of(operand);
    return leaf.type() == Type::STRING && !matches_string(inner.name, inner.operand, json::string_of(leaf));
  }
  if (operand.type() != Type::ARRAY) return !equal(operand, leaf);
  return std::ranges::none_of(json::array_of(operand), [&](const Value& one) { return equal(one, leaf); });
}

bool matches_leaf(const Value& rule, const Value& leaf, Slice member) {
  if (leaf.type() == Type::OBJECT || leaf.type() == Type::ARRAY) return false;
  if (rule.type() != Type::OBJECT) return equal(rule, leaf);
  const Operator wanted = operator_of(rule);
  if (wanted.name == kNumeric) return matches_numeric(wanted.operand, leaf, member);
  if (wanted.name == kAnythingBut) return matches_anything_but(wanted.operand, leaf);
  return leaf.type() == Type::STRING && matches_string(wanted.name, wanted.operand, json::string_of(leaf));
}

// `value`: what stands there; nullptr: nothing.
bool matches_rule(const Value& rule, const Value* value, Slice member) {
  if (rule.type() == Type::OBJECT) {
    const Operator wanted = operator_of(rule);
    if (wanted.name == kExists) return json::number_of<bool>(wanted.operand) == (value != nullptr);
  }
  if (value == nullptr) return false;
  if (value->type() != Type::ARRAY) return matches_leaf(rule, *value, member);
  return std::ranges::any_of(json::array_of(*value),
                             [&](const Value& one) { return matches_leaf(rule, one, member); });
}

bool matches_pattern(const Object& pattern, const Value* value);

// Of a member of a pattern.
bool matches_member(const Value& wanted, const Value* value, Slice member) {
  if (wanted.type() == Type::OBJECT) return matches_pattern(json::object_of(wanted), value);
  return std::ranges::any_of(json::array_of(wanted),
                             [&](const Value& rule) { return matches_rule(rule, value, member); });
}

bool matches_pattern(const Object& pattern, const Value* value) {
  if (value != nullptr && value->type() == Type::ARRAY) {
    return std::ranges::any_of(json::array_of(*value),
                               [&](const Value& one) { return matches_pattern(pattern, &one); });
  }
  return std::ranges::all_of(pattern, [&](const auto& wanted) {
    if (wanted.key == kOr) {
      return std::ranges::any_of(json::array_of(wanted.value), [&](const Value& alternative) {
        return matches_pattern(json::object_of(alternative), value);
      });
    }
    Value found;
    const bool there = value != nullptr && value->type() == Type::OBJECT &&
                       (*value)[wanted.key].get(found) == simdjson::SUCCESS;
    return matches_member(wanted.value, there ? &found : nullptr, wanted.key);
  });
}

}  // namespace

Result<EventPattern> EventPattern::parse(Slice text) {
  EventPattern pattern;
  pattern.document_ = std::make_unique<json::Document>();
  const auto root = pattern.document_->parse(text);
  if (!root.ok()) return Status::invalid_argument("filter: not JSON: " + root.status().message());
  if (root->get(pattern.root_) != simdjson::SUCCESS)
    return Status::invalid_argument("filter: must be an object");
  VARVE_RETURN_IF_ERROR(Checker().check_pattern(pattern.root_, ""));
  return pattern;
}

bool EventPattern::matches(const json::Value& record) const { return matches_pattern(root_, &record); }

}  // namespace varve::api
