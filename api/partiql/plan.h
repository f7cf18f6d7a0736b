// Planner: a parsed statement against a table's key schema, as what the operations carry out: key ranges and a filter for a SELECT,
// a key, a condition and an update for the rest. Everything in a plan is a bound object of api/expression or a key of index/;
// nothing is evaluated here.
//
// What becomes a key range: WHERE's conjuncts (the parts joined by AND at its top) `pk = v`, `pk IN [...]` or `pk = v OR pk = w ...`, and
// with one of them a condition on the sort key. All the others are the filter. Without an equality on the partition key the whole table is read.
//
// Order: bind finds everything that needs no table; plan_* come after the table was found.
// Errors: kInvalidArgument with DynamoDB's text. Threads: one. Ownership: a Planner borrows the statement; plans own what they hold.
#pragma once

#include <optional>
#include <vector>

#include "api/expression/condition.h"
#include "api/expression/key_condition.h"
#include "api/expression/path.h"
#include "api/expression/placeholders.h"
#include "api/expression/update.h"
#include "api/partiql/statement.h"
#include "base/result.h"
#include "index/key_codec.h"
#include "index/key_schema.h"

namespace varve::api::partiql {

// Values of the partition key that one IN may give.
inline constexpr size_t kMaxPartitionKeys = 50;

struct ReadPlan {
  std::vector<index::KeyRange> ranges;  // at least one, read one after the other
  bool forward = true;
  // Whether a range may hold more than one item.
  bool may_continue = true;
  // WHERE gives a value of the partition key.
  bool has_partition = false;
  // The one primary key that WHERE names, when it does, of keys that are as a table's.
  std::optional<index::PrimaryKey> key;
  std::optional<expression::Condition> filter;
  // Empty is everything. Each gives a member named after its last step.
  std::vector<expression::DocumentPath> projection;
};

struct WritePlan {
  index::Item key;
  std::optional<expression::Condition> condition;
  std::optional<expression::Update> update;
};

// The name of a projected path in the answer: "b" of a.b, "b[0]" of a.b[0].
std::string result_name(const expression::DocumentPath& path);

class Planner {
 public:
  static Result<Planner> bind(const Statement& statement);

  // keys: of the table or the index that the statement reads.
  Result<ReadPlan> plan_read(const index::KeyParts& keys);
  // UPDATE, DELETE and EXISTS, whose plan has no update.
  Result<WritePlan> plan_write(const index::KeySchema& schema);
  // INSERT: there is no item with this key yet.
  Result<std::optional<expression::Condition>> plan_insert(const index::KeySchema& schema);

 private:
  // A conjunct that could be a key condition.
  struct KeyTerm {
    std::string name;
    index::SortCondition condition;
    std::vector<index::AttributeValue> in;  // IN; then `condition` says nothing
  };
  struct Conjunct {
    uint32_t node = 0;
    std::optional<KeyTerm> term;
    bool is_key = false;  // a range stands for it
  };
  enum class PartitionOrder { kAsListed, kAscending, kDescending };
  struct ReadOrder {
    PartitionOrder partitions = PartitionOrder::kAsListed;
    bool forward = true;  // within a partition
  };

  explicit Planner(const Statement& statement) : statement_(statement) {}
  Status bind_all();
  std::vector<Conjunct> conjuncts() const;
  std::optional<KeyTerm> key_term(const expression::ConditionNode& node) const;
  // `a = v OR a = w ...` as a IN [v, w, ...].
  std::optional<KeyTerm> in_of_alternatives(uint32_t node) const;  // alternatives.cc
  Conjunct* find_equality(Slice name, std::vector<Conjunct>* conjuncts) const;
  Status plan_ranges(const index::KeyParts& keys, std::vector<Conjunct>* conjuncts, ReadPlan* plan);
  // The values of the partition key, each a list of its attributes' values; none: WHERE does not give them.
  Result<std::vector<std::vector<index::AttributeValue>>> take_partitions(
      const index::KeyParts& keys, std::vector<Conjunct>* conjuncts) const;
  // The conditions on sort attributes, each but the last an equality.
  std::vector<expression::KeyCondition::Term> take_sort_terms(const index::KeyParts& keys,
                                                              std::vector<Conjunct>* conjuncts) const;
  Status check_alternatives(const index::KeyParts& keys) const;  // alternatives.cc
  std::optional<index::KeyRange> range_of_alternative(uint32_t node, const KeyTerm* partition,
                                                      const index::KeyParts& keys) const;
  // The parts that `op` (kAnd or kOr) joins below a node, in the order of the text.
  std::vector<uint32_t> parts_of(uint32_t node, expression::ConditionOp op) const;
  Result<ReadOrder> read_order(const index::KeyParts& keys, size_t partition_count) const;

  // Conditions made of WHERE's nodes.
  enum class ItemMust { kExist, kNotExist, kEither };
  Result<std::optional<expression::Condition>> bind_rest(const std::vector<Conjunct>& conjuncts,
                                                         ItemMust must, Slice partition_key);

  const Statement& statement_;
  expression::Placeholders placeholders_;
  std::optional<expression::Condition> where_;
  std::optional<expression::Update> update_;
  std::vector<expression::DocumentPath> projection_;
};

}  // namespace varve::api::partiql
