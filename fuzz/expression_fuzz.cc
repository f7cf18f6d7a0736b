// Expressions. The first byte selects the kind; the rest is the text. Oracle: parsing never crashes and either accepts
// or answers a message; what is accepted evaluates on a fixed set of items without a crash; a condition and its
// negation disagree; an update leaves an item that encodes; a projection of a projection is itself (without list
// indexes).
#include <array>
#include <cstdint>
#include <string>

#include "api/expression/expression.h"
#include "base/check.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"
#include "index/item_codec.h"

namespace {

using namespace varve;                   // NOLINT: a fuzz target is one file
using namespace varve::api::expression;  // NOLINT
using index::AttributeValue;
using index::Item;
using index::ItemView;
using index::Number;

Placeholders make_placeholders() {
  Placeholders out;
  bool good =
      out.add_name("#a", "a").ok() && out.add_name("#n", "name").ok() && out.add_name("#d", "a.b").ok();
  const std::array<std::pair<const char*, AttributeValue>, 8> values = {{
      {":n", AttributeValue::number(Number(7))},
      {":s", AttributeValue::string("abc")},
      {":b", AttributeValue::binary("ab")},
      {":t", AttributeValue::string("SS")},
      {":l", AttributeValue::list({AttributeValue::string("abc")})},
      {":m", AttributeValue::map({{"k", AttributeValue::null()}})},
      {":x", *AttributeValue::string_set({"abc", "d"})},
      {":y", *AttributeValue::number_set({Number(7), Number(-1)})},
  }};
  for (const auto& [key, value] : values) good = good && out.add_value(key, value).ok();
  CHECK(good);
  return out;
}

const std::array<Item, 3>& items() {
  static const std::array<Item, 3> all = {
      Item(),
      Item{{"a", AttributeValue::number(Number(7))},
           {"b", AttributeValue::string("abcd")},
           {"c", *AttributeValue::string_set({"abc"})},
           {"name", AttributeValue::null()}},
      Item{{"a", AttributeValue::map(
                     {{"b", AttributeValue::list({AttributeValue::number(Number(1)),
                                                  AttributeValue::map({{"c", AttributeValue()}})})}})},
           {"b", AttributeValue::list({AttributeValue::string("x"), AttributeValue::string("abc")})},
           {"c", AttributeValue::binary("ab")}},
  };
  return all;
}

const std::string& encoded(size_t i) {
  static const std::array<std::string, 3> all = {
      index::encode_item(items()[0]), index::encode_item(items()[1]), index::encode_item(items()[2])};
  return all[i];
}

void check_message(const Status& status) {
  CHECK(status.code() == ErrorCode::kInvalidArgument && !status.message().empty());
}

void check_condition(Slice text, bool filter) {
  Placeholders placeholders = make_placeholders();
  const Result<Condition> condition =
      filter ? parse_filter(text, &placeholders) : parse_condition(text, &placeholders);
  if (!condition.ok()) return check_message(condition.status());
  Placeholders again = make_placeholders();
  const Result<Condition> negated = parse_condition("NOT (" + std::string(text) + ")", &again);
  for (size_t i = 0; i < items().size(); ++i) {
    const bool holds = condition->evaluate(*ItemView::open(encoded(i)));
    if (negated.ok()) CHECK(negated->evaluate(*ItemView::open(encoded(i))) != holds);
  }
  (void)condition->evaluate(ItemView());
  varve::fuzz::reached(hash64(text));
}

void check_update(Slice text) {
  Placeholders placeholders = make_placeholders();
  const Result<Update> update = parse_update(text, &placeholders);
  if (!update.ok()) return check_message(update.status());
  const Item key = {{"pk", AttributeValue::string("k")}};
  for (size_t i = 0; i < items().size(); ++i) {
    const Result<Item> after = update->apply(i == 0 ? nullptr : &items()[i], key);
    if (!after.ok()) {
      check_message(after.status());
      continue;
    }
    const std::string bytes = index::encode_item(*after);
    CHECK(*index::decode_item(bytes) == *after);
    CHECK(update->targets().apply(*ItemView::open(bytes)).ok());
  }
}

void check_projection(Slice text) {
  Placeholders placeholders = make_placeholders();
  const Result<Projection> projection = parse_projection(text, &placeholders);
  if (!projection.ok()) return check_message(projection.status());
  for (size_t i = 0; i < items().size(); ++i) {
    const Result<Item> kept = projection->apply(*ItemView::open(encoded(i)));
    CHECK(kept.ok());
    const Result<Item> twice = projection->apply(*ItemView::open(index::encode_item(*kept)));
    // Indexes mean other elements once a list was compacted.
    if (text.find('[') == Slice::npos) CHECK(twice.ok() && *twice == *kept);
  }
}

void check_key_condition(Slice text) {
  Placeholders placeholders = make_placeholders();
  const Result<KeyCondition> condition = parse_key_condition(text, &placeholders);
  if (!condition.ok()) return check_message(condition.status());
  const index::KeySchema schema{{"a", index::AttributeType::kString},
                                index::KeyAttribute{"b", index::AttributeType::kNumber}};
  const Result<KeyQuery> query = condition->resolve(schema);
  if (!query.ok()) return check_message(query.status());
  (void)query->range();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const Slice text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      check_condition(text, false);
      break;
    case 1:
      check_condition(text, true);
      break;
    case 2:
      check_update(text);
      break;
    case 3:
      check_projection(text);
      break;
    default:
      check_key_condition(text);
      break;
  }
  return 0;
}
