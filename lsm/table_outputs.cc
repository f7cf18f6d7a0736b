#include "lsm/table_outputs.h"

#include "lsm/internal_key.h"

namespace varve::lsm {

TableOutputs::~TableOutputs() {
  builder_.reset();
  file_.reset();
  for (const std::string& path : unfinished_) Status ignored = environment_->driver->remove(path);
}

Status TableOutputs::start() {
  current_ = {};
  current_.number = environment_->new_file_number();
  current_.uuid = random_file_uuid();
  current_.level = level_;
  current_.run_order = run_order_;
  const std::string path = io::join_path(environment_->directory, table_file_name(current_.number));
  VARVE_ASSIGN_OR_RETURN(file_,
                         environment_->driver->open(path, io::OpenMode::kCreate, io::Caching::kDirect));
  unfinished_.push_back(path);
  options_.cache = environment_->cache;
  options_.file_number = current_.number;
  VARVE_ASSIGN_OR_RETURN(builder_, TableBuilder::create(file_.get(), current_.uuid, options_));
  return {};
}

Status TableOutputs::add(Slice internal_key, Slice value, bool warm) {
  if (builder_ == nullptr) VARVE_RETURN_IF_ERROR(start());
  return builder_->add(internal_key, value, warm);
}

Status TableOutputs::cut() {
  if (builder_ == nullptr) return {};
  VARVE_ASSIGN_OR_RETURN(const TableSummary summary, builder_->finish());
  VARVE_RETURN_IF_ERROR(file_->sync());
  current_.size_bytes = summary.file_size_bytes;
  current_.checksum = summary.file_checksum;
  current_.smallest = user_key_of(summary.properties.smallest);
  current_.largest = user_key_of(summary.properties.largest);
  current_.min_sequence = summary.properties.min_sequence;
  current_.max_sequence = summary.properties.max_sequence;
  current_.entries = summary.properties.entries;
  current_.tombstones = summary.properties.tombstones;
  bytes_written_ += current_.size_bytes;
  done_.push_back(std::move(current_));
  builder_.reset();
  file_.reset();
  return {};
}

Result<Version::Files> TableOutputs::finish() {
  VARVE_RETURN_IF_ERROR(cut());
  Version::Files files;
  if (done_.empty()) return files;
  VARVE_RETURN_IF_ERROR(environment_->driver->sync_directory(environment_->directory));
  for (FileMetadata& file : done_) {
    VARVE_ASSIGN_OR_RETURN(std::shared_ptr<Table> table,
                           Table::open(environment_->driver, environment_->directory, file,
                                       environment_->cache, environment_->graveyard));
    files.push_back(std::make_shared<const VersionFile>(VersionFile{std::move(file), std::move(table)}));
  }
  unfinished_.clear();
  return files;
}

}  // namespace varve::lsm
