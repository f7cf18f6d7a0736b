#include "api/dynamo/decode_legacy.h"

#include <array>
#include <unordered_map>

#include "api/dynamo/value_json.h"

namespace varve::api::dynamo {
namespace {

using expression::AttributeAction;
using expression::AttributeChange;
using expression::AttributeTest;
using expression::ComparisonOperator;
using expression::ConditionalOperator;
using expression::LegacyValue;

// In the order in which AWS prints each set.
constexpr std::array<Slice, 13> kComparisonNames = {"IN",          "NULL", "BETWEEN",  "LT", "NOT_CONTAINS",
                                                    "EQ",          "GT",   "NOT_NULL", "NE", "LE",
                                                    "BEGINS_WITH", "GE",   "CONTAINS"};
constexpr std::array kComparisonValues = {
    ComparisonOperator::kIn,          ComparisonOperator::kNull,        ComparisonOperator::kBetween,
    ComparisonOperator::kLess,        ComparisonOperator::kNotContains, ComparisonOperator::kEqual,
    ComparisonOperator::kGreater,     ComparisonOperator::kNotNull,     ComparisonOperator::kNotEqual,
    ComparisonOperator::kLessOrEqual, ComparisonOperator::kBeginsWith,  ComparisonOperator::kGreaterOrEqual,
    ComparisonOperator::kContains};
constexpr EnumTable<ComparisonOperator> kComparison{kComparisonNames, kComparisonValues};

constexpr std::array<Slice, 2> kJoinNames = {"OR", "AND"};
constexpr std::array kJoinValues = {ConditionalOperator::kOr, ConditionalOperator::kAnd};
constexpr EnumTable<ConditionalOperator> kJoin{kJoinNames, kJoinValues};

constexpr std::array<Slice, 3> kActionNames = {"ADD", "DELETE", "PUT"};
constexpr std::array kActionValues = {AttributeAction::kAdd, AttributeAction::kDelete, AttributeAction::kPut};
constexpr EnumTable<AttributeAction> kAction{kActionNames, kActionValues};

void note_name(MemberReader& in, Slice name, RequestBase* request) {
  if (in.has(name)) request->notes.legacy_parameters.emplace_back(name);
}

LegacyValue read_value(const json::Value& json, Place place, DecodeState* state) {
  ValueReader reader;
  LegacyValue out;
  out.value = reader.read(json, place);
  out.problem = reader.problem();
  state->note_serialization(reader.failure());
  return out;
}

// Attribute names in the order of their first appearance, each with what its last one said.
template <typename Entry>
void keep_last_of_each_name(std::vector<Entry>* entries) {
  std::unordered_map<Slice, size_t> places;
  std::vector<Entry> kept;
  kept.reserve(entries->size());
  for (const Entry& entry : *entries) {
    const auto [place, is_new] = places.emplace(entry.attribute, kept.size());
    if (is_new) {
      kept.push_back(entry);
    } else {
      kept[place->second] = entry;
    }
  }
  *entries = std::move(kept);
}

// The entries of a map of structures, of which the last of one name counts.
template <typename Entry, typename Read>
void read_entries(MemberReader& in, Slice name, Slice shape, std::optional<std::vector<Entry>>* out,
                  Read read) {
  if (in.has(name)) out->emplace();
  const std::string java_value = "com.amazonaws.dynamodb.v20120810." + std::string(shape);
  in.map(name, java_value, Presence::kOptional, [&](Slice attribute, const json::Value& value) {
    json::Object object;
    if (auto failure = convert_structure(value, shape, Place::kEntry, &object)) {
      return in.state()->note_serialization(std::move(failure));
    }
    MemberReader members(object, in.state(), in.path(name) + "." + std::string(attribute) + ".member");
    Entry entry;
    entry.attribute = attribute;
    read(members, &entry);
    (*out)->push_back(std::move(entry));
  });
  if (*out) keep_last_of_each_name(&**out);
}

void read_list(MemberReader& in, std::optional<std::vector<LegacyValue>>* out) {
  if (in.has("AttributeValueList")) out->emplace();
  in.list("AttributeValueList", Presence::kOptional, [&](const json::Value& element) {
    (*out)->push_back(read_value(element, Place::kEntry, in.state()));
  });
}

// Filters and key conditions: an operator and its operands.
void read_conditions(MemberReader& in, Slice name, std::optional<std::vector<AttributeTest>>* out) {
  read_entries(in, name, "Condition", out, [](MemberReader& members, AttributeTest* test) {
    read_list(members, &test->list);
    members.enumeration("ComparisonOperator", kComparison, &test->op);
    if (!members.has("ComparisonOperator")) {
      members.state()->note_violation(missing_member(members.path("ComparisonOperator")));
    }
    // An absent list is an empty one here.
    if (!test->list) test->list.emplace();
  });
}

}  // namespace

void read_expected(MemberReader& in, RequestBase* request) {
  note_name(in, "Expected", request);
  read_entries(in, "Expected", "ExpectedAttributeValue", &request->legacy.tests,
               [](MemberReader& members, AttributeTest* test) {
                 const auto read = [&](const json::Value& value) {
                   test->value = read_value(value, Place::kMember, members.state());
                 };
                 members.member("Value", read);
                 if (members.has("Exists")) test->exists.emplace();
                 if (test->exists) members.boolean("Exists", &*test->exists);
                 members.enumeration("ComparisonOperator", kComparison, &test->op);
                 read_list(members, &test->list);
               });
}

void read_filter(MemberReader& in, Slice name, RequestBase* request) {
  note_name(in, name, request);
  read_conditions(in, name, &request->legacy.tests);
}

void read_key_conditions(MemberReader& in, RequestBase* request) {
  // KeyConditions may stand beside a FilterExpression or ProjectionExpression; only its own successor excludes it.
  if (in.has("KeyConditionExpression")) note_name(in, "KeyConditions", request);
  read_conditions(in, "KeyConditions", &request->legacy.key_conditions);
}

void read_attribute_updates(MemberReader& in, RequestBase* request) {
  note_name(in, "AttributeUpdates", request);
  read_entries(in, "AttributeUpdates", "AttributeValueUpdate", &request->legacy.changes,
               [](MemberReader& members, AttributeChange* change) {
                 members.member("Value", [&](const json::Value& value) {
                   change->value = read_value(value, Place::kMember, members.state());
                 });
                 members.enumeration("Action", kAction, &change->action);
               });
}

void read_conditional_operator(MemberReader& in, RequestBase* request) {
  note_name(in, "ConditionalOperator", request);
  in.enumeration("ConditionalOperator", kJoin, &request->legacy.join);
}

}  // namespace varve::api::dynamo
