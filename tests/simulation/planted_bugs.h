// Planted bugs, for crash tests that must find them: each decorates a driver with one classic durability mistake. A lane
// that stays green with one of these in place proves nothing.
//
//   AckBeforeSync    write_at_durable is write_at, sync does nothing: acknowledged before it is safe
//   NoDirectorySync  sync_directory does nothing: names are lost
//   RetryFailedSync  a failed sync or durable write is called again until it answers ok (fsyncgate)
//
// Rings are covered where the inner driver performs requests through the virtual functions of their File, as the
// simulated and POSIX ones do. Counters are the inner driver's.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/io/driver.h"

namespace varve::io {

enum class PlantedBug { kNone, kAckBeforeSync, kNoDirectorySync, kRetryFailedSync };

class BuggyFile final : public File {
 public:
  BuggyFile(PlantedBug bug, std::unique_ptr<File> inner) : bug_(bug), inner_(std::move(inner)) {}

  Result<size_t> read_at(uint64_t offset, MutableSlice out) override { return inner_->read_at(offset, out); }
  Status write_at(uint64_t offset, Slice bytes) override { return inner_->write_at(offset, bytes); }
  Status write_at_durable(uint64_t offset, Slice bytes) override {
    if (bug_ == PlantedBug::kAckBeforeSync) return inner_->write_at(offset, bytes);
    // The retry is of the sync that the durable write amounts to: the kernel has marked its pages clean, so that one
    // answers ok. (Writing the bytes anew would save them.)
    return retried(inner_->write_at_durable(offset, bytes));
  }
  Status sync() override {
    if (bug_ == PlantedBug::kAckBeforeSync) return {};
    return retried(inner_->sync());
  }
  Status truncate(uint64_t size_bytes) override { return inner_->truncate(size_bytes); }
  Result<uint64_t> size() override { return inner_->size(); }
  bool direct() const override { return inner_->direct(); }
  const std::string& path() const override { return inner_->path(); }

 private:
  // Gives up at last, so that a sticky fault cannot hang a test.
  Status retried(Status status) {
    for (int tries = 0; bug_ == PlantedBug::kRetryFailedSync && !status.ok() && tries < 1000; ++tries) {
      status = inner_->sync();
    }
    return status;
  }

  const PlantedBug bug_;
  const std::unique_ptr<File> inner_;
};

class BuggyDriver final : public Driver {
 public:
  BuggyDriver(PlantedBug bug, Driver* inner) : bug_(bug), inner_(inner) {}

  const char* name() const override { return inner_->name(); }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, Caching caching) override {
    VARVE_ASSIGN_OR_RETURN(std::unique_ptr<File> file, inner_->open(path, mode, caching));
    return std::unique_ptr<File>(std::make_unique<BuggyFile>(bug_, std::move(file)));
  }
  Result<std::unique_ptr<Ring>> make_ring(size_t depth) override { return inner_->make_ring(depth); }
  Status rename(const std::string& from, const std::string& to) override { return inner_->rename(from, to); }
  Status remove(const std::string& path) override { return inner_->remove(path); }
  Status create_directory(const std::string& path) override { return inner_->create_directory(path); }
  Status sync_directory(const std::string& path) override {
    return bug_ == PlantedBug::kNoDirectorySync ? Status() : inner_->sync_directory(path);
  }
  Result<std::vector<std::string>> list(const std::string& path) override { return inner_->list(path); }
  Result<bool> exists(const std::string& path) override { return inner_->exists(path); }
  Result<uint64_t> free_space_bytes(const std::string& path) override {
    return inner_->free_space_bytes(path);
  }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override { return inner_->lock(path); }

 private:
  const PlantedBug bug_;
  Driver* const inner_;
};

}  // namespace varve::io
