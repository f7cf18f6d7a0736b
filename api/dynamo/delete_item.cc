// DeleteItem: idempotent; a missing item is success unless a condition says otherwise.
#include "api/dynamo/item_write.h"
#include "api/dynamo/parameters.h"

namespace varve::api::dynamo {
namespace {

class DeleteItem final : public ItemWrite {
 public:
  DeleteItem(TableRef table, const DeleteItemRequest& request, std::optional<expression::Condition> condition,
             const index::PrimaryKey& key)
      : ItemWrite(std::move(table), request, std::move(condition), key) {}

 private:
  Outcome<Decision> decide(const ItemImage& before) override {
    Decision decision{Decision::Kind::kDelete, {}, {}};
    if (return_values_ == ReturnValues::kAllOld) {
      VARVE_ASSIGN_OR_FAIL(decision.attributes, attributes_of(before));
    }
    return decision;
  }
};

}  // namespace

Outcome<BoundWrite> bind_write(const Context& context, const DeleteItemRequest& request) {
  VARVE_RETURN_IF_FAILED(
      check_parameter_forms({{"ConditionExpression", request.condition_expression.has_value()}},
                            request.attributes, request.notes));
  VARVE_RETURN_IF_FAILED(check_item_values(request.key, request.notes));
  if (request.return_values != ReturnValues::kNone && request.return_values != ReturnValues::kAllOld) {
    return validation_error("ReturnValues can only be ALL_OLD or NONE");
  }
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  BoundWrite bound;
  VARVE_ASSIGN_OR_FAIL(bound.condition, bind_condition(request, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));
  return bound;
}

Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const DeleteItemRequest& request,
                                                BoundWrite bound) {
  const index::KeySchema& schema = table->description.key_schema;
  VARVE_ASSIGN_OR_FAIL_STATUS(const index::PrimaryKey key, index::key_of_parameter(schema, request.key));
  if (bound.condition) VARVE_RETURN_IF_FAILED(check_key_paths(*table, *bound.condition));
  return std::shared_ptr<ItemWrite>(
      std::make_shared<DeleteItem>(std::move(table), request, std::move(bound.condition), key));
}

Outcome<std::shared_ptr<ItemWrite>> make_delete(const Context& context, const DeleteItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(BoundWrite bound, bind_write(context, request));
  VARVE_ASSIGN_OR_FAIL(TableRef table, context.table_for_items(request.table));
  return place_write(std::move(table), request, std::move(bound));
}

}  // namespace varve::api::dynamo
