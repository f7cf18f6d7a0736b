#include "lsm/compaction/leveled.h"

#include <algorithm>

namespace varve::lsm {

namespace {

// Added to the score of a due level 0: its runs cost every read, and stop writers when they are too many.
constexpr double kLevel0Priority = 1000;

uint64_t bytes_of(const Version::Files& files) {
  uint64_t bytes = 0;
  for (const VersionFilePointer& file : files) bytes += file->metadata.size_bytes;
  return bytes;
}

bool disjoint(Version::Files files) {
  std::sort(files.begin(), files.end(), [](const VersionFilePointer& a, const VersionFilePointer& b) {
    return a->metadata.smallest < b->metadata.smallest;
  });
  for (size_t i = 1; i < files.size(); ++i) {
    if (files[i]->metadata.smallest <= files[i - 1]->metadata.largest) return false;
  }
  return true;
}

}  // namespace

double LeveledPolicy::level_score(const Version& version, uint32_t level) const {
  if (level == 0) {
    const double runs = static_cast<double>(version.level(0).size());
    const double due = runs / level0_trigger_;
    return due >= 1 ? due + kLevel0Priority : due;
  }
  if (level + 1 >= kLevels) return 0;  // nowhere to go
  double target = static_cast<double>(base_bytes_);
  for (uint32_t n = 1; n < level; ++n) target *= fanout_;
  return static_cast<double>(version.level_bytes(level)) / target;
}

double LeveledPolicy::score(const Version& version) const {
  double best = 0;
  for (uint32_t level = 0; level < kLevels; ++level) best = std::max(best, level_score(version, level));
  return best;
}

std::optional<CompactionPick> LeveledPolicy::pick(const Version& version) const {
  uint32_t best = 0;
  double best_score = 0;
  for (uint32_t level = 0; level < kLevels; ++level) {
    const double score = level_score(version, level);
    if (score > best_score) {
      best = level;
      best_score = score;
    }
  }
  if (best_score < 1) return std::nullopt;
  return best == 0 ? pick_level0(version) : pick_level(version, best);
}

CompactionPick LeveledPolicy::pick_level0(const Version& version) const {
  CompactionPick pick{Level(0), Level(1), version.level(0), {}, false};
  Slice smallest = pick.inputs.front()->metadata.smallest;
  Slice largest = pick.inputs.front()->metadata.largest;
  for (const VersionFilePointer& file : pick.inputs) {
    smallest = std::min(smallest, Slice(file->metadata.smallest));
    largest = std::max(largest, Slice(file->metadata.largest));
  }
  // A file of level 1 between the runs' ranges is no overlap, but one inside the hull may be cut by outputs: only
  // those that some run touches need rewriting when the runs are moved; a merge writes one sorted sequence over the
  // hull.
  if (disjoint(pick.inputs)) {
    const bool touches =
        std::any_of(pick.inputs.begin(), pick.inputs.end(), [&](const VersionFilePointer& file) {
          return !version.overlapping(1, file->metadata.smallest, file->metadata.largest).empty();
        });
    if (!touches) {
      pick.trivial_move = true;
      return pick;
    }
  }
  pick.overlaps = version.overlapping(1, smallest, largest);
  return pick;
}

CompactionPick LeveledPolicy::pick_level(const Version& version, uint32_t level) const {
  const Version::Files& files = version.level(level);
  size_t best = 0;
  double best_ratio = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    const FileMetadata& file = files[i]->metadata;
    const uint64_t below = bytes_of(version.overlapping(level + 1, file.smallest, file.largest));
    const double ratio =
        static_cast<double>(below) / static_cast<double>(std::max<uint64_t>(file.size_bytes, 1));
    if (i == 0 || ratio < best_ratio) {
      best = i;
      best_ratio = ratio;
    }
  }
  CompactionPick pick{Level(level), Level(level + 1), {files[best]}, {}, false};
  const FileMetadata& file = files[best]->metadata;
  pick.overlaps = version.overlapping(level + 1, file.smallest, file.largest);
  pick.trivial_move = pick.overlaps.empty();
  return pick;
}

}  // namespace varve::lsm
