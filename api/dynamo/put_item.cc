// PutItem: replaces the whole item.
#include "api/dynamo/item_write.h"
#include "api/dynamo/parameters.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

class PutItem final : public ItemWrite {
 public:
  PutItem(TableRef table, const PutItemRequest& request, std::optional<expression::Condition> condition,
          const index::PrimaryKey& key, std::string encoded)
      : ItemWrite(std::move(table), request, std::move(condition), key), encoded_(std::move(encoded)) {}

 private:
  Outcome<Decision> decide(const ItemImage& before) override {
    Decision decision{Decision::Kind::kPut, encoded_, {}};
    if (return_values_ == ReturnValues::kAllOld) {
      VARVE_ASSIGN_OR_FAIL(decision.attributes, attributes_of(before));
    }
    return decision;
  }

  const std::string encoded_;
};

}  // namespace

Outcome<BoundWrite> bind_write(const Context& context, const PutItemRequest& request) {
  VARVE_RETURN_IF_FAILED(
      check_parameter_forms({{"ConditionExpression", request.condition_expression.has_value()}},
                            request.attributes, request.notes));
  VARVE_RETURN_IF_FAILED(check_item_values(request.item, request.notes));
  if (request.return_values != ReturnValues::kNone && request.return_values != ReturnValues::kAllOld) {
    return validation_error("ReturnValues can only be ALL_OLD or NONE");
  }
  if (index::item_size_bytes(request.item) > index::kMaxItemBytes) {
    return item_too_large(index::ItemSource::kPut);
  }
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  BoundWrite bound;
  VARVE_ASSIGN_OR_FAIL(bound.condition, bind_condition(request, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));
  return bound;
}

Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const PutItemRequest& request,
                                                BoundWrite bound) {
  const index::KeySchema& schema = table->description.key_schema;
  VARVE_ASSIGN_OR_FAIL_STATUS(const index::PrimaryKey key, index::key_of_item(schema, request.item));
  std::string encoded = index::encode_item(request.item);
  VARVE_ASSIGN_OR_FAIL_STATUS(const ItemImage image, ItemImage::of(encoded));
  VARVE_RETURN_IF_FAILED(check_index_keys(*table, image.view, index::ItemSource::kPut));
  if (bound.condition) VARVE_RETURN_IF_FAILED(check_key_paths(*table, *bound.condition));
  return std::shared_ptr<ItemWrite>(std::make_shared<PutItem>(
      std::move(table), request, std::move(bound.condition), key, std::move(encoded)));
}

Outcome<std::shared_ptr<ItemWrite>> make_put(const Context& context, const PutItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(BoundWrite bound, bind_write(context, request));
  VARVE_ASSIGN_OR_FAIL(TableRef table, context.table_for_items(request.table));
  return place_write(std::move(table), request, std::move(bound));
}

}  // namespace varve::api::dynamo
