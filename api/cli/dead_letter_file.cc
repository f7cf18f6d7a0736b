#include "api/cli/dead_letter_file.h"

namespace varve::api {

Result<DeadLetterFile> DeadLetterFile::open(io::Driver* driver, const std::string& path) {
  VARVE_ASSIGN_OR_RETURN(const bool exists, driver->exists(path));
  VARVE_ASSIGN_OR_RETURN(
      std::unique_ptr<io::File> file,
      driver->open(path, exists ? io::OpenMode::kReadWrite : io::OpenMode::kCreate, io::Caching::kBuffered));
  if (!exists) VARVE_RETURN_IF_ERROR(driver->sync_directory(io::parent_path(path)));
  VARVE_ASSIGN_OR_RETURN(const uint64_t size_bytes, file->size());
  char last = '\n';
  if (size_bytes > 0) {
    VARVE_RETURN_IF_ERROR(file->read_at(size_bytes - 1, {&last, 1}).status());
  }
  return DeadLetterFile(std::move(file), size_bytes, last != '\n');
}

Status DeadLetterFile::append(Slice line) {
  std::string bytes = torn_ ? "\n" : "";
  bytes.append(line).append("\n");
  // Until it is whole it may be torn.
  torn_ = true;
  VARVE_RETURN_IF_ERROR(file_->write_at(size_bytes_, bytes));
  VARVE_RETURN_IF_ERROR(file_->sync());
  size_bytes_ += bytes.size();
  torn_ = false;
  return {};
}

}  // namespace varve::api
