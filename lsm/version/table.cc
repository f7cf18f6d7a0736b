#include "lsm/version/table.h"

#include <utility>

namespace varve::lsm {

void Graveyard::bury(std::string path) {
  {
    io::MutexLock lock(&mutex_);
    paths_.push_back(std::move(path));
  }
  if (on_burial_) on_burial_();
}

bool Graveyard::empty() {
  io::MutexLock lock(&mutex_);
  return paths_.empty();
}

size_t Graveyard::unlink_all() {
  std::vector<std::string> paths;
  {
    io::MutexLock lock(&mutex_);
    paths.swap(paths_);
  }
  size_t removed = 0;
  for (const std::string& path : paths) removed += driver_->remove(path).ok() ? 1 : 0;
  return removed;
}

Result<std::shared_ptr<Table>> Table::open(io::Driver* driver, const std::string& directory,
                                           const FileMetadata& file, BlockCache* cache,
                                           Graveyard* graveyard) {
  const std::string name = table_file_name(file.number);
  Result<std::unique_ptr<io::File>> opened =
      driver->open(io::join_path(directory, name), io::OpenMode::kRead, io::Caching::kDirect);
  if (opened.code() == ErrorCode::kNotFound) {
    return Status::corruption(name, 0, "the manifest names this file, which is missing");
  }
  if (!opened.ok()) return opened.status();
  TableReaderOptions options;
  options.file_number = file.number;
  options.cache = cache;
  options.expected_uuid = file.uuid;
  options.expected_size_bytes = file.size_bytes;
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<TableReader> reader, TableReader::open(*std::move(opened), options));
  return std::shared_ptr<Table>(new Table(file.number, std::move(reader), graveyard));
}

Table::~Table() {
  if (!obsolete_.load(std::memory_order_acquire)) return;
  std::string path = reader_->path();
  reader_.reset();
  graveyard_->bury(std::move(path));
}

}  // namespace varve::lsm
