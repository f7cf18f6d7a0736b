// The merge of many cursors into one, in internal key order: a binary heap of children, each with its current key
// and key prefix beside it, so that most comparisons touch no child. Both directions; changing direction seeks every
// child once.
//
// Children with equal internal keys (an entry applied twice across a crash) come out one after the other.
// An error of any child ends the merge: the children left would show a hole.
//
// Threads: one at a time. Ownership: owns the children.
#pragma once

#include <memory>
#include <vector>

#include "lsm/iterator.h"

namespace varve::lsm {

std::unique_ptr<InternalIterator> make_merging_iterator(
    std::vector<std::unique_ptr<InternalIterator>> children);

}  // namespace varve::lsm
