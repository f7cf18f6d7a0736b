// Leveled compaction: one sorted run per level below 0, each `fanout` times as large as the one above (P. O'Neil et
// al., "The Log-Structured Merge-Tree", 1996; the form is LevelDB's). Fewest runs to read, at the price of rewriting.
//
// Level 0 is due at `level0_trigger` runs and goes down whole, so that order among its runs never matters. A deeper
// level is due when it passes its target; the file that overlaps the fewest bytes below, in proportion to its own,
// goes first.
#pragma once

#include <cstdint>

#include "lsm/compaction/policy.h"

namespace varve::lsm {

class LeveledPolicy final : public CompactionPolicy {
 public:
  LeveledPolicy(uint64_t base_bytes, uint32_t fanout, uint32_t level0_trigger)
      : base_bytes_(base_bytes), fanout_(fanout), level0_trigger_(level0_trigger) {}

  double score(const Version& version) const override;
  std::optional<CompactionPick> pick(const Version& version) const override;

 private:
  double level_score(const Version& version, uint32_t level) const;
  CompactionPick pick_level0(const Version& version) const;
  CompactionPick pick_level(const Version& version, uint32_t level) const;

  uint64_t base_bytes_;
  uint32_t fanout_;
  uint32_t level0_trigger_;
};

}  // namespace varve::lsm
