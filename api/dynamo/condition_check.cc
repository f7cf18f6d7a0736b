// ConditionCheck: a member of TransactWriteItems that writes nothing, and refuses the transaction unless its condition is met.
#include "api/dynamo/item_write.h"
#include "api/dynamo/parameters.h"

namespace varve::api::dynamo {
namespace {

class ConditionCheck final : public ItemWrite {
 public:
  ConditionCheck(TableRef table, const ConditionCheckRequest& request,
                 std::optional<expression::Condition> condition, const index::PrimaryKey& key)
      : ItemWrite(std::move(table), request, std::move(condition), key) {}

 private:
  Outcome<Decision> decide(const ItemImage&) override { return Decision(); }
};

}  // namespace

Outcome<BoundWrite> bind_write(const Context& context, const ConditionCheckRequest& request) {
  if (!request.condition_expression) {
    return validation_error("The ConditionExpression parameter is required for ConditionCheck");
  }
  VARVE_RETURN_IF_FAILED(
      check_parameter_forms({{"ConditionExpression", true}}, request.attributes, request.notes));
  VARVE_RETURN_IF_FAILED(check_item_values(request.key, request.notes));
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  BoundWrite bound;
  VARVE_ASSIGN_OR_FAIL(bound.condition, bind_condition(request, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));
  return bound;
}

Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const ConditionCheckRequest& request,
                                                BoundWrite bound) {
  const index::KeySchema& schema = table->description.key_schema;
  VARVE_ASSIGN_OR_FAIL_STATUS(const index::PrimaryKey key, index::key_of_parameter(schema, request.key));
  VARVE_RETURN_IF_FAILED(check_key_paths(*table, *bound.condition));
  return std::shared_ptr<ItemWrite>(
      std::make_shared<ConditionCheck>(std::move(table), request, std::move(bound.condition), key));
}

}  // namespace varve::api::dynamo
