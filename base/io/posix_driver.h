// PosixDriver: files by pread and pwrite, directories by the usual calls. The io_uring driver is this one
// with another ring. Private to base/io.
//
// Threads: any, at once. Ownership: must outlive what it opens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/io/driver.h"

namespace varve::io {

class PosixDriver : public Driver {
 public:
  const char* name() const override { return "posix"; }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, Caching caching) override;
  Result<std::unique_ptr<Ring>> make_ring(size_t depth) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status create_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<uint64_t> free_space_bytes(const std::string& path) override;
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override;
};

}  // namespace varve::io
