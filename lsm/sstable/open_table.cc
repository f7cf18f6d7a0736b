#include "lsm/sstable/open_table.h"

#include <algorithm>

#include "lsm/filter/filter_partitions.h"

namespace varve::lsm {

namespace {

// One read of this much at the end brings footer, properties, and for most tables the index root.
constexpr uint64_t kTailBytes = 64 << 10;

}  // namespace

Result<std::unique_ptr<OpenTable>> OpenTable::open(std::unique_ptr<io::File> file,
                                                   const TableReaderOptions& options) {
  auto table = std::make_unique<OpenTable>(std::move(file), options);
  VARVE_RETURN_IF_ERROR(table->load(options));
  return table;
}

Status OpenTable::load(const TableReaderOptions& options) {
  VARVE_ASSIGN_OR_RETURN(const uint64_t size, fetcher.file()->size());
  if (options.expected_size_bytes.has_value() && size != *options.expected_size_bytes) {
    return fetcher.corruption(size, "file size, expected " + std::to_string(*options.expected_size_bytes) +
                                        ", got " + std::to_string(size));
  }
  if (size == 0 || size % kTableAlignment != 0) {
    return fetcher.corruption(size,
                              "file size is no multiple of 4096: the table was not finished, or was cut");
  }
  const uint64_t tail_offset = size > kTailBytes ? size - kTailBytes : 0;
  ReadWindow tail;
  VARVE_RETURN_IF_ERROR(fetcher.read_window(tail_offset, size - tail_offset, &tail));
  ReadWindow head;
  if (tail_offset > 0) VARVE_RETURN_IF_ERROR(fetcher.read_window(0, kTableHeaderBytes, &head));
  const ReadWindow& first = tail_offset > 0 ? head : tail;

  const std::string& path = fetcher.file()->path();
  VARVE_ASSIGN_OR_RETURN(header, TableHeader::decode(first.at(0, kTableHeaderBytes), path));
  if (options.expected_uuid.has_value() && header.uuid != *options.expected_uuid) {
    return fetcher.corruption(0, "another file's uuid: the file was swapped or is stale");
  }
  const uint64_t blocks_end = size - kTableFooterBytes;
  fetcher.bind(header.uuid, blocks_end);
  VARVE_ASSIGN_OR_RETURN(
      footer, TableFooter::decode(tail.at(blocks_end, kTableFooterBytes), header.uuid, size, path));

  VARVE_ASSIGN_OR_RETURN(const BlockBuffer encoded,
                         fetcher.read(footer.properties, BlockKind::kProperties, &tail));
  Result<TableProperties> decoded = TableProperties::decode(encoded.slice());
  if (!decoded.ok()) return fetcher.corruption(footer.properties.offset, decoded.status().message());
  properties = std::move(decoded).value();
  if (properties.index_levels < 1 || properties.index_levels > kMaxIndexLevels) {
    return fetcher.corruption(footer.properties.offset,
                              "index of " + std::to_string(properties.index_levels) + " levels");
  }
  VARVE_RETURN_IF_ERROR(load_filter());
  VARVE_ASSIGN_OR_RETURN(root_bytes, fetcher.read(footer.index_root, BlockKind::kIndex, &tail));
  VARVE_ASSIGN_OR_RETURN(root, parse(root_bytes.slice(), footer.index_root.offset));
  return {};
}

Status OpenTable::load_filter() {
  if (footer.filter_bytes == 0) return {};
  const uint64_t each = uint64_t{properties.filter_partition_bytes} + kBlockTrailerBytes;
  if (properties.filter_partitions == 0 || properties.filter_partition_bytes == 0 ||
      footer.filter_bytes / each != properties.filter_partitions || footer.filter_bytes % each != 0) {
    return fetcher.corruption(footer.properties.offset, "filter partitions do not fill the filter");
  }
  filter = filter_policy_for_id(properties.filter_policy);
  return {};
}

Result<BlockHandle> OpenTable::child(Slice index_value, uint64_t parent_offset) const {
  BlockHandle handle;
  if (!handle.decode(index_value))
    return fetcher.corruption(parent_offset, "malformed handle in index block");
  return handle;
}

Result<Block> OpenTable::parse(Slice bytes, uint64_t offset) const {
  Block block;
  if (!block.parse(bytes)) return fetcher.corruption(offset, "malformed restart array");
  return block;
}

BlockHandle OpenTable::filter_partition(uint32_t index) const {
  const uint64_t each = uint64_t{properties.filter_partition_bytes} + kBlockTrailerBytes;
  return {footer.filter_offset + index * each, properties.filter_partition_bytes};
}

Result<bool> OpenTable::filter_may_contain(uint64_t hash) const {
  if (filter == nullptr) return true;
  const BlockHandle handle = filter_partition(filter_partition_of(hash, properties.filter_partitions));
  VARVE_ASSIGN_OR_RETURN(const CacheHandle partition,
                         fetcher.fetch(handle, BlockKind::kFilter, CachePriority::kHigh));
  return filter->may_contain(partition.bytes(), hash);
}

}  // namespace varve::lsm
