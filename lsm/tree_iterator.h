// The user's view over an internal cursor: at one sequence, the newest version of each key, tombstones left out.
//
// Threads: one at a time. Ownership: the iterator takes over the caller's reference to the state (which keeps
// memtables and files alive) and the cursor over it.
#pragma once

#include <memory>
#include <optional>

#include "lsm/iterator.h"
#include "lsm/tree.h"
#include "lsm/version/tree_state.h"

namespace varve::lsm {

// bounds are borrowed, as tree.h says. state: a counted reference, released by the destructor.
std::unique_ptr<TreeIterator> make_tree_iterator(const TreeState* state,
                                                 std::unique_ptr<InternalIterator> cursor,
                                                 const Bounds& bounds, SequenceNumber snapshot);

}  // namespace varve::lsm
