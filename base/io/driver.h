// The one door to the kernel for files. A Driver opens files and rings; three exist behind this interface:
//
//   io_uring   chosen at run time when the kernel allows it
//   POSIX      pread and pwrite, where io_uring is refused
//   simulated  base/io/simulated/: in memory, seeded, loses and tears what was not synced at a crash
//
// Durability rules that every driver keeps, and the simulated one exploits:
//   D1 write_at alone promises nothing. A crash may keep, lose, reorder or tear it (at 512 bytes), and its size change.
//   D2 write_at_durable returns ok only when those bytes, and the size they need, survive a crash.
//   D3 sync makes all completed writes and the size of this file survive. A failed sync is never retried: the pages may
//      be gone (fsyncgate), so the caller gives the file up.
//   D4 create, rename and remove survive only after sync_directory of the parent returns ok.
//
// A full disk, quota or RLIMIT_FSIZE answers kNoSpace. The last needs SIGXFSZ ignored by the process (the server does;
// an embedder who sets that limit must), or the kernel kills it instead.
//
// Threads: a Driver and a File may be used by many threads at once (positional I/O); a Ring by one at a time.
// Ownership: the caller owns what open and make_ring return; the Driver must outlive both.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace varve::io {

enum class OpenMode {
  kRead,              // must exist
  kReadWrite,         // must exist
  kCreate,            // must not exist
  kCreateOrTruncate,  // starts empty either way
};

// Direct I/O needs offset, length and memory aligned to 4096; the driver falls back to buffered I/O where the
// file system refuses it, and File::direct() says which it got.
enum class Caching { kBuffered, kDirect };

class File {
 public:
  virtual ~File() = default;
  // Reads until `out` is full or the file ends; the count is short only at the end of the file.
  virtual Result<size_t> read_at(uint64_t offset, MutableSlice out) = 0;
  // Writes all or fails. Extends the file where needed.
  virtual Status write_at(uint64_t offset, Slice bytes) = 0;
  // write_at, durable on return (RWF_DSYNC): D2.
  virtual Status write_at_durable(uint64_t offset, Slice bytes) = 0;
  // fdatasync: D3.
  virtual Status sync() = 0;
  virtual Status truncate(uint64_t size_bytes) = 0;
  virtual Result<uint64_t> size() = 0;
  virtual bool direct() const = 0;
  virtual const std::string& path() const = 0;
};

// Asynchronous positional I/O. submit() queues; flush() hands the queue to the kernel in one call; wait()
// flushes and returns at least min_completions of them. Buffers stay owned by the caller and must live until
// their completion is returned. Short transfers, EINTR and EAGAIN are resolved inside: a completion is all of
// it, or an error. (A read at the end of a file answers the bytes there are.)
class Ring {
 public:
  enum class Operation { kRead, kWrite, kWriteDurable, kSync };
  struct Request {
    Operation operation;
    File* file;
    uint64_t offset = 0;
    char* data = nullptr;  // read: filled; write: read from
    size_t size = 0;
    uint64_t tag = 0;  // returned with the completion
  };
  struct Completion {
    uint64_t tag;
    Status status;
    size_t bytes;
  };

  virtual ~Ring() = default;
  // Fails with kResourceExhausted when `depth` requests are outstanding.
  virtual Status submit(const Request& request) = 0;
  virtual Status flush() = 0;
  // Appends completions to *out. Blocks until min_completions have been appended or nothing is outstanding.
  virtual Status wait(size_t min_completions, std::vector<Completion>* out) = 0;
  virtual size_t outstanding() const = 0;
};

// Held while a directory is in use by this process; released by the destructor.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

// Counts of everything that went through the door, by blocking calls and rings alike; relaxed atomics, for
// statistics and tests. A durable write counts in durable_writes and write_bytes, not in writes or syncs.
// ring_*: through an asynchronous ring of the kernel; they stay zero under the POSIX driver.
struct DriverCounters {
  std::atomic<uint64_t> reads{0}, read_bytes{0}, writes{0}, write_bytes{0}, syncs{0}, durable_writes{0},
      directory_syncs{0}, ring_submissions{0}, ring_completions{0};
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual const char* name() const = 0;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, Caching caching) = 0;
  virtual Result<std::unique_ptr<Ring>> make_ring(size_t depth) = 0;

  // Atomic replacement of `to`. Durable after sync_directory.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  // Ok when the directory is there already. Does not create parents.
  virtual Status create_directory(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  // Names (no paths) in the directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<uint64_t> free_space_bytes(const std::string& path) = 0;
  // `path` names the lock file, which is created when missing and never removed. kBusy when another holder,
  // of this process or another, has it.
  virtual Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) = 0;

  const DriverCounters& counters() const { return counters_; }

 protected:
  mutable DriverCounters counters_;
};

// "dir/name".
std::string join_path(const std::string& directory, const std::string& name);
// The directory part of a path; "." when there is none.
std::string parent_path(const std::string& path);

// Whole small files.
Result<std::string> read_file(Driver* driver, const std::string& path, uint64_t limit_bytes);
// Writes path + ".tmp", syncs it, renames it over path and syncs the directory.
Status write_file_atomically(Driver* driver, const std::string& path, Slice contents);

std::unique_ptr<Driver> make_posix_driver();
// kUnsupported where the kernel or a sandbox refuses io_uring.
Result<std::unique_ptr<Driver>> make_uring_driver();
// io_uring when it works, else POSIX; probed once. VARVE_IO=posix in the environment forbids io_uring. name()
// says which it is.
Driver* default_driver();

}  // namespace varve::io
