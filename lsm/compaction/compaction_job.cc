#include "lsm/compaction/compaction_job.h"

#include "lsm/compaction/retention.h"
#include "lsm/merging_iterator.h"
#include "lsm/version/level_iterator.h"

namespace varve::lsm {

namespace {

constexpr uint32_t kReadaheadBytes = 256u << 10;
// An output is also cut when it overlaps this many target sizes two levels down: it will have to be merged with them.
constexpr uint64_t kGrandparentFactor = 10;
constexpr uint64_t kStopPollEntries = 256;

// Walks the files of one level along with rising keys.
class LevelWalk {
 public:
  explicit LevelWalk(const Version::Files* files) : files_(files) {}
  // Bytes of files that `key` has passed since the last call with reset.
  uint64_t passed_bytes(Slice key, bool reset) {
    if (reset) bytes_ = 0;
    while (at_ < files_->size() && (*files_)[at_]->metadata.largest < key) {
      bytes_ += (*files_)[at_]->metadata.size_bytes;
      ++at_;
    }
    return bytes_;
  }
  bool holds(Slice key) {
    while (at_ < files_->size() && (*files_)[at_]->metadata.largest < key) ++at_;
    return at_ < files_->size() && (*files_)[at_]->metadata.smallest <= key;
  }

 private:
  const Version::Files* files_;
  size_t at_ = 0;
  uint64_t bytes_ = 0;
};

std::unique_ptr<InternalIterator> open_inputs(const CompactionPick& pick) {
  TableIteratorOptions options;
  options.fill_cache = false;
  options.readahead_bytes = kReadaheadBytes;
  std::vector<std::unique_ptr<InternalIterator>> cursors;
  if (pick.from.value == 0) {
    for (const VersionFilePointer& file : pick.inputs)
      cursors.push_back(file->table->reader().iterate(options));
  } else {
    cursors.push_back(make_level_iterator(&pick.inputs, options));
  }
  if (!pick.overlaps.empty()) cursors.push_back(make_level_iterator(&pick.overlaps, options));
  return make_merging_iterator(std::move(cursors));
}

}  // namespace

Status run_compaction(const CompactionRequest& request, TableOutputs* outputs) {
  const CompactionPick& pick = *request.pick;
  const std::unique_ptr<InternalIterator> cursor = open_inputs(pick);
  Retention retention(request.retained);
  const uint32_t to = pick.to.value;
  std::vector<LevelWalk> deeper;
  for (uint32_t n = to + 1; n < kLevels; ++n) deeper.emplace_back(&request.version->level(n));
  const Version::Files none;
  LevelWalk grandparents(to + 1 < kLevels ? &request.version->level(to + 1) : &none);
  const auto nothing_below = [&deeper](Slice key) {
    for (LevelWalk& level : deeper) {
      if (level.holds(key)) return false;
    }
    return true;
  };

  std::string last_key;
  bool any = false;
  uint64_t seen = 0;
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    if (++seen % kStopPollEntries == 0 && request.stop()) return {ErrorCode::kClosed, "compaction stopped"};
    const Slice key = cursor->key();
    if (!retention.keep(key, nothing_below)) continue;
    const Slice user_key = user_key_of(key);
    if (!any || user_key != last_key) {
      const bool full = outputs->current_file_bytes() >= request.target_file_bytes ||
                        grandparents.passed_bytes(user_key, outputs->current_empty()) >
                            kGrandparentFactor * request.target_file_bytes;
      if (full) {
        VARVE_RETURN_IF_ERROR(outputs->cut());
        grandparents.passed_bytes(user_key, true);
      }
      last_key.assign(user_key);
      any = true;
    }
    VARVE_RETURN_IF_ERROR(outputs->add(key, cursor->value(), cursor->warm()));
  }
  return cursor->status();
}

}  // namespace varve::lsm
