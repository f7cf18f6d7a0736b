#include "api/dynamo/capacity.h"
#include "api/dynamo/item_read.h"
#include "api/dynamo/operations.h"
#include "api/dynamo/parameters.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {

Failure read_item(const Context& context, const Table& table, const index::PrimaryKey& key, StoredItem* item,
                  partition::ReadPoint point) {
  item->reset();
  index::assign_tree_key(key, item->key_buffer());
  const auto found = context.store->get(table.items, *item->key_buffer(), point, item->pin_target());
  if (!found.ok()) return error_of_store(found.status());
  if (!found->found) return std::nullopt;
  return failure_of(item->pin_read());
}

Outcome<std::optional<expression::Projection>> bind_read(const Context& context,
                                                         const GetItemRequest& request) {
  VARVE_RETURN_IF_FAILED(check_parameter_forms(
      {{"ProjectionExpression", request.projection_expression.has_value(), /*takes_values=*/false}},
      request.attributes, request.notes, request.attributes_to_get));
  VARVE_RETURN_IF_FAILED(check_item_values(request.key, request.notes));
  VARVE_ASSIGN_OR_FAIL(auto placeholders, bind_placeholders(context, request.attributes, request.notes));
  VARVE_ASSIGN_OR_FAIL(auto projection, bind_projection(request.projection_expression,
                                                        request.attributes_to_get, &placeholders));
  VARVE_RETURN_IF_FAILED(failure_of(placeholders.check_all_used()));
  return projection;
}

Outcome<index::PrimaryKey> place_read(const Table& table, const GetItemRequest& request,
                                      const std::optional<expression::Projection>& projection) {
  const index::KeySchema& schema = table.description.key_schema;
  VARVE_ASSIGN_OR_FAIL_STATUS(index::PrimaryKey key, index::key_of_parameter(schema, request.key));
  if (projection) VARVE_RETURN_IF_FAILED(check_key_paths(table, *projection));
  return key;
}

Failure project_item(const expression::Projection& projection, StoredItem* item) {
  VARVE_ASSIGN_OR_FAIL_STATUS(const Item part, projection.apply(item->view()));
  return failure_of(item->own(index::encode_item(part)));
}

Outcome<GetItemResult> get_item(const Context& context, const GetItemRequest& request) {
  VARVE_ASSIGN_OR_FAIL(const auto projection, bind_read(context, request));
  VARVE_ASSIGN_OR_FAIL(const TableRef table, context.table_for_items(request.table));
  VARVE_ASSIGN_OR_FAIL(const index::PrimaryKey key, place_read(*table, request, projection));

  GetItemResult result;
  VARVE_RETURN_IF_FAILED(read_item(context, *table, key, &result.item));
  const size_t size_bytes = result.item.found() ? result.item.view().size_bytes() : 0;
  result.consumed_capacity = {table->description.name, read_units(size_bytes, request.consistent_read), {}};
  if (projection && result.item.found()) VARVE_RETURN_IF_FAILED(project_item(*projection, &result.item));
  return result;
}

}  // namespace varve::api::dynamo
