// LevelIterator: one sorted level as one cursor. It opens a file's iterator only when the cursor gets there, so that
// seeking into a level of a thousand files touches one of them.
//
// Threads: one at a time. Ownership: keeps the files alive by the vector it borrows; the version must outlive it.
#pragma once

#include <memory>

#include "lsm/iterator.h"
#include "lsm/sstable/table_reader.h"
#include "lsm/version/version.h"

namespace varve::lsm {

// files: ordered by key and disjoint. options' bounds apply to every file.
std::unique_ptr<InternalIterator> make_level_iterator(const Version::Files* files,
                                                      const TableIteratorOptions& options);

}  // namespace varve::lsm
