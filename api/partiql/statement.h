// A parsed PartiQL statement. WHERE and SET are the syntax trees of the expressions (api/expression/syntax.h): a statement is one
// more way to write them, so binding and evaluation are the same. Parameters have taken the places of their `?`.
//
// Invariants
//   I1 Every name in a path is the placeholder "#<i>" of names[i], every value the placeholder ":<i>" of values[i].
//   I2 A name has one placeholder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/expression/syntax.h"
#include "base/result.h"
#include "base/slice.h"
#include "index/attribute_value.h"

namespace varve::api::partiql {

// kExists: EXISTS(SELECT ...), the condition check of a transaction. It is a SELECT that counts as a write.
enum class StatementKind : uint8_t { kSelect, kInsert, kUpdate, kDelete, kExists };

enum class Returning : uint8_t { kNothing, kAllOld, kAllNew, kModifiedOld, kModifiedNew };

struct OrderKey {
  std::string attribute;
  bool descending = false;
};

struct Statement {
  StatementKind kind = StatementKind::kSelect;
  std::string table;  // name or ARN, as written
  std::optional<std::string> index;
  std::vector<std::string> names;
  std::vector<index::AttributeValue> values;

  std::vector<expression::SyntaxPath> projection;       // SELECT, EXISTS; empty is *
  std::optional<expression::ConditionSyntax> where;     // all but INSERT
  std::vector<OrderKey> order;                          // SELECT
  index::Item item;                                     // INSERT
  std::optional<expression::UpdateSyntax> assignments;  // UPDATE
  Returning returning = Returning::kNothing;            // UPDATE, DELETE

  bool is_read() const { return kind == StatementKind::kSelect; }
};

inline constexpr size_t kMaxStatementBytes = 8192;

// Errors: kInvalidArgument with DynamoDB's text; of a statement with several, what the parser meets first, and a wrong number of
// parameters only when there is no other. More parameters than `?` are accepted, as DynamoDB does.
// Bounds: nesting of parentheses and values of 64; everything else is linear in the text and the parameters.
Result<Statement> parse_statement(Slice text, std::span<const index::AttributeValue> parameters);

// Whether a statement, well formed or not, begins as a SELECT.
bool begins_as_read(Slice text);

}  // namespace varve::api::partiql
