#include "lsm/verify.h"

#include <set>

#include "lsm/manifest/manifest.h"
#include "lsm/sstable/table_reader.h"

namespace varve::lsm {

namespace {

constexpr size_t kMaxProblems = 100;

class Verifier {
 public:
  Verifier(io::Driver* driver, const std::string& directory,
           const std::function<void(uint64_t, uint64_t)>& progress)
      : driver_(driver), directory_(directory), progress_(progress) {}

  Status run(VerifyReport* report) {
    report_ = report;
    VARVE_ASSIGN_OR_RETURN(const RecoveredManifest manifest, read_manifest(driver_, directory_));
    if (!manifest.damaged_copy.ok()) problem(manifest.damaged_copy);
    for (const auto& [id, tree] : manifest.state.trees) {
      for (const auto& [number, file] : tree.files) total_bytes_ += file.size_bytes;
    }
    for (const auto& [id, tree] : manifest.state.trees) {
      ++report_->trees;
      for (const auto& [number, file] : tree.files) {
        const std::string name = table_file_name(number);
        if (file.max_sequence >= tree.flushed_through) {
          problem(Status::corruption(name, 0,
                                     "holds sequence " + std::to_string(file.max_sequence.value) +
                                         ", but its tree is flushed only through " +
                                         std::to_string(tree.flushed_through.value)));
        }
        if (!seen_.insert(name).second) continue;  // shared by two trees
        if (Status status = check_file(name, file); !status.ok()) problem(std::move(status));
        report_->bytes += file.size_bytes;
        if (progress_) progress_(report_->bytes, total_bytes_);
      }
    }
    return find_strays(manifest.superblock.number);
  }

 private:
  void problem(Status status) {
    if (report_->problems.size() < kMaxProblems) report_->problems.push_back(std::move(status));
  }

  Status check_file(const std::string& name, const FileMetadata& file) {
    Result<std::unique_ptr<io::File>> opened =
        driver_->open(io::join_path(directory_, name), io::OpenMode::kRead, io::Caching::kDirect);
    if (opened.code() == ErrorCode::kNotFound) return Status::corruption(name, 0, "missing");
    if (!opened.ok()) return opened.status();
    TableReaderOptions options;
    options.file_number = file.number;
    options.expected_uuid = file.uuid;
    options.expected_size_bytes = file.size_bytes;
    VARVE_ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> table,
                           TableReader::open(*std::move(opened), options));
    VARVE_RETURN_IF_ERROR(table->verify(file.checksum));
    const TableProperties& properties = table->properties();
    ++report_->files;
    report_->blocks += properties.data_blocks;
    report_->entries += properties.entries;
    const bool same =
        properties.entries == file.entries && properties.tombstones == file.tombstones &&
        properties.min_sequence == file.min_sequence && properties.max_sequence == file.max_sequence &&
        properties.smallest.size() >= kTrailerBytes && properties.largest.size() >= kTrailerBytes &&
        user_key_of(properties.smallest) == file.smallest && user_key_of(properties.largest) == file.largest;
    return same ? Status() : Status::corruption(name, 0, "properties are not what the manifest says");
  }

  Status find_strays(uint64_t current_manifest) {
    VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, driver_->list(directory_));
    for (const std::string& name : names) {
      const bool table = parse_table_file_name(name).value != 0 && !seen_.contains(name);
      const uint64_t manifest = parse_manifest_file_name(name);
      if (table || (manifest != 0 && manifest != current_manifest) || is_temporary_manifest_name(name)) {
        report_->stray_files.push_back(name);
      }
    }
    return {};
  }

  io::Driver* driver_;
  const std::string& directory_;
  const std::function<void(uint64_t, uint64_t)>& progress_;
  VerifyReport* report_ = nullptr;
  uint64_t total_bytes_ = 0;
  std::set<std::string> seen_;
};

}  // namespace

Result<VerifyReport> verify_directory(io::Driver* driver, const std::string& directory,
                                      const std::function<void(uint64_t, uint64_t)>& progress) {
  VerifyReport report;
  VARVE_RETURN_IF_ERROR(Verifier(driver, directory, progress).run(&report));
  return report;
}

}  // namespace varve::lsm
