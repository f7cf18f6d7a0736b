#include "api/expression/projection.h"

#include "api/expression/parser.h"
#include "api/expression/syntax_cache.h"

namespace varve::api::expression {

using index::AttributeValue;
using index::Item;
using index::ItemView;
using index::ValueView;

namespace {

// What the paths below a node reach in a value; nullopt when they reach nothing.
Result<std::optional<AttributeValue>> keep(const PathTree::Node& node, const ValueView& value) {
  if (node.leaf >= 0) {
    VARVE_ASSIGN_OR_RETURN(AttributeValue whole, value.decode());
    return std::optional<AttributeValue>(std::move(whole));
  }
  AttributeValue::List elements;
  Item members;
  for (const PathTree::Node& child : node.children) {
    const std::optional<ValueView> below =
        child.step.is_index ? value.element(child.step.index) : value.member(*child.step.name);
    if (!below) continue;
    VARVE_ASSIGN_OR_RETURN(std::optional<AttributeValue> kept, keep(child, *below));
    if (!kept) continue;
    if (child.step.is_index) {
      elements.push_back(*std::move(kept));
    } else {
      members.set(*child.step.name, *std::move(kept));
    }
  }
  std::optional<AttributeValue> out;
  if (!elements.empty()) out = AttributeValue::list(std::move(elements));
  if (!members.empty()) out = AttributeValue::map(std::move(members));
  return out;
}

}  // namespace

Result<Item> Projection::apply(const ItemView& item) const {
  Item out;
  for (const PathTree::Node& root : tree_.roots()) {
    const std::optional<ValueView> value = item.find(*root.step.name);
    if (!value) continue;
    VARVE_ASSIGN_OR_RETURN(std::optional<AttributeValue> kept, keep(root, *value));
    if (kept) out.set(*root.step.name, *std::move(kept));
  }
  return out;
}

Status Projection::check_key_paths(const index::KeyParts& keys, Slice kind) const {
  for (const DocumentPath& path : paths_) VARVE_RETURN_IF_ERROR(check_not_below_key(path, keys, kind));
  return {};
}

Result<Projection> parse_projection(Slice text, Placeholders* placeholders) {
  VARVE_ASSIGN_OR_RETURN(auto syntax, projection_syntax(placeholders->syntax_cache(), text));
  std::vector<DocumentPath> paths;
  std::vector<const DocumentPath*> pointers;
  paths.reserve(syntax->operands.paths.size());
  for (const SyntaxPath& path : syntax->operands.paths) {
    Result<DocumentPath> resolved = resolve_path(path, placeholders);
    if (!resolved.ok()) return expression_error(ExpressionKind::kProjection, resolved.status().message());
    paths.push_back(std::move(resolved).value());
    pointers.push_back(&paths.back());
  }
  Result<PathTree> tree = make_path_tree(pointers);
  if (!tree.ok()) return expression_error(ExpressionKind::kProjection, tree.status().message());
  return Projection(std::move(paths), std::move(tree).value());
}

Projection project_attributes(const std::vector<std::string>& names) {
  std::vector<DocumentPath> paths;
  PathTree tree;
  for (const std::string& name : names) {
    PathStep step;
    step.name = std::make_shared<const std::string>(name);
    DocumentPath path;
    path.steps.push_back(std::move(step));
    int32_t other = 0;
    if (tree.add(path, static_cast<int32_t>(paths.size()), &other) != PathTree::Clash::kNone) continue;
    paths.push_back(std::move(path));
  }
  return Projection(std::move(paths), std::move(tree));
}

}  // namespace varve::api::expression
