#include "base/io/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/io/aligned_buffer.h"

namespace varve::io {

namespace {

int open_flags(OpenMode mode) {
  // O_NONBLOCK keeps open() of a FIFO from waiting for its other end; it is cleared again once the file is
  // known to be regular.
  const int common = O_CLOEXEC | O_NONBLOCK;
  switch (mode) {
    case OpenMode::kRead:
      return common | O_RDONLY;
    case OpenMode::kReadWrite:
      return common | O_RDWR | O_NOFOLLOW;
    case OpenMode::kCreate:
      return common | O_RDWR | O_NOFOLLOW | O_CREAT | O_EXCL;
    case OpenMode::kCreateOrTruncate:
      return common | O_RDWR | O_NOFOLLOW | O_CREAT | O_TRUNC;
  }
  return common;
}

// Whether a file opened with O_DIRECT serves transfers aligned to kIoAlignment.
bool serves_direct_io(int fd) {
#ifdef STATX_DIOALIGN
  struct statx status;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
      (status.stx_mask & STATX_DIOALIGN) != 0) {
    return status.stx_dio_mem_align != 0 && kIoAlignment % status.stx_dio_mem_align == 0 &&
           status.stx_dio_offset_align != 0 && kIoAlignment % status.stx_dio_offset_align == 0;
  }
#endif
  AlignedBuffer probe(kIoAlignment);
  ssize_t count = -1;
  do {
    count = ::pread(fd, probe.data(), probe.size(), 0);
  } while (count < 0 && errno == EINTR);
  // Other errors belong to the caller's first read, where they carry an offset.
  return count >= 0 || errno != EINVAL;
}

int open_retrying(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags, 0644);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

Status check_regular_and_block(int fd, const std::string& path) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return Status::from_errno(errno, "fstat", path);
  if (!S_ISREG(status.st_mode)) return Status::invalid_argument(path + ": not a regular file");
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
    return Status::from_errno(errno, "fcntl", path);
  return {};
}

Status set_direct(int fd, bool on) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return Status::from_errno(errno, "fcntl", "");
  if (::fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) != 0) {
    return Status::from_errno(errno, "fcntl", "");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<PosixFile>> PosixFile::open(const std::string& path, OpenMode mode, Caching caching,
                                                   DriverCounters* counters) {
  // O_DIRECT is set after the open, which a file system that refuses it answers with EINVAL as open() would,
  // but without having created the file first.
  FileDescriptor fd(open_retrying(path, open_flags(mode)));
  if (!fd.valid()) return Status::from_errno(errno, "open", path);
  VARVE_RETURN_IF_ERROR(check_regular_and_block(fd.get(), path));
  bool direct = false;
  if (caching == Caching::kDirect && set_direct(fd.get(), true).ok()) {
    direct = serves_direct_io(fd.get());
    if (!direct) VARVE_RETURN_IF_ERROR(set_direct(fd.get(), false));
  }
  return std::unique_ptr<PosixFile>(new PosixFile(path, std::move(fd), direct, counters));
}

Status PosixFile::check_alignment(const char* operation, uint64_t offset, const void* data,
                                  size_t size) const {
  if (!direct_) return {};
  if ((offset | size | reinterpret_cast<uintptr_t>(data)) % kIoAlignment == 0) return {};
  return Status::invalid_argument(path_ + ": " + operation + ": offset " + std::to_string(offset) +
                                  " and length " + std::to_string(size) +
                                  " or their memory are not aligned for direct I/O");
}

size_t PosixFile::resume_position(size_t done) const { return direct_ ? align_down(done) : done; }

Result<size_t> PosixFile::read_at(uint64_t offset, MutableSlice out) {
  VARVE_RETURN_IF_ERROR(check_alignment("read", offset, out.data(), out.size()));
  counters_->reads.fetch_add(1, std::memory_order_relaxed);
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (count < 0) {
      if (errno == EINTR) continue;
      return Status::from_errno(errno, "read at " + std::to_string(offset + done), path_);
    }
    VARVE_ASSIGN_OR_RETURN(const Progress progress,
                           after_read(offset, done, static_cast<size_t>(count), out.size()));
    done = progress.done;
    if (progress.finished) break;
  }
  counters_->read_bytes.fetch_add(done, std::memory_order_relaxed);
  return done;
}

