// Alternatives: parts of WHERE joined by OR. Values of one attribute are an IN. Those that all are key conditions of one partition DynamoDB
// reads each as a range of its own, and refuses them when two could hold the same item.
#include <algorithm>

#include "api/expression/key_condition.h"
#include "api/partiql/plan.h"

namespace varve::api::partiql {

using expression::ConditionOp;
using expression::KeyCondition;
using index::SortOperator;

std::optional<Planner::KeyTerm> Planner::in_of_alternatives(uint32_t node) const {
  KeyTerm all;
  for (const uint32_t part : parts_of(node, ConditionOp::kOr)) {
    auto term = key_term(where_->syntax().nodes[part]);
    if (!term || (!all.name.empty() && term->name != all.name)) return std::nullopt;
    if (term->in.empty()) {
      if (term->condition.op != SortOperator::kEqual) return std::nullopt;
      term->in.push_back(term->condition.low);
    }
    all.name = term->name;
    all.in.insert(all.in.end(), term->in.begin(), term->in.end());
  }
  if (all.in.size() > kMaxPartitionKeys) return std::nullopt;  // only IN itself is held to the limit
  return all;
}

// The keys that one alternative asks for; nullopt when it is no key condition of a single partition with a condition on the sort key.
std::optional<index::KeyRange> Planner::range_of_alternative(uint32_t node, const KeyTerm* partition,
                                                             const index::KeyParts& keys) const {
  std::vector<KeyTerm> terms;
  for (const uint32_t part : parts_of(node, ConditionOp::kAnd)) {
    auto term = key_term(where_->syntax().nodes[part]);
    if (term && term->in.empty()) terms.push_back(*std::move(term));
  }
  const KeyTerm* sort = nullptr;
  for (const KeyTerm& term : terms) {
    if (term.name == keys.partition.front().name && term.condition.op == SortOperator::kEqual)
      partition = &term;
    if (term.name == keys.sort.front().name) sort = &term;
  }
  if (partition == nullptr || sort == nullptr) return std::nullopt;
  std::vector<KeyCondition::Term> key = {{partition->name, partition->condition},
                                         {sort->name, sort->condition}};
  const auto query = KeyCondition(std::move(key)).resolve(keys);
  if (!query.ok()) return std::nullopt;  // a type that no key has: the filter finds nothing
  return query->range();
}

Status Planner::check_alternatives(const index::KeyParts& keys) const {
  if (!where_ || keys.partition.size() != 1 || keys.sort.size() != 1) return {};
  std::vector<Conjunct> parts = conjuncts();
  const Conjunct* const partition = find_equality(keys.partition.front().name, &parts);
  for (const Conjunct& part : parts) {
    const std::vector<uint32_t> alternatives = parts_of(part.node, ConditionOp::kOr);
    if (alternatives.size() < 2) continue;
    std::vector<index::KeyRange> ranges;
    for (const uint32_t node : alternatives) {
      auto range = range_of_alternative(node, partition == nullptr ? nullptr : &*partition->term, keys);
      if (!range) break;
      if (range->lower < range->upper) ranges.push_back(*std::move(range));
    }
    if (ranges.size() < alternatives.size()) continue;
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.lower < b.lower; });
    for (size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i - 1].upper.empty() || ranges[i].lower < ranges[i - 1].upper) {
        return Status::invalid_argument(
            "Overlapping conditions with range keys are not supported in where clause");
      }
    }
  }
  return {};
}

}  // namespace varve::api::partiql
