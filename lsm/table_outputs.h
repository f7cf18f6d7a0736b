// TableOutputs: the SSTables that one flush or compaction writes: numbers and creates files, feeds builders, syncs
// files and directory, opens the results. Nothing here touches the manifest.
//
//   I1 finish() answers only after every file and the directory are durable, so an edit may name them.
//   I2 A cut falls between two user keys, never inside the versions of one.
//   I3 Whatever is not finished is removed, as far as the disk allows; the rest is stray, and removed at the next open.
//
// Threads: one at a time. Ownership: borrows everything in the environment.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/result.h"
#include "lsm/sstable/table_builder.h"
#include "lsm/version/version.h"

namespace varve::lsm {

struct TableEnvironment {
  io::Driver* driver;
  std::string directory;
  BlockCache* cache;
  Graveyard* graveyard;
  std::function<FileNumber()> new_file_number;
};

class TableOutputs {
 public:
  TableOutputs(const TableEnvironment* environment, const TableOptions& options, Level level,
               uint64_t run_order)
      : environment_(environment), options_(options), level_(level), run_order_(run_order) {}
  ~TableOutputs();
  TableOutputs(const TableOutputs&) = delete;
  TableOutputs& operator=(const TableOutputs&) = delete;

  // In strictly rising internal key order. warm: keep it in the block cache.
  Status add(Slice internal_key, Slice value, bool warm);
  // Ends the current file: the next add starts another. The caller keeps I2.
  Status cut();
  uint64_t current_file_bytes() const { return builder_ ? builder_->estimated_size_bytes() : 0; }
  bool current_empty() const { return builder_ == nullptr; }

  // The finished files, opened. Their tables carry no name yet (Table::add_name).
  Result<Version::Files> finish();
  uint64_t bytes_written() const { return bytes_written_; }

 private:
  Status start();

  const TableEnvironment* environment_;
  TableOptions options_;
  Level level_;
  uint64_t run_order_;
  FileMetadata current_;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<TableBuilder> builder_;
  std::vector<FileMetadata> done_;
  std::vector<std::string> unfinished_;  // paths to remove unless finish() succeeds
  uint64_t bytes_written_ = 0;
};

}  // namespace varve::lsm
