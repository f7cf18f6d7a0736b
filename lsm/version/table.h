// Table: an open SSTable as versions share it. When the last version, iterator or job lets go of a table that the
// manifest no longer names, its file goes to the graveyard, from where a worker unlinks it.
//
// Threads: all methods from any. Ownership: shared_ptr, because versions of any number of trees, jobs and iterators
// name one table and the last of them decides when the file may go.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/io/driver.h"
#include "base/io/mutex.h"
#include "base/result.h"
#include "lsm/cache/block_cache.h"
#include "lsm/manifest/file_metadata.h"
#include "lsm/sstable/table_reader.h"

namespace varve::lsm {

// Paths of files that nothing uses any more. Threads: any.
class Graveyard {
 public:
  // on_burial: somebody should call unlink_all soon. Called without any lock of this class.
  Graveyard(io::Driver* driver, std::function<void()> on_burial)
      : driver_(driver), on_burial_(std::move(on_burial)) {}
  void bury(std::string path);
  bool empty();
  // Unlinks what was buried; a file that will not go is left for the next open. Returns how many went.
  size_t unlink_all();

 private:
  io::Driver* driver_;
  std::function<void()> on_burial_;
  io::Mutex mutex_;
  std::vector<std::string> paths_ VARVE_GUARDED_BY(mutex_);
};

class Table {
 public:
  // Opens the file and holds it against what the manifest says of it. The graveyard outlives the table.
  static Result<std::shared_ptr<Table>> open(io::Driver* driver, const std::string& directory,
                                             const FileMetadata& file, BlockCache* cache,
                                             Graveyard* graveyard);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const TableReader& reader() const { return *reader_; }
  FileNumber number() const { return number_; }
  // How many trees of the manifest name the file. When the last name goes, the file goes with the last user of this
  // object. Called only once the edit that says so is durable.
  void add_name() { names_.fetch_add(1, std::memory_order_relaxed); }
  void remove_name() {
    if (names_.fetch_sub(1, std::memory_order_acq_rel) == 1) discard();
  }
  // No manifest names the file, nor ever will, unless it carries a name already.
  void discard_unnamed() {
    if (names_.load(std::memory_order_acquire) == 0) discard();
  }

 private:
  void discard() { obsolete_.store(true, std::memory_order_release); }
  Table(FileNumber number, std::unique_ptr<TableReader> reader, Graveyard* graveyard)
      : number_(number), reader_(std::move(reader)), graveyard_(graveyard) {}

  FileNumber number_;
  std::unique_ptr<TableReader> reader_;
  Graveyard* graveyard_;
  std::atomic<uint32_t> names_{0};
  std::atomic<bool> obsolete_{false};  // release in discard pairs with acquire in the destructor
};

}  // namespace varve::lsm
