// The syntax trees of expressions. They hold what the text says and nothing of the request: names are literal or
// "#placeholder", values are ":placeholder", so a tree can be cached under (kind, text) and shared between requests.
//
// Nodes are numbers into flat vectors, children before parents, in the order of the text; nothing recurses to destroy
// one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace varve::api::expression {

inline constexpr size_t kMaxExpressionBytes = 4096;
inline constexpr size_t kMaxOperators = 300;
inline constexpr size_t kMaxPathSteps = 32;

// kStatement: a part of a PartiQL statement, which other text was parsed into (api/partiql).
enum class ExpressionKind : uint8_t { kCondition, kFilter, kKeyCondition, kUpdate, kProjection, kStatement };
// "Invalid ConditionExpression: " and so on; kStatement has none.
Slice error_prefix(ExpressionKind kind);

// One step of a path as written.
struct SyntaxStep {
  std::string text;    // a bare name, or a placeholder with its '#'
  uint32_t index = 0;  // when is_index
  bool is_index = false;
};
using SyntaxPath = std::vector<SyntaxStep>;

// The paths and value placeholders of one expression, each occurrence in the order of the text.
struct SyntaxOperands {
  std::vector<SyntaxPath> paths;
  std::vector<std::string> values;  // with their ':'
};

enum class ConditionOp : uint8_t {
  kPath,   // operand = number of the path
  kValue,  // operand = number of the value
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kBetween,  // children: operand, low, high
  kIn,       // children: operand, candidates...
  kAnd,
  kOr,
  kNot,
  kFunction,  // function says which; children are its arguments
};

enum class ConditionFunction : uint8_t {
  kAttributeExists,
  kAttributeNotExists,
  kAttributeType,
  kBeginsWith,
  kContains,
  kSize,
};

struct ConditionNode {
  ConditionOp op = ConditionOp::kPath;
  ConditionFunction function = ConditionFunction::kSize;
  uint32_t operand = 0;
  uint32_t first_child = 0;  // into ConditionSyntax::children
  uint32_t child_count = 0;
};

struct ConditionSyntax {
  ExpressionKind kind = ExpressionKind::kCondition;
  SyntaxOperands operands;
  std::vector<ConditionNode> nodes;
  std::vector<uint32_t> children;
  uint32_t root = 0;

  uint32_t child(const ConditionNode& node, uint32_t i) const { return children[node.first_child + i]; }
};

enum class UpdateSection : uint8_t { kSet, kRemove, kAdd, kDelete };
Slice section_name(UpdateSection section);  // "SET"

enum class UpdateOp : uint8_t {
  kPath,
  kValue,
  kPlus,
  kMinus,
  kIfNotExists,
  kListAppend,
};

struct UpdateNode {
  UpdateOp op = UpdateOp::kPath;
  uint32_t operand = 0;  // number of the path or value
  uint32_t first_child = 0;
  uint32_t child_count = 0;
};

struct UpdateClause {
  UpdateSection section = UpdateSection::kSet;
  uint32_t target = 0;  // number of the path
  uint32_t node = 0;    // the right-hand side; kRemove has none
};

struct UpdateSyntax {
  ExpressionKind kind = ExpressionKind::kUpdate;
  SyntaxOperands operands;
  std::vector<UpdateNode> nodes;
  std::vector<uint32_t> children;
  std::vector<UpdateClause> clauses;
  bool is_legacy =
      false;  // made of AttributeUpdates, which has words of its own for a stored value of the wrong type

  uint32_t child(const UpdateNode& node, uint32_t i) const { return children[node.first_child + i]; }
};

struct ProjectionSyntax {
  SyntaxOperands operands;  // paths only
};

// Parsing answers the errors that the text alone shows: emptiness, size, syntax, operator count, and then, by
// kind and in DynamoDB's order, redundant parentheses, unknown and misused functions, reserved words,
// repeated sections. kind: kCondition, kFilter or kKeyCondition.
Result<std::shared_ptr<const ConditionSyntax>> parse_condition_syntax(ExpressionKind kind, Slice text);
Result<std::shared_ptr<const UpdateSyntax>> parse_update_syntax(Slice text);
Result<std::shared_ptr<const ProjectionSyntax>> parse_projection_syntax(Slice text);

}  // namespace varve::api::expression
