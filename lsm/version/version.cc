#include "lsm/version/version.h"

#include <algorithm>

namespace varve::lsm {

Version::Version(const Files& files) {
  for (const VersionFilePointer& file : files) levels_[file->metadata.level.value].push_back(file);
  std::sort(levels_[0].begin(), levels_[0].end(),
            [](const VersionFilePointer& a, const VersionFilePointer& b) {
              return a->metadata.run_order > b->metadata.run_order;
            });
  for (uint32_t n = 1; n < kLevels; ++n) {
    std::sort(levels_[n].begin(), levels_[n].end(),
              [](const VersionFilePointer& a, const VersionFilePointer& b) {
                return a->metadata.smallest < b->metadata.smallest;
              });
    for (size_t i = 1; i < levels_[n].size(); ++i) {
      DCHECK(levels_[n][i - 1]->metadata.largest < levels_[n][i]->metadata.smallest);
    }
  }
}

std::shared_ptr<const Version> Version::edit(const std::vector<FileNumber>& removed,
                                             const Files& added) const {
  Files files;
  for (const Files& level : levels_) {
    for (const VersionFilePointer& file : level) {
      if (std::find(removed.begin(), removed.end(), file->metadata.number) == removed.end())
        files.push_back(file);
    }
  }
  files.insert(files.end(), added.begin(), added.end());
  return std::make_shared<const Version>(files);
}

bool Version::empty() const {
  return std::all_of(std::begin(levels_), std::end(levels_),
                     [](const Files& level) { return level.empty(); });
}

Version::Files Version::all_files() const {
  Files files;
  for (const Files& level : levels_) files.insert(files.end(), level.begin(), level.end());
  return files;
}

uint64_t Version::level_bytes(uint32_t n) const {
  uint64_t bytes = 0;
  for (const VersionFilePointer& file : levels_[n]) bytes += file->metadata.size_bytes;
  return bytes;
}

Version::Files Version::overlapping(uint32_t n, Slice smallest, Slice largest) const {
  Files files;
  for (const VersionFilePointer& file : levels_[n]) {
    if (file->overlaps(smallest, largest)) files.push_back(file);
  }
  return files;
}

bool Version::names(FileNumber number, Level level) const {
  const Files& files = levels_[level.value];
  return std::any_of(files.begin(), files.end(),
                     [number](const VersionFilePointer& file) { return file->metadata.number == number; });
}

size_t find_file(const Version::Files& level, Slice key) {
  const auto at = std::lower_bound(
      level.begin(), level.end(), key,
      [](const VersionFilePointer& file, Slice k) { return Slice(file->metadata.largest) < k; });
  return static_cast<size_t>(at - level.begin());
}

Result<std::optional<FoundEntry>> Version::get(const LookupKey& key) const {
  for (const VersionFilePointer& file : levels_[0]) {
    if (!file->overlaps(key.user_key, key.user_key)) continue;
    if (key.snapshot < file->metadata.min_sequence) continue;
    Result<std::optional<FoundEntry>> found = file->table->reader().get(key);
    if (!found.ok() || found->has_value()) return found;
  }
  for (uint32_t n = 1; n < kLevels; ++n) {
    const size_t at = find_file(levels_[n], key.user_key);
    if (at == levels_[n].size() || levels_[n][at]->metadata.smallest > key.user_key) continue;
    Result<std::optional<FoundEntry>> found = levels_[n][at]->table->reader().get(key);
    if (!found.ok() || found->has_value()) return found;
  }
  return std::optional<FoundEntry>();
}

}  // namespace varve::lsm
