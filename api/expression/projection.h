// ProjectionExpression, and the projection of UPDATED_OLD and UPDATED_NEW: the part of an item that some paths reach.
//
// The result keeps the document's structure; selected list elements are compacted in index order; missing paths are
// skipped, and a container is there only if something below it matched. Key attributes are not added.
#pragma once

#include <vector>

#include "api/expression/path.h"
#include "api/expression/placeholders.h"
#include "base/result.h"
#include "index/attribute_value.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::api::expression {

class Projection {
 public:
  Projection() = default;  // keeps nothing
  // The paths neither overlap nor conflict: make_path_tree said so.
  Projection(std::vector<DocumentPath> paths, PathTree tree)
      : paths_(std::move(paths)), tree_(std::move(tree)) {}

  // Reads in place; decodes only what it keeps. kCorruption when that is damaged.
  Result<index::Item> apply(const index::ItemView& item) const;
  const std::vector<DocumentPath>& paths() const { return paths_; }
  // "Key attributes must be scalars; ..." for a path below a key attribute.
  Status check_key_paths(const index::KeyParts& keys, Slice kind = "Key") const;

 private:
  std::vector<DocumentPath> paths_;
  PathTree tree_;
};

Result<Projection> parse_projection(Slice text, Placeholders* placeholders);
// Top-level names taken literally (the legacy AttributesToGet): duplicates must have been refused.
Projection project_attributes(const std::vector<std::string>& names);

}  // namespace varve::api::expression
