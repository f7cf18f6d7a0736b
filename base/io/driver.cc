#include "base/io/driver.h"

#include <cstdlib>

namespace varve::io {

std::string join_path(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  if (directory.back() == '/') return directory + name;
  return directory + "/" + name;
}

std::string parent_path(const std::string& path) {
  size_t end = path.size();
  while (end > 1 && path[end - 1] == '/') --end;
  const size_t slash = path.rfind('/', end == 0 ? 0 : end - 1);
  if (slash == std::string::npos) return ".";
  end = slash;
  while (end > 0 && path[end - 1] == '/') --end;
  return end == 0 ? "/" : path.substr(0, end);
}

Result<std::string> read_file(Driver* driver, const std::string& path, uint64_t limit_bytes) {
  VARVE_ASSIGN_OR_RETURN(auto file, driver->open(path, OpenMode::kRead, Caching::kBuffered));
  VARVE_ASSIGN_OR_RETURN(const uint64_t size, file->size());
  if (size > limit_bytes) {
    return Status::resource_exhausted(path + ": " + std::to_string(size) + " bytes, more than the " +
                                      std::to_string(limit_bytes) + " that this file may have");
  }
  std::string contents(size, '\0');
  VARVE_ASSIGN_OR_RETURN(const size_t count, file->read_at(0, {contents.data(), contents.size()}));
  contents.resize(count);
  return contents;
}

namespace {

Status write_and_sync(Driver* driver, const std::string& path, Slice contents) {
  VARVE_ASSIGN_OR_RETURN(auto file, driver->open(path, OpenMode::kCreateOrTruncate, Caching::kBuffered));
  VARVE_RETURN_IF_ERROR(file->write_at(0, contents));
  return file->sync();
}

}  // namespace

Status write_file_atomically(Driver* driver, const std::string& path, Slice contents) {
  const std::string temporary = path + ".tmp";
  Status status = write_and_sync(driver, temporary, contents);
  if (status.ok()) status = driver->rename(temporary, path);
  if (!status.ok()) {
    // The first error is the answer; what stays behind is overwritten by the next attempt.
    static_cast<void>(driver->remove(temporary));
    return status;
  }
  return driver->sync_directory(parent_path(path));
}

namespace {

std::unique_ptr<Driver> choose_driver() {
  const char* wanted = std::getenv("VARVE_IO");
  if (wanted == nullptr || Slice(wanted) != "posix") {
    if (auto uring = make_uring_driver(); uring.ok()) return std::move(uring).value();
  }
  return make_posix_driver();
}

}  // namespace

Driver* default_driver() {
  // Never destroyed: files opened by static objects may outlive main.
  static Driver* const driver = choose_driver().release();
  return driver;
}

}  // namespace varve::io
