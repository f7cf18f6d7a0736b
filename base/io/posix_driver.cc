#include "base/io/posix_driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/io/posix_file.h"
#include "base/io/synchronous_ring.h"

namespace varve::io {

Result<std::unique_ptr<File>> PosixDriver::open(const std::string& path, OpenMode mode, Caching caching) {
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<File> file, PosixFile::open(path, mode, caching, &counters_));
  return file;
}

Result<std::unique_ptr<Ring>> PosixDriver::make_ring(size_t depth) {
  return std::unique_ptr<Ring>(std::make_unique<SynchronousRing>(depth));
}

Status PosixDriver::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return Status::from_errno(errno, "rename to " + to, from);
  return {};
}

Status PosixDriver::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return Status::from_errno(errno, "remove", path);
  return {};
}

Status PosixDriver::create_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return {};
  const int error = errno;
  struct stat status;
  if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return Status::from_errno(error, "create directory", path);
}

Status PosixDriver::sync_directory(const std::string& path) {
  counters_.directory_syncs.fetch_add(1, std::memory_order_relaxed);
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Status::from_errno(errno, "open directory", path);
  if (::fsync(fd.get()) != 0) return Status::from_errno(errno, "sync directory", path);
  return {};
}

Result<std::vector<std::string>> PosixDriver::list(const std::string& path) {
  // fdopendir and not opendir only for the checks of O_DIRECTORY; both set close-on-exec.
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Status::from_errno(errno, "list", path);
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  const std::unique_ptr<DIR, Close> stream(::fdopendir(fd.get()));
  if (stream == nullptr) return Status::from_errno(errno, "list", path);
  fd.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const Slice name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return Status::from_errno(errno, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> PosixDriver::exists(const std::string& path) {
  struct stat status;
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return Status::from_errno(errno, "stat", path);
}

Result<uint64_t> PosixDriver::free_space_bytes(const std::string& path) {
  struct statvfs status;
  if (::statvfs(path.c_str(), &status) != 0) return Status::from_errno(errno, "statvfs", path);
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

namespace {

class FlockedFile final : public DirectoryLock {
 public:
  explicit FlockedFile(FileDescriptor fd) : fd_(std::move(fd)) {}

 private:
  FileDescriptor fd_;  // closing it releases the lock, as does the death of the process
};

}  // namespace

Result<std::unique_ptr<DirectoryLock>> PosixDriver::lock(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!fd.valid()) return Status::from_errno(errno, "open", path);
  // flock belongs to the open file description, so a second open by this very process is refused as another's
  // is.
  int result = -1;
  do {
    result = ::flock(fd.get(), LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno == EWOULDBLOCK)
    return Status(ErrorCode::kBusy, path + ": in use by another holder");
  if (result != 0) return Status::from_errno(errno, "lock", path);
  return std::unique_ptr<DirectoryLock>(std::make_unique<FlockedFile>(std::move(fd)));
}

std::unique_ptr<Driver> make_posix_driver() { return std::make_unique<PosixDriver>(); }

}  // namespace varve::io
