// Opening a set of trees: what the manifest says is made durable in a new manifest before anything acts on it, then
// whatever no version names is removed.
#include <algorithm>

#include "lsm/tree_set_impl.h"

namespace varve::lsm {

Result<std::unique_ptr<TreeSet>> TreeSet::open(const TreeSetOptions& options, bool create) {
  CHECK(options.driver != nullptr);
  auto set = std::make_unique<TreeSetImpl>(options);
  VARVE_RETURN_IF_ERROR(set->recover(create));
  set->start_workers();
  return std::unique_ptr<TreeSet>(std::move(set));
}

Result<ManifestState> TreeSetImpl::load_state(const std::vector<std::string>& names, bool create,
                                              uint64_t* last_edit) {
  Result<RecoveredManifest> recovered = read_manifest(options_.driver, options_.directory);
  if (recovered.code() == ErrorCode::kNotFound) {
    // Tables without a manifest are somebody's data: starting empty would delete them as strays.
    for (const std::string& name : names) {
      if (parse_table_file_name(name).value == 0) continue;
      return Status::corruption(io::join_path(options_.directory, name), 0,
                                "SSTable in a directory without a manifest");
    }
    if (!create) return recovered.status();
    *last_edit = 1;
    return ManifestState();
  }
  if (!recovered.ok()) return recovered.status();
  if (options_.store_uuid != 0 && recovered->superblock.store_uuid != options_.store_uuid) {
    return Status::corruption(manifest_file_name(recovered->superblock.number), 0,
                              "manifest of another store");
  }
  if (!recovered->damaged_copy.ok())
    log("manifest: repaired from the other copy: " + recovered->damaged_copy.to_string());
  if (recovered->torn_tail_bytes > 0) {
    log("manifest: dropped an unfinished edit of " + std::to_string(recovered->torn_tail_bytes) + " bytes");
  }
  *last_edit = recovered->last_edit;
  return std::move(recovered->state);
}

Status TreeSetImpl::recover(bool create) {
  VARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, options_.driver->list(options_.directory));
  uint64_t last_edit = 0;
  VARVE_ASSIGN_OR_RETURN(ManifestState state, load_state(names, create, &last_edit));

  // Numbers pass everything ever seen, discarded files included.
  uint64_t next = state.next_file.value;
  for (const std::string& name : names) {
    uint64_t number = std::max(parse_table_file_name(name).value, parse_manifest_file_name(name));
    if (is_temporary_manifest_name(name)) number = parse_manifest_file_name(name.substr(0, name.size() - 4));
    next = std::max(next, number + 1);
  }
  state.next_file = FileNumber(next);
  VARVE_RETURN_IF_ERROR(open_trees(state));

  next_file_.store(next + 1, std::memory_order_relaxed);
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<Manifest> manifest,
                         Manifest::create(options_.driver, options_.directory, options_.store_uuid, next,
                                          last_edit, state, options_.manifest_bytes));
  greatest_sequence_.store(state.greatest_sequence.value, std::memory_order_relaxed);
  last_edit_.store(last_edit, std::memory_order_release);
  {
    io::MutexLock lock(&manifest_mutex_);
    manifest_ = std::move(manifest);
  }
  remove_strays(names, state);
  return {};
}

Status TreeSetImpl::open_trees(const ManifestState& state) {
  std::map<FileNumber, std::shared_ptr<Table>> tables;  // a file may be in two trees
  for (const auto& [id, record] : state.trees) {
    Version::Files files;
    for (const auto& [number, metadata] : record.files) {
      std::shared_ptr<Table>& table = tables[number];
      if (table == nullptr) {
        VARVE_ASSIGN_OR_RETURN(
            table, Table::open(options_.driver, options_.directory, metadata, &cache_, &graveyard_));
      }
      table->add_name();
      files.push_back(std::make_shared<const VersionFile>(VersionFile{metadata, table}));
    }
    auto version = files.empty() ? empty_version_ : std::make_shared<const Version>(files);
    io::MutexLock lock(&trees_mutex_);
    trees_.emplace(
        id, std::make_unique<TreeImpl>(id, &tree_environment_, std::move(version), record.flushed_through));
  }
  return {};
}

void TreeSetImpl::remove_strays(const std::vector<std::string>& names, const ManifestState& state) {
  std::vector<FileNumber> live;
  for (const auto& [id, record] : state.trees) {
    for (const auto& [number, metadata] : record.files) live.push_back(number);
  }
  std::sort(live.begin(), live.end());
  for (const std::string& name : names) {
    const FileNumber table = parse_table_file_name(name);
    const bool stray = table.value != 0
                           ? !std::binary_search(live.begin(), live.end(), table)
                           : parse_manifest_file_name(name) != 0 || is_temporary_manifest_name(name);
    // The new manifest is not among the names that were listed. What will not go is tried again at the next open.
    if (stray) Status ignored = options_.driver->remove(io::join_path(options_.directory, name));
  }
}

}  // namespace varve::lsm
