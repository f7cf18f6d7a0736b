// Pages: what Query and Scan do once they know which keys to read. A page ends when `limit` items were looked at, when their sizes
// reach 1 MiB (the item that crosses is still in), or when the range is exhausted; the filter and the projection come after
// that count. A page reads one version of the tree, and the next page starts after the last key looked at, so nothing stays
// pinned in between.
//
// A page of an index reads its entries as if they were items. Where more is asked for than a local index holds, the items that pass the
// filter are fetched from the table at the same moment; their sizes count towards the 1 MiB too, so that an answer stays bounded.
//
// Threads: any (pure functions over the store).
#pragma once

#include <optional>
#include <string>

#include "api/dynamo/context.h"
#include "api/dynamo/page_source.h"
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
  // They need attributes that the index does not hold.
  bool fetch = false;
};

// The items go to `visit`, when there is one, instead of into the result.
Outcome<ReadPageResult> read_page(const Context& context, const PageSource& source,
                                  const ReadPageRequest& request, const PageRange& range,
                                  const PageExpressions& expressions, const ItemVisitor& visit = nullptr);

// Checks that Query and Scan share and that need no table: ExclusiveStartKey's values and Select.
Failure check_start_key_values(const ReadPageRequest& request);
Failure check_select(const ReadPageRequest& request);
// Those that need one: the index, and key attributes inside paths.
Outcome<PageSource> page_source(const Table& table, const ReadPageRequest& request);
Failure check_key_paths(const PageSource& source, const PageExpressions& expressions);
Outcome<bool> must_fetch(const PageSource& source, const ReadPageRequest& request,
                         const PageExpressions& expressions);

}  // namespace varve::api::dynamo