Result<PosixFile::Progress> PosixFile::after_read(uint64_t offset, size_t done, size_t count, size_t wanted) {
  const size_t reached = done + count;
  if (reached == wanted || count == 0) return Progress{reached, true};
  const size_t next = resume_position(reached);
  if (next == reached) return Progress{reached, false};
  // A direct read that stops off the alignment met the end of the file, or a bad sector just after.
  VARVE_ASSIGN_OR_RETURN(const uint64_t file_size, size());
  if (offset + reached >= file_size) return Progress{reached, true};
  if (next <= done)
    return Status::io_error(path_ + ": read at " + std::to_string(offset + reached) + ": no progress");
  return Progress{next, false};
}

size_t PosixFile::after_write(size_t done, size_t count, size_t wanted) const {
  const size_t reached = done + count;
  return reached == wanted ? reached : resume_position(reached);
}

int PosixFile::write_fully(uint64_t offset, Slice bytes, int flags, size_t* done) {
  *done = 0;
  while (*done < bytes.size()) {
    iovec piece{const_cast<char*>(bytes.data()) + *done, bytes.size() - *done};
    const auto at = static_cast<off_t>(offset + *done);
    const ssize_t count = flags == 0 ? ::pwrite(fd_.get(), piece.iov_base, piece.iov_len, at)
                                     : ::pwritev2(fd_.get(), &piece, 1, at, flags);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    const size_t next = after_write(*done, static_cast<size_t>(count), bytes.size());
    if (next <= *done) return EIO;  // no progress
    *done = next;
  }
  counters_->write_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  return 0;
}

Status PosixFile::write_error(int error, uint64_t at) const {
  return Status::from_errno(error, "write at " + std::to_string(at), path_);
}

Status PosixFile::write_at(uint64_t offset, Slice bytes) {
  VARVE_RETURN_IF_ERROR(check_alignment("write", offset, bytes.data(), bytes.size()));
  counters_->writes.fetch_add(1, std::memory_order_relaxed);
  size_t done = 0;
  if (const int error = write_fully(offset, bytes, 0, &done); error != 0)
    return write_error(error, offset + done);
  return {};
}

Status PosixFile::write_at_durable(uint64_t offset, Slice bytes) {
  VARVE_RETURN_IF_ERROR(check_alignment("write", offset, bytes.data(), bytes.size()));
  counters_->durable_writes.fetch_add(1, std::memory_order_relaxed);
  size_t done = 0;
  if (!no_dsync_.load(std::memory_order_relaxed)) {
    const int error = write_fully(offset, bytes, RWF_DSYNC, &done);
    if (error == 0) return {};
    // A flag refused before a byte was written is not a failed sync, so going on is no retry of one (D3).
    if (done != 0 || (error != EOPNOTSUPP && error != ENOSYS)) return write_error(error, offset + done);
    no_dsync_.store(true, std::memory_order_relaxed);
  }
  if (const int error = write_fully(offset, bytes, 0, &done); error != 0)
    return write_error(error, offset + done);
  if (::fdatasync(fd_.get()) != 0) return Status::from_errno(errno, "fdatasync", path_);
  return {};
}

Status PosixFile::sync() {
  counters_->syncs.fetch_add(1, std::memory_order_relaxed);
  // Not even EINTR is retried: fdatasync does not give it, and a second call could report a success that is
  // none.
  if (::fdatasync(fd_.get()) != 0) return Status::from_errno(errno, "fdatasync", path_);
  return {};
}

Status PosixFile::truncate(uint64_t size_bytes) {
  int result = -1;
  do {
    result = ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes));
  } while (result != 0 && errno == EINTR);
  if (result != 0) return Status::from_errno(errno, "truncate to " + std::to_string(size_bytes), path_);
  return {};
}

Result<uint64_t> PosixFile::size() {
  struct stat status;
  if (::fstat(fd_.get(), &status) != 0) return Status::from_errno(errno, "fstat", path_);
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace varve::io
