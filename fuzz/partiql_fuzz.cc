// PartiQL statements. The first byte says whether there are parameters; the rest is the text. Oracle: parsing never crashes and either
// accepts or answers a message; what is accepted is bound and planned against a table, and then names no more ranges than it
// may, evaluates on items without a crash, and reads back its own NextToken. Text after a token's mark is read as a NextToken.
#include <array>
#include <cstdint>
#include <string>

#include "api/partiql/next_token.h"
#include "api/partiql/plan.h"
#include "api/partiql/statement.h"
#include "base/check.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"
#include "index/item_codec.h"

namespace {

using namespace varve;                // NOLINT: a fuzz target is one file
using namespace varve::api::partiql;  // NOLINT
using index::AttributeValue;
using index::Item;
using index::ItemView;
using index::Number;

const index::KeySchema& schema() {
  static const index::KeySchema value{{"pk", index::AttributeType::kString},
                                      index::KeyAttribute{"sk", index::AttributeType::kNumber}};
  return value;
}

const Item& stored() {
  static const Item item = {
      {"pk", AttributeValue::string("a")},
      {"sk", AttributeValue::number(Number(1))},
      {"a", AttributeValue::map({{"b", AttributeValue::list({AttributeValue::number(Number(1))})}})},
      {"s", *AttributeValue::string_set({"x", "y"})},
      {"v", AttributeValue::number(Number(7))}};
  return item;
}

const std::array<AttributeValue, 3>& parameters() {
  static const std::array<AttributeValue, 3> values = {
      AttributeValue::string("a"), AttributeValue::number(Number(1)),
      AttributeValue::list({AttributeValue::string("a"), AttributeValue::null()})};
  return values;
}

void check_message(const Status& status) {
  CHECK(status.code() == ErrorCode::kInvalidArgument && !status.message().empty());
}

void evaluate(const std::optional<api::expression::Condition>& condition) {
  if (!condition) return;
  static const std::string bytes = index::encode_item(stored());
  (void)condition->evaluate(*ItemView::open(bytes));
  (void)condition->evaluate(ItemView());
}

void check_read(Planner* planner) {
  const Result<ReadPlan> plan = planner->plan_read(schema());
  if (!plan.ok()) return check_message(plan.status());
  CHECK(!plan->ranges.empty() && plan->ranges.size() <= 50);
  evaluate(plan->filter);
  for (const auto& path : plan->projection) CHECK(!path.steps.empty() && !result_name(path).empty());
  const ReadPosition last{static_cast<uint32_t>(plan->ranges.size() - 1), ""};
  const auto read_back =
      decode_next_token(encode_next_token(7, last), 7, *plan, index::KeyParts(schema()).size());
  CHECK(read_back && read_back->range == last.range);
}

void check_write(Planner* planner) {
  const Result<WritePlan> plan = planner->plan_write(schema());
  if (!plan.ok()) return check_message(plan.status());
  CHECK(plan->key.size() == 2);
  evaluate(plan->condition);
  if (!plan->update) return;
  const Result<Item> after = plan->update->apply(&stored(), plan->key);
  if (!after.ok()) return check_message(after.status());
  CHECK(*index::decode_item(index::encode_item(*after)) == *after);
}

void check_token(Slice text) {
  ReadPlan plan;
  plan.ranges.resize(2);
  const auto position = decode_next_token(text, 0, plan, index::KeyParts(schema()).size());
  if (position) CHECK(encode_next_token(0, *position) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const Slice text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'T') {
    check_token(text);
    return 0;
  }
  const bool bare = data[0] % 2 == 0;
  const bool reads = begins_as_read(text);
  const Result<Statement> statement =
      parse_statement(text, bare ? std::span<const AttributeValue>() : parameters());
  if (!statement.ok()) {
    check_message(statement.status());
    return 0;
  }
  // What batches and transactions sort statements by, before they parse any.
  CHECK(reads == statement->is_read());
  Result<Planner> planner = Planner::bind(*statement);
  if (!planner.ok()) {
    check_message(planner.status());
    return 0;
  }
  if (statement->kind == StatementKind::kSelect) {
    check_read(&*planner);
  } else if (statement->kind == StatementKind::kInsert) {
    evaluate(*planner->plan_insert(schema()));
  } else {
    check_write(&*planner);
  }
  varve::fuzz::reached(hash64(text));
  return 0;
}
