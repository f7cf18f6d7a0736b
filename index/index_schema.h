// A secondary index of a table: its keys, and which attributes its entries hold; and what DynamoDB refuses about them in an item.
//
// A local index has the table's partition key and one sort key. A global one has 1 to 4 partition key attributes and up to 4 sort
// key attributes: an item collection of it is the items whose partition attributes are all equal, ordered by the sort attributes one
// after the other.
//
// An index is sparse: an item is in it exactly when it has every key attribute of the index.
//
// Errors: kInvalidArgument with the exact text that DynamoDB sends. Threads: any; values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::index {

inline constexpr size_t kMaxIndexKeyAttributes = 4;  // of each kind, in a global index

enum class IndexKind : uint8_t { kLocal = 0, kGlobal = 1 };
enum class ProjectionType : uint8_t { kAll = 0, kKeysOnly = 1, kInclude = 2 };

struct IndexSchema {
  std::string name;
  IndexKind kind = IndexKind::kGlobal;
  std::vector<KeyAttribute> partition;  // at least one
  std::vector<KeyAttribute> sort;
  ProjectionType projection = ProjectionType::kAll;
  std::vector<std::string>
      non_key_attributes;  // kInclude: what is projected besides the keys of table and index

  bool is_global() const { return kind == IndexKind::kGlobal; }
  KeyParts keys() const { return {partition, sort}; }
  // Whether an entry holds the attribute, in an index of a table with the given key.
  bool projects(Slice attribute, const KeySchema& table) const;
  bool operator==(const IndexSchema&) const = default;
};

// How an item comes to be written, which the texts for empty values distinguish.
enum class ItemSource : uint8_t { kPut, kUpdate };

// The index's key attributes that the item has, against the index: "Type mismatch for Index Key a ...", empty values, and the size limits.
Status check_index_key(const IndexSchema& index, const ItemView& item, ItemSource source);
// The part of it about empty values.
Status check_index_key_not_empty(const IndexSchema& index, const Item& item, ItemSource source);

}  // namespace varve::index
