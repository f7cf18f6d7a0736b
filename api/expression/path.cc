#include "api/expression/path.h"

#include <algorithm>
#include <limits>

namespace varve::api::expression {

using index::AttributeType;
using index::AttributeValue;
using index::ItemView;
using index::ValueView;

bool PathStep::operator==(const PathStep& other) const {
  if (is_index || other.is_index) return is_index == other.is_index && index == other.index;
  return *name == *other.name;
}

bool PathStep::operator<(const PathStep& other) const {
  return is_index ? index < other.index : *name < *other.name;
}

std::string DocumentPath::to_message_string() const {
  std::string out = "[";
  for (const PathStep& step : steps) {
    if (out.size() > 1) out += ", ";
    out += step.is_index ? "[" + std::to_string(step.index) + "]" : *step.name;
  }
  return out + "]";
}

Result<DocumentPath> resolve_path(const SyntaxPath& path, Placeholders* placeholders) {
  DocumentPath out;
  out.steps.reserve(path.size());
  for (const SyntaxStep& step : path) {
    PathStep resolved;
    resolved.is_index = step.is_index;
    resolved.index = step.index;
    if (!step.is_index && step.text[0] == '#') {
      resolved.name = placeholders->use_name(step.text);
      if (resolved.name == nullptr) {
        return Status::invalid_argument(
            "An expression attribute name used in the document path is not defined; attribute name: " +
            step.text);
      }
    } else if (!step.is_index) {
      resolved.name = std::make_shared<const std::string>(step.text);
    }
    out.steps.push_back(std::move(resolved));
  }
  return out;
}

std::optional<ValueView> find_path(const ItemView& item, const DocumentPath& path) {
  std::optional<ValueView> value = item.find(path.root());
  for (size_t i = 1; i < path.steps.size() && value; ++i) {
    const PathStep& step = path.steps[i];
    value = step.is_index ? value->element(step.index) : value->member(*step.name);
  }
  return value;
}

const AttributeValue* find_path(const index::Item& item, const DocumentPath& path) {
  const AttributeValue* value = item.find(path.root());
  for (size_t i = 1; i < path.steps.size() && value != nullptr; ++i) {
    const PathStep& step = path.steps[i];
    if (step.is_index) {
      const bool there = value->is(AttributeType::kList) && step.index < value->as_list().size();
      value = there ? &value->as_list()[step.index] : nullptr;
    } else {
      value = value->is(AttributeType::kMap) ? value->as_map().find(*step.name) : nullptr;
    }
  }
  return value;
}

Status check_not_below_key(const DocumentPath& path, const index::KeyParts& keys, Slice kind) {
  if (!path.is_nested() || !keys.is_key(path.root())) return {};
  return Status::invalid_argument(
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
      std::string(kind) + ": " + path.root());
}

namespace {

// The smallest path number below a node, its own included.
int32_t first_leaf(const PathTree::Node& node) {
  if (node.leaf >= 0) return node.leaf;
  int32_t first = std::numeric_limits<int32_t>::max();
  for (const PathTree::Node& child : node.children) first = std::min(first, first_leaf(child));
  return first;
}

}  // namespace

PathTree::Clash PathTree::add(const DocumentPath& path, int32_t leaf, int32_t* other) {
  Node* node = &root_;
  for (size_t i = 0; i < path.steps.size(); ++i) {
    const PathStep& step = path.steps[i];
    if (node->leaf >= 0) {
      *other = node->leaf;
      return Clash::kOverlap;
    }
    if (!node->children.empty() && node->children.front().step.is_index != step.is_index) {
      *other = first_leaf(*node);
      return Clash::kConflict;
    }
    auto at = std::lower_bound(node->children.begin(), node->children.end(), step,
                               [](const Node& child, const PathStep& s) { return child.step < s; });
    if (at == node->children.end() || !(at->step == step)) {
      // Nothing shares this step: the rest of the path is a new branch.
      Node branch;
      branch.step = path.steps.back();
      branch.leaf = leaf;
      for (size_t k = path.steps.size() - 1; k > i; --k) {
        Node parent;
        parent.step = path.steps[k - 1];
        parent.children.push_back(std::move(branch));
        branch = std::move(parent);
      }
      node->children.insert(at, std::move(branch));
      return Clash::kNone;
    }
    node = &*at;
  }
  *other = first_leaf(*node);
  return Clash::kOverlap;
}

Result<PathTree> make_path_tree(const std::vector<const DocumentPath*>& paths) {
  PathTree tree;
  std::optional<std::string> overlap;
  std::optional<std::string> conflict;
  for (size_t i = 0; i < paths.size(); ++i) {
    int32_t other = 0;
    const PathTree::Clash clash = tree.add(*paths[i], static_cast<int32_t>(i), &other);
    if (clash == PathTree::Clash::kNone) continue;
    std::optional<std::string>& slot = clash == PathTree::Clash::kOverlap ? overlap : conflict;
    if (slot) continue;
    slot = std::string("Two document paths ") +
           (clash == PathTree::Clash::kOverlap ? "overlap" : "conflict") +
           " with each other; must remove or rewrite one of these paths; path one: " +
           paths[static_cast<size_t>(other)]->to_message_string() +
           ", path two: " + paths[i]->to_message_string();
  }
  if (overlap) return Status::invalid_argument(*overlap);
  if (conflict) return Status::invalid_argument(*conflict);
  return tree;
}

}  // namespace varve::api::expression
