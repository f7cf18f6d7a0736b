// Holds a history against strict serializability: there is one order of all operations that happened in which every read sees what
// the writes before it left, and which never puts an operation before one that had ended when it began. That is what the database
// promises of single items, transactions, and pages of Query and Scan alike, so one check serves all of them.
//
// How. 1. The order of the values of each key is put together from links "after this value came that", which lists show in every
// read and registers in every compare-and-set. Two values after one are a lost update. 2. Of each read and write its place in that
// order is known, and so who depends on whom: ww (overwrites), wr (saw it), rw (saw what it replaced), and the order of time. 3. A
// cycle of those is an anomaly, named by its edges as in Adya's thesis (1999). What lies on no cycle can be ordered.
//
// Operations whose outcome is unknown count when someone saw what they wrote, and end never.
//
// Cost: linear in operations and edges; edges of time are kept few by passing over those that others imply.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/isolation/history.h"

namespace varve::isolation {

struct Verdict {
  std::string violation;  // the first one found, with the operations that show it; empty: none
  size_t operations = 0;  // that happened
  size_t unknown = 0;     // of those: nobody was told
  size_t reads = 0, writes = 0, edges = 0;

  std::string to_string() const;
};

// The history must end in a read of every key, after everything else: what that read does not show is lost.
Verdict check_history(const std::vector<Operation>& history);

}  // namespace varve::isolation
