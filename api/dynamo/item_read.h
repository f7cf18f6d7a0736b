// The steps of reading one item by its key, which GetItem takes for itself and TransactGetItems for each of its members:
// bind_read, the table, place_read, read_item (api/dynamo/operations.h), project_item.
//
// Threads: any (pure functions).
#pragma once

#include <optional>

#include "api/dynamo/context.h"
#include "api/dynamo/requests.h"
#include "api/expression/projection.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

// The checks that need no table.
Outcome<std::optional<expression::Projection>> bind_read(const Context& context,
                                                         const GetItemRequest& request);
// Those that do.
Outcome<index::PrimaryKey> place_read(const Table& table, const GetItemRequest& request,
                                      const std::optional<expression::Projection>& projection);
// Projects a found item in place.
Failure project_item(const expression::Projection& projection, StoredItem* item);

}  // namespace varve::api::dynamo
