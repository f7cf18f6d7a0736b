#include "base/io/simulated/names.h"

#include <algorithm>

namespace varve::io {

bool NameChange::shares_slot_with(const NameChange& other) const {
  const bool has_from = kind != Kind::kCreate;
  const bool has_to = kind != Kind::kRemove;
  const bool other_from = other.kind != Kind::kCreate;
  const bool other_to = other.kind != Kind::kRemove;
  return (has_from && other_from && from == other.from) || (has_from && other_to && from == other.to) ||
         (has_to && other_from && to == other.from) || (has_to && other_to && to == other.to);
}

void NameChange::apply(Names* names) const {
  if (kind == Kind::kCreate) {
    (*names)[to] = inode;
    return;
  }
  auto found = names->find(from);
  const bool in_place = found != names->end() && found->second == inode;
  if (kind == Kind::kRemove) {
    if (in_place) names->erase(found);
    return;
  }
  if (!in_place) {
    // An earlier rename of it was lost: it moves from wherever it is, or appears if its creation was lost.
    found = std::find_if(names->begin(), names->end(),
                         [this](const auto& entry) { return entry.second == inode; });
  }
  if (found != names->end()) names->erase(found);
  (*names)[to] = inode;
}

void select_predecessors(const std::vector<NameChange>& changes, std::vector<bool>* selected) {
  for (size_t later = changes.size(); later-- > 0;) {
    if (!(*selected)[later]) continue;
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (changes[earlier].shares_slot_with(changes[later])) (*selected)[earlier] = true;
    }
  }
}

}  // namespace varve::io
