// UpdateItem: changes some attributes, or creates the item from its key and the update.
#include "api/dynamo/item_write.h"
#include "api/dynamo/parameters.h"
#include "api/expression/update.h"
#include "index/item_codec.h"

namespace varve::api::dynamo {
namespace {

class UpdateItem final : public ItemWrite {
 public:
  UpdateItem(TableRef table, const UpdateItemRequest& request, std::optional<expression::Condition> condition,
             std::optional<expression::Update> update, const index::PrimaryKey& key)
      : ItemWrite(std::move(table), request, std::move(condition), key),
        update_(std::move(update)),
        key_(request.key) {}

 private:
  index::ItemSource source() const override { return index::ItemSource::kUpdate; }

  Outcome<Decision> decide(const ItemImage& image) override {
    VARVE_ASSIGN_OR_FAIL(const std::optional<Item> before, attributes_of(image));
    // An update that only removes creates nothing.
    const bool stays_missing = !before && update_ && !update_->creates_item();
    if (stays_missing) return Decision();
    Item after = before ? *before : key_;
    if (update_) {
      VARVE_ASSIGN_OR_FAIL_STATUS(after, update_->apply(before ? &*before : nullptr, key_));
    }
    Decision decision;
    decision.kind = Decision::Kind::kPut;
    if (index::item_size_bytes(after) > index::kMaxItemBytes) {
      return item_too_large(index::ItemSource::kUpdate);
    }
    decision.encoded = index::encode_item(after);
    VARVE_ASSIGN_OR_FAIL(decision.attributes, answer(image, before, std::move(after), decision.encoded));
    return decision;
  }

  Outcome<std::optional<Item>> answer(const ItemImage& image, const std::optional<Item>& before, Item after,
                                      Slice encoded_after) const {
    switch (return_values_) {
      case ReturnValues::kNone:
        return std::optional<Item>();
      case ReturnValues::kAllOld:
        return std::optional<Item>(before);
      case ReturnValues::kAllNew:
        return std::optional<Item>(std::move(after));
      case ReturnValues::kUpdatedOld:
        return touched(image.view);
      case ReturnValues::kUpdatedNew:
        break;
    }
    VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView view, index::ItemView::open(encoded_after));
    return touched(view);
  }

  // The paths the update names, as they are in an item; absent when there is nothing.
  Outcome<std::optional<Item>> touched(const index::ItemView& item) const {
    std::optional<Item> attributes;
    if (!update_) return attributes;
    VARVE_ASSIGN_OR_FAIL_STATUS(Item part, update_->targets().apply(item));
    if (!part.empty()) attributes = std::move(part);
    return attributes;
  }

  const std::optional<expression::Update> update_;
  const Item key_;
};

// What the update says by itself of the keys of indexes comes before the condition; what depends on the stored item is checked when
// the item is there.
Failure check_assigned_index_keys(const Table& table, const expression::Update& update) {
  if (table.index_count() == 0) return std::nullopt;
  const std::string assigned = index::encode_item(update.assigned_values());
  VARVE_ASSIGN_OR_FAIL_STATUS(const index::ItemView view, index::ItemView::open(assigned));
  return check_index_keys(table, view, index::ItemSource::kUpdate);
}

}  // namespace

Outcome<BoundWrite> bind_write(const Context& context, const UpdateItemRequest& request) {
  VARVE_RETURN_IF_FAILED(
      check_parameter_forms({{"UpdateExpression", request.update_expression.has_value()},
                             {"ConditionExpression", request.condition_expression.has_value()}},
                            request.attributes, request.notes));
  VARVE_RETURN_IF_FAILED(check_item_values(request.key, request.notes));
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  BoundWrite bound;
  if (request.update_expression) {
    VARVE_ASSIGN_OR_FAIL_STATUS(bound.update,
                                expression::parse_update(*request.update_expression, &placeholders));
  } else if (request.legacy.changes) {
    VARVE_ASSIGN_OR_FAIL_STATUS(bound.update, expression::translate_changes(*request.legacy.changes));
  }
  VARVE_ASSIGN_OR_FAIL(bound.condition, bind_condition(request, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));
  return bound;
}

Outcome<std::shared_ptr<ItemWrite>> place_write(TableRef table, const UpdateItemRequest& request,
                                                BoundWrite bound) {
  const index::KeySchema& schema = table->description.key_schema;
  VARVE_ASSIGN_OR_FAIL_STATUS(const index::PrimaryKey key, index::key_of_parameter(schema, request.key));
  if (bound.update) {
    VARVE_RETURN_IF_FAILED(failure_of(bound.update->check_key_attributes(schema)));
    VARVE_RETURN_IF_FAILED(check_key_paths(*table, *bound.update));
    VARVE_RETURN_IF_FAILED(check_assigned_index_keys(*table, *bound.update));
  }
  if (bound.condition) VARVE_RETURN_IF_FAILED(check_key_paths(*table, *bound.condition));
  return std::shared_ptr<ItemWrite>(std::make_shared<UpdateItem>(
      std::move(table), request, std::move(bound.condition), std::move(bound.update), key));
}

Outcome<std::shared_ptr<ItemWrite>> make_update(const Context& context, const UpdateItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(BoundWrite bound, bind_write(context, request));
  VARVE_ASSIGN_OR_FAIL(TableRef table, context.table_for_items(request.table));
  return place_write(std::move(table), request, std::move(bound));
}

}  // namespace varve::api::dynamo
