// TableBuilder: writes one SSTable front to back. The format is lsm/sstable/FORMAT.md.
//
//   VARVE_ASSIGN_OR_RETURN(auto builder, TableBuilder::create(file, uuid, options));
//   for (...) VARVE_RETURN_IF_ERROR(builder->add(internal_key, value));
//   VARVE_ASSIGN_OR_RETURN(TableSummary summary, builder->finish());
//   VARVE_RETURN_IF_ERROR(file->sync());   // and the directory; only then may the manifest name it
//
//   I1 Keys come in strictly rising internal order; anything else is kInvalidArgument and the table is lost.
//   I2 Memory is bounded: one block, one write buffer, the open index blocks, and 8 bytes a key for the
//   filter. I3 The file is written once, in rising offsets of 256 KiB, and its size is a multiple of 4096:
//   direct I/O works.
//
// After an error every later call returns it. A builder that dies before finish leaves a file without a
// footer, which no reader opens. Threads: one. Ownership: borrows the file (empty, writable), which the
// caller syncs.
#pragma once

#include <memory>

#include "base/io/driver.h"
#include "base/result.h"
#include "lsm/sstable/table_options.h"
#include "lsm/sstable/table_properties.h"

namespace varve::lsm {

// What the manifest keeps of a finished table.
struct TableSummary {
  FileUuid uuid;
  uint64_t file_size_bytes = 0;
  uint64_t file_checksum = 0;  // hash64 of all bytes of the file
  TableProperties properties;
};

class TableBuilder {
 public:
  static Result<std::unique_ptr<TableBuilder>> create(io::File* file, const FileUuid& uuid,
                                                      const TableOptions& options);
  ~TableBuilder();
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;

  // kInvalidArgument: out of order, or a key or value over its bound. warm: the entry was in memory, and should stay there.
  Status add(Slice internal_key, Slice value, bool warm = false);
  Result<TableSummary> finish();

  // What finish would write by now, near enough for cutting outputs at a size.
  uint64_t estimated_size_bytes() const;
  uint64_t entries() const;
  // The last user key added; good until the next add. Outputs are cut between user keys, never inside one.
  Slice last_user_key() const;

 private:
  class Impl;
  explicit TableBuilder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::lsm
