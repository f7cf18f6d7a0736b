// CompactionPolicy: which files of a tree to rewrite next. One small interface; every policy is one more class and
// one more row in the bench.
//
//   I1 A pick leaves the order of runs intact: whatever stays behind in `from` is newer than the inputs wherever
//      they overlap, and the output level holds nothing that overlaps the inputs beyond `overlaps`.
//   I2 Bytes rewritten by a pick are its inputs and the files they overlap, no more.
//
// Threads: a policy is immutable, asked by one worker at a time. Picks hold their files alive.
#pragma once

#include <map>
#include <optional>

#include "lsm/version/version.h"

namespace varve::lsm {

struct CompactionPick {
  Level from, to;
  Version::Files inputs;    // of `from`
  Version::Files overlaps;  // of `to`
  // The inputs overlap nothing, each other included: they change level without being read.
  bool trivial_move = false;
};

class CompactionPolicy {
 public:
  virtual ~CompactionPolicy() = default;
  // How much a tree needs a compaction; below 1 there is nothing due. Level 0 scores above every deeper level.
  virtual double score(const Version& version) const = 0;
  // nullopt when nothing is due.
  virtual std::optional<CompactionPick> pick(const Version& version) const = 0;
};

}  // namespace varve::lsm
