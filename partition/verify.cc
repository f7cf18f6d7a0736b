// verify_store: the check of a closed store's whole directory, for `varve verify` and the tests.
#include <optional>

#include "lsm/manifest/manifest.h"
#include "partition/store_impl.h"

namespace varve::partition {

namespace {

std::string attribute(const lsm::ManifestState& state, const char* name) {
  const auto found = state.attributes.find(name);
  return found == state.attributes.end() ? std::string() : found->second;
}

// Every record that the next open would replay parses, and the log ends where the manifest and the SSTables say it must.
Status verify_log(io::Driver* driver, const std::string& directory, const lsm::RecoveredManifest& manifest) {
  VARVE_ASSIGN_OR_RETURN(const std::vector<wal::Generation> generations,
                         decode_generations(attribute(manifest.state, kGenerationsAttribute)));
  VARVE_ASSIGN_OR_RETURN(const SequenceNumber replay_from,
                         decode_sequence(attribute(manifest.state, kReplayFromAttribute)));
  wal::LogOptions options;
  options.driver = driver;
  options.directory = log_directory(directory);
  VARVE_ASSIGN_OR_RETURN(
      const wal::RecoveryReport report,
      wal::Log::recover(options, generations, replay_from, [](const wal::ReplayedRecord& record) {
        if (record.kind != kCommitRecord) return Status::unsupported("log: unknown record kind");
        return WriteBatch::for_each(record.payload, [](const WriteBatch::Entry&) { return Status(); });
      }));
  if (report.last_manifest_edit > manifest.last_edit) {
    return Status::corruption(lsm_directory(directory), manifest.end_offset,
                              "the manifest ends at edit " + std::to_string(manifest.last_edit) +
                                  ", but the log knows of edit " + std::to_string(report.last_manifest_edit));
  }
  return {};
}

}  // namespace

Result<lsm::VerifyReport> verify_store(io::Driver* driver, const std::string& directory,
                                       const std::function<void(uint64_t, uint64_t)>& progress) {
  VARVE_ASSIGN_OR_RETURN(const bool exists, driver->exists(directory));
  if (!exists) return Status::not_found(directory + ": no such store");
  VARVE_ASSIGN_OR_RETURN(const bool has_trees, driver->exists(lsm_directory(directory)));
  if (!has_trees) return Status::not_found(directory + ": no store here ('lsm' is missing)");
  VARVE_ASSIGN_OR_RETURN(const std::unique_ptr<io::DirectoryLock> lock, driver->lock(lock_path(directory)));

  VARVE_ASSIGN_OR_RETURN(const lsm::RecoveredManifest manifest,
                         lsm::read_manifest(driver, lsm_directory(directory)));
  VARVE_ASSIGN_OR_RETURN(lsm::VerifyReport report,
                         lsm::verify_directory(driver, lsm_directory(directory), progress));
  Status log = verify_log(driver, directory, manifest);
  if (!log.ok()) report.problems.push_back(std::move(log));
  return report;
}

}  // namespace varve::partition
