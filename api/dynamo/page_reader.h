// Pages: what Query and Scan do once they know which keys to read. A page ends when `limit` items were looked at, when their sizes
// reach 1 MiB (the item that crosses is still in), or when the range is exhausted; the filter and the projection come after
// that count. A page reads one version of the tree, and the next page starts after the last key looked at, so nothing stays
// pinned in between.
//
// Threads: any (pure functions over the store).
#pragma once

#include <optional>
#include <string>

#include "api/dynamo/context.h"
#include "api/dynamo/requests.h"
#include "api/expression/condition.h"
#include "api/expression/projection.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {

inline constexpr size_t kPageBytes = 1u << 20;

struct PageRange {
  index::KeyRange keys;
  bool forward = true;
  // The key of ExclusiveStartKey, within `keys`; empty: from the start.
  std::string after;
  // Whether a page that stops at its limit says where to go on: not when it can hold one item at most.
  bool resumable = true;
};

// Filter and projection bound to a request.
struct PageExpressions {
  std::optional<expression::Condition> filter;
  std::optional<expression::Projection> projection;
};

// The items go to `visit`, when there is one, instead of into the result.
Outcome<ReadPageResult> read_page(const Context& context, const Table& table, const ReadPageRequest& request,
                                  const PageRange& range, const PageExpressions& expressions,
                                  const ItemVisitor& visit = nullptr);

// Checks that Query and Scan share and that need no table: ExclusiveStartKey's values and Select.
Failure check_start_key_values(const ReadPageRequest& request);
Failure check_select(const ReadPageRequest& request);
// Those that need one: the index (there are none yet) and key attributes inside paths.
Failure check_index(const ReadPageRequest& request);
Failure check_key_paths(const PageExpressions& expressions, const index::KeySchema& schema);

}  // namespace varve::api::dynamo
