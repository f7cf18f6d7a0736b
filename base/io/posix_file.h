// PosixFile: positional I/O on one file descriptor, shared by the POSIX and the io_uring driver (whose ring needs the
// descriptor). Private to base/io.
//
// Short transfers, EINTR and the two-gigabyte limit of one call are resolved here. Direct I/O is decided at open,
// once per file: a file system that takes O_DIRECT but cannot serve 4096-byte alignment gives a buffered file.
// Symbolic links are followed for reading only; what is not a regular file is refused at open.
//
// Threads: any, at once. Ownership: owns the descriptor; borrows the counters of the driver that opened it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/io/driver.h"
#include "base/io/file_descriptor.h"

namespace varve::io {

class PosixFile final : public File {
 public:
  static Result<std::unique_ptr<PosixFile>> open(const std::string& path, OpenMode mode, Caching caching,
                                                 DriverCounters* counters);

  Result<size_t> read_at(uint64_t offset, MutableSlice out) override;
  Status write_at(uint64_t offset, Slice bytes) override;
  Status write_at_durable(uint64_t offset, Slice bytes) override;
  Status sync() override;
  Status truncate(uint64_t size_bytes) override;
  Result<uint64_t> size() override;
  bool direct() const override { return direct_; }
  const std::string& path() const override { return path_; }

  int fd() const { return fd_.get(); }
  // InvalidArgument when this file is direct and the transfer is not aligned: some file systems would take it, so
  // every one must refuse it.
  Status check_alignment(const char* operation, uint64_t offset, const void* data, size_t size) const;

  // How a transfer of `wanted` bytes goes on when the kernel moved `count` more after `done`. A direct file goes on
  // from the last aligned position.
  struct Progress {
    size_t done;
    bool finished;
  };
  Result<Progress> after_read(uint64_t offset, size_t done, size_t count, size_t wanted);
  // The new `done`; no larger than the old one when there was no progress.
  size_t after_write(size_t done, size_t count, size_t wanted) const;
  Status write_error(int error, uint64_t at) const;

 private:
  PosixFile(std::string path, FileDescriptor fd, bool direct, DriverCounters* counters)
      : path_(std::move(path)), fd_(std::move(fd)), direct_(direct), counters_(counters) {}
  size_t resume_position(size_t done) const;
  // Answers errno; *done is how far it came.
  int write_fully(uint64_t offset, Slice bytes, int flags, size_t* done);

  std::string path_;
  FileDescriptor fd_;
  bool direct_;
  // Set when the kernel or file system refuses RWF_DSYNC: fdatasync after each durable write instead.
  std::atomic<bool> no_dsync_{false};
  DriverCounters* counters_;
};

}  // namespace varve::io
