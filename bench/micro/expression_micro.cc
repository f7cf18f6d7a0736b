// Parsing and evaluating a condition, encoding and reading an item.
#include <benchmark/benchmark.h>

#include <string>

#include "api/expression/condition.h"
#include "api/expression/syntax_cache.h"
#include "index/item_codec.h"

namespace varve::api::expression {
namespace {

constexpr char kCondition[] = "attribute_exists(#id) AND (#count < :limit OR begins_with(#name, :prefix))";

index::AttributeValue number(const char* text) {
  auto parsed = index::Number::parse(text);
  CHECK(parsed.ok());
  return index::AttributeValue::number(*parsed);
}

Placeholders placeholders(SyntaxCache* cache = nullptr) {
  Placeholders result(cache);
  CHECK(result.add_name("#id", "UserID").ok());
  CHECK(result.add_name("#count", "Count").ok());
  CHECK(result.add_name("#name", "Name").ok());
  CHECK(result.add_value(":limit", number("10")).ok());
  CHECK(result.add_value(":prefix", index::AttributeValue::string("Ad")).ok());
  return result;
}

std::string encoded_item() {
  index::Item item;
  item.set("UserID", index::AttributeValue::string("123"));
  item.set("Name", index::AttributeValue::string("Ada Lovelace"));
  item.set("Email", index::AttributeValue::string("ada@example.com"));
  item.set("Count", number("42"));
  return index::encode_item(item);
}

void ParseCondition(benchmark::State& state) {
  Placeholders names = placeholders();
  for (auto _ : state) benchmark::DoNotOptimize(parse_condition(kCondition, &names));
}
BENCHMARK(ParseCondition);

// The same through a database's cache: what a request costs whose text was seen before.
void ParseConditionCached(benchmark::State& state) {
  SyntaxCache cache;
  Placeholders names = placeholders(&cache);
  for (auto _ : state) benchmark::DoNotOptimize(parse_condition(kCondition, &names));
}
BENCHMARK(ParseConditionCached);

void EvaluateCondition(benchmark::State& state) {
  Placeholders names = placeholders();
  const auto condition = parse_condition(kCondition, &names);
  CHECK(condition.ok());
  const std::string bytes = encoded_item();
  const auto view = index::ItemView::open(bytes);
  CHECK(view.ok());
  for (auto _ : state) benchmark::DoNotOptimize(condition->evaluate(*view));
}
BENCHMARK(EvaluateCondition);

void DecodeItem(benchmark::State& state) {
  const std::string bytes = encoded_item();
  for (auto _ : state) benchmark::DoNotOptimize(index::decode_item(bytes));
}
BENCHMARK(DecodeItem);

}  // namespace
}  // namespace varve::api::expression
