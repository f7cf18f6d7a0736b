// Router: maps the keys of one keyspace to its partitions, each a range of byte strings with a tree of its own. Immutable: a
// change of partitions installs a new Router.
//
// Invariants: ranges are sorted, begin with the empty key, and leave no gap, so every key has exactly one partition.
// Threads: any. Ownership: trees are borrowed from the TreeSet.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/slice.h"
#include "lsm/tree.h"

namespace varve::partition {

class Router {
 public:
  struct Range {
    std::string lower;  // inclusive; the next range's lower is the exclusive upper
    lsm::Tree* tree;
  };

  explicit Router(std::vector<Range> ranges);

  lsm::Tree* route(Slice key) const {
    if (ranges_.size() == 1) return ranges_[0].tree;
    return ranges_[index_of(key)].tree;
  }
  const std::vector<Range>& ranges() const { return ranges_; }
  // Position of the range that holds the key.
  size_t index_of(Slice key) const;

 private:
  std::vector<Range> ranges_;
};

}  // namespace varve::partition
