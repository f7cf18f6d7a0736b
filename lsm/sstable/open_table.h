// OpenTable: what point reads, iterators and the verifier share of one open SSTable: the file, its checked
// header, footer and properties, the index root in memory, and the descent through index and filter.
//
// Threads: immutable after open; all methods from any.
#pragma once

#include <memory>
#include <vector>

#include "lsm/internal_key.h"
#include "lsm/sstable/block.h"
#include "lsm/sstable/block_fetcher.h"
#include "lsm/sstable/format.h"
#include "lsm/sstable/table_reader.h"

namespace varve::lsm {

struct OpenTable {
  OpenTable(std::unique_ptr<io::File> file, const TableReaderOptions& options)
      : fetcher(std::move(file), options.file_number, options.cache) {}

  static Result<std::unique_ptr<OpenTable>> open(std::unique_ptr<io::File> file,
                                                 const TableReaderOptions& options);

  // The handle in an index entry's value, checked to be one.
  Result<BlockHandle> child(Slice index_value, uint64_t parent_offset) const;
  // A fetched block as a Block.
  Result<Block> parse(Slice bytes, uint64_t offset) const;
  // False: surely no such hash. True for a table without filter.
  Result<bool> filter_may_contain(uint64_t hash) const;
  BlockHandle filter_partition(uint32_t index) const;

  BlockFetcher fetcher;
  TableHeader header;
  TableFooter footer;
  TableProperties properties;
  const FilterPolicy* filter = nullptr;  // null: none, or one this build cannot read
  BlockBuffer root_bytes;
  Block root;

 private:
  Status load(const TableReaderOptions& options);
  Status load_filter();
};

std::unique_ptr<InternalIterator> make_table_iterator(const OpenTable* table,
                                                      const TableIteratorOptions& options);
Status verify_table(const OpenTable& table, std::optional<uint64_t> file_checksum);

}  // namespace varve::lsm
