// OverlayDriver: shows a base driver's files, and keeps every change of them in memory. What opens a store through it may recover, write and
// delete as it likes: the base stays as it is, but for the lock file, which is taken in the base so that no other process changes
// the files meanwhile. For checks that need a store open and must leave its directory alone.
//
// Memory: what was written and not removed again, by pages of 4 KiB; pages of zeros beyond the base's end are free. Nothing is durable.
// Paths are compared as they are spelled.
//
// Threads: any. Ownership: borrows the base, which must not change below it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/io/driver.h"
#include "base/io/mutex.h"

namespace varve::io {

class OverlayDriver final : public Driver {
 public:
  explicit OverlayDriver(Driver* base) : base_(base) {}

  const char* name() const override { return "overlay"; }
  // Never direct.
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, Caching caching) override;
  Result<std::unique_ptr<Ring>> make_ring(size_t depth) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status create_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<uint64_t> free_space_bytes(const std::string& path) override {
    return base_->free_space_bytes(path);
  }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override { return base_->lock(path); }

 private:
  class Node;
  class OpenFile;

  // nullptr when there is no such file.
  Result<std::shared_ptr<Node>> find(const std::string& path) VARVE_REQUIRES(mutex_);
  Result<bool> is_there(const std::string& path) VARVE_REQUIRES(mutex_);
  Status check_directory(const std::string& path) VARVE_REQUIRES(mutex_);

  Driver* const base_;
  Mutex mutex_;  // before a node's
  std::map<std::string, std::shared_ptr<Node>> nodes_
      VARVE_GUARDED_BY(mutex_);                                 // files that were opened here
  std::set<std::string> removed_ VARVE_GUARDED_BY(mutex_);      // of the base
  std::set<std::string> directories_ VARVE_GUARDED_BY(mutex_);  // that the base has not
};

}  // namespace varve::io
