#include "api/dynamo/kinesis_file.h"

namespace varve::api::dynamo {
namespace {

constexpr char kDirectory[] = "kinesis";

}  // namespace

Result<KinesisFile> KinesisFile::open(io::Driver* driver, const std::string& data_directory, Slice table_id,
                                      std::optional<uint64_t> noted_bytes) {
  const std::string directory = io::join_path(data_directory, kDirectory);
  VARVE_RETURN_IF_ERROR(driver->create_directory(directory));
  VARVE_RETURN_IF_ERROR(driver->sync_directory(data_directory));
  KinesisFile file(driver, io::join_path(directory, std::string(table_id) + ".jsonl"));
  VARVE_RETURN_IF_ERROR(file.open_file());
  if (noted_bytes && file.size_bytes_ > *noted_bytes) {
    VARVE_RETURN_IF_ERROR(file.file_->truncate(*noted_bytes));
    VARVE_RETURN_IF_ERROR(file.file_->sync());
    file.size_bytes_ = *noted_bytes;
  }
  char last = '\n';
  if (file.size_bytes_ > 0) {
    VARVE_RETURN_IF_ERROR(file.file_->read_at(file.size_bytes_ - 1, {&last, 1}).status());
  }
  file.torn_ = last != '\n';
  return file;
}

Status KinesisFile::open_file() {
  VARVE_ASSIGN_OR_RETURN(const bool exists, driver_->exists(path_));
  VARVE_ASSIGN_OR_RETURN(file_,
                         driver_->open(path_, exists ? io::OpenMode::kReadWrite : io::OpenMode::kCreate,
                                       io::Caching::kBuffered));
  if (!exists) VARVE_RETURN_IF_ERROR(driver_->sync_directory(io::parent_path(path_)));
  VARVE_ASSIGN_OR_RETURN(size_bytes_, file_->size());
  return {};
}

Status KinesisFile::append(Slice lines) {
  std::string bytes = torn_ ? "\n" : "";
  bytes.append(lines);
  VARVE_RETURN_IF_ERROR(file_->write_at(size_bytes_, bytes));
  VARVE_RETURN_IF_ERROR(file_->sync());
  size_bytes_ += bytes.size();
  torn_ = false;
  return {};
}

Status KinesisFile::set_aside() {
  file_.reset();
  VARVE_RETURN_IF_ERROR(driver_->rename(path_, path_ + ".1"));
  return open_file();
}

}  // namespace varve::api::dynamo
