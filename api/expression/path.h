// Document paths (a.b[3].c) with their names resolved, and sets of them as a tree.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/expression/placeholders.h"
#include "api/expression/syntax.h"
#include "base/result.h"
#include "index/attribute_value.h"
#include "index/item_view.h"
#include "index/key_schema.h"

namespace varve::api::expression {

// One step: a member name or a list index.
struct PathStep {
  std::shared_ptr<const std::string> name;  // shared with the placeholder it came from; null when is_index
  uint32_t index = 0;
  bool is_index = false;
  bool operator==(const PathStep& other) const;
  // Names by bytes, indexes by value; the two kinds do not mix.
  bool operator<(const PathStep& other) const;
};

// The first step is always a name.
struct DocumentPath {
  std::vector<PathStep> steps;
  const std::string& root() const { return *steps.front().name; }
  bool is_nested() const { return steps.size() > 1; }
  bool operator==(const DocumentPath&) const = default;
  // "[a, b, [3]]": how DynamoDB's messages show a path.
  std::string to_message_string() const;
};

// A path of the syntax tree with its placeholders looked up; "An expression attribute name used in the
// document path is not defined; attribute name: #n", without prefix.
Result<DocumentPath> resolve_path(const SyntaxPath& path, Placeholders* placeholders);

// nullptr or nullopt when any step is missing: an absent name, an index beyond the end, a step that does not fit the
// type.
std::optional<index::ValueView> find_path(const index::ItemView& item, const DocumentPath& path);
const index::AttributeValue* find_path(const index::Item& item, const DocumentPath& path);

// "Key attributes must be scalars; list random access ..." when a path goes below a key attribute.
// `kind` is how the text calls the attribute: "Key" or "IndexKey".
Status check_not_below_key(const DocumentPath& path, const index::KeyParts& keys, Slice kind);

// Several paths of one expression as a tree: what an update changes or a projection keeps.
// I1  No path is a prefix of another, and the children of a node are all names or all indexes (else add
// refuses). I2  Children are sorted, by name or by index.
class PathTree {
 public:
  struct Node {
    PathStep step;
    int32_t leaf = -1;  // the number of the path that ends here; inner nodes have none
    std::vector<Node> children;
  };
  enum class Clash { kNone, kOverlap, kConflict };

  // Adds path number `leaf`. On a clash *other is the number of an earlier path it clashes with.
  Clash add(const DocumentPath& path, int32_t leaf, int32_t* other);
  const std::vector<Node>& roots() const { return root_.children; }

 private:
  Node root_;
};

// Builds the tree of all paths, or answers DynamoDB's overlap or conflict text without the "Invalid ...: "
// prefix. An overlap anywhere is reported before any conflict.
Result<PathTree> make_path_tree(const std::vector<const DocumentPath*>& paths);

}  // namespace varve::api::expression
