#include "lsm/sstable/table_builder.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "lsm/cache/block_cache.h"
#include "lsm/filter/filter_partitions.h"
#include "lsm/internal_key.h"
#include "lsm/sstable/block_builder.h"
#include "lsm/sstable/compression.h"
#include "lsm/sstable/format.h"
#include "lsm/sstable/index_builder.h"
#include "lsm/sstable/table_file_writer.h"

namespace varve::lsm {

class TableBuilder::Impl {
 public:
  Impl(io::File* file, const FileUuid& uuid, const TableOptions& options)
      : uuid_(uuid),
        options_(options),
        writer_(file),
        compressor_(options.compression, options.compression_level),
        data_(options.restart_interval),
        index_(options.index_block_size_bytes, [this](Slice block) { return write_index_block(block); }) {}

  Status start() {
    TableHeader header;
    header.uuid = uuid_;
    return writer_.append(header.encode());
  }

  Status add(Slice internal_key, Slice value, bool warm);
  Result<TableSummary> finish();

  uint64_t estimated_size_bytes() const {
    const uint64_t filter =
        options_.filter == nullptr ? 0 : options_.filter->size_bytes(filter_hashes_.size());
    return writer_.offset() + data_.size_bytes() + index_.open_bytes() + filter + kTableAlignment;
  }
  uint64_t entries() const { return properties_.entries; }
  Slice last_user_key() const { return last_key_.empty() ? Slice() : user_key_of(last_key_); }

 private:
  // The first error, which every later call answers.
  Status note(Status status) {
    if (!status.ok() && status_.ok()) status_ = status;
    return status;
  }
  Status check_entry(Slice internal_key, Slice value) const;
  Status add_checked(Slice internal_key, Slice value, bool warm);
  Status flush_data_block();
  // Gives the closed data block its index entry: `next` is the key after it, empty at the end.
  Status index_pending_block(Slice next);
  void add_to_filter(Slice user_key);
  Status write_filter(TableFooter* footer);
  Result<TableSummary> finish_checked();
  Result<BlockHandle> write_index_block(Slice block);
  Result<BlockHandle> write_block(BlockKind kind, Slice payload);
  void keep(const BlockHandle& handle, CachePriority priority, Slice block) {
    if (options_.cache != nullptr)
      options_.cache->put({options_.file_number, handle.offset}, priority, block);
  }

  const FileUuid uuid_;
  const TableOptions options_;
  Status status_;
  bool finished_ = false;
  TableFileWriter writer_;
  Compressor compressor_;
  BlockBuilder data_;
  IndexBuilder index_;
  TableProperties properties_;
  std::string last_key_;
  std::string stored_;  // scratch: a block as it goes to the file
  // Of the open data block's entries.
  uint64_t warm_bytes_ = 0;
  uint64_t cold_bytes_ = 0;
  // A data block that is written but waits for the next key, to get the shortest separator.
  bool pending_ = false;
  BlockHandle pending_handle_;
  std::vector<uint64_t> filter_hashes_;
  uint64_t last_prefix_hash_ = 0;
};

Status TableBuilder::Impl::add(Slice internal_key, Slice value, bool warm) {
  CHECK(!finished_);
  VARVE_RETURN_IF_ERROR(status_);
  VARVE_RETURN_IF_ERROR(note(check_entry(internal_key, value)));
  return note(add_checked(internal_key, value, warm));
}

Status TableBuilder::Impl::check_entry(Slice internal_key, Slice value) const {
  const auto parsed = parse_internal_key(internal_key);
  if (!parsed.has_value()) return Status::invalid_argument("SSTable: not an internal key");
  if (parsed->user_key.size() > kMaxUserKeyBytes)
    return Status::invalid_argument("SSTable: key over 65535 bytes");
  if (value.size() > kMaxValueBytes) return Status::invalid_argument("SSTable: value over 16 MiB");
  if (!last_key_.empty() && compare_internal(last_key_, internal_key) >= 0) {
    return Status::invalid_argument("SSTable: keys out of order");
  }
  return {};
}

Status TableBuilder::Impl::add_checked(Slice internal_key, Slice value, bool warm) {
  if (!data_.empty() && data_.size_bytes_with(internal_key, value) > options_.block_size_bytes) {
    VARVE_RETURN_IF_ERROR(flush_data_block());
  }
  if (pending_) VARVE_RETURN_IF_ERROR(index_pending_block(internal_key));
  data_.add(internal_key, value);
  (warm ? warm_bytes_ : cold_bytes_) += internal_key.size() + value.size();

  const SequenceNumber sequence = sequence_of(internal_key);
  TableProperties& p = properties_;
  if (p.entries == 0) {
    p.smallest = internal_key;
    p.min_sequence = p.max_sequence = sequence;
  }
  ++p.entries;
  p.min_sequence = std::min(p.min_sequence, sequence);
  p.max_sequence = std::max(p.max_sequence, sequence);
  p.raw_key_bytes += internal_key.size();
  p.raw_value_bytes += value.size();
  if (kind_of(internal_key) == ValueKind::kDelete) {
    p.oldest_tombstone = p.tombstones == 0 ? sequence : std::min(p.oldest_tombstone, sequence);
    ++p.tombstones;
  }
  if (options_.filter != nullptr) add_to_filter(user_key_of(internal_key));
  last_key_.assign(internal_key);
  return {};
}

void TableBuilder::Impl::add_to_filter(Slice user_key) {
  // Versions of one user key are neighbours, and so are keys of one prefix: a look at the last hash drops
  // repeats.
  const bool repeated = !last_key_.empty() && user_key_of(last_key_) == user_key;
  if (repeated) return;
  filter_hashes_.push_back(hash64(user_key));
  const size_t prefix = options_.prefix_extractor == nullptr ? 0 : options_.prefix_extractor(user_key);
  if (prefix == 0) return;
  CHECK(prefix <= user_key.size());
  const uint64_t hash = prefix_filter_hash(user_key.substr(0, prefix));
  if (properties_.filter_prefixes != 0 && hash == last_prefix_hash_) return;
  filter_hashes_.push_back(hash);
  last_prefix_hash_ = hash;
  ++properties_.filter_prefixes;
}

Status TableBuilder::Impl::flush_data_block() {
  const Slice block = data_.finish();
  VARVE_ASSIGN_OR_RETURN(pending_handle_, write_block(BlockKind::kData, block));
  if (warm_bytes_ > cold_bytes_) keep(pending_handle_, CachePriority::kNormal, block);
  warm_bytes_ = cold_bytes_ = 0;
  pending_ = true;
  ++properties_.data_blocks;
  properties_.data_bytes += pending_handle_.size_bytes + kBlockTrailerBytes;
  data_.reset();
  return {};
}

Status TableBuilder::Impl::index_pending_block(Slice next) {
  pending_ = false;
  return index_.add(next.empty() ? last_key_ : shortest_separator(last_key_, next), pending_handle_);
}

Result<BlockHandle> TableBuilder::Impl::write_index_block(Slice block) {
  VARVE_ASSIGN_OR_RETURN(const BlockHandle handle, write_block(BlockKind::kIndex, block));
  keep(handle, CachePriority::kHigh, block);
  properties_.index_bytes += handle.size_bytes + kBlockTrailerBytes;
  return handle;
}

Result<BlockHandle> TableBuilder::Impl::write_block(BlockKind kind, Slice payload) {
  Compression type = Compression::kNone;
  // Filters are random bits; the rest is worth trying.
  if (kind != BlockKind::kFilter) type = compressor_.compress(payload, &stored_);
  if (type == Compression::kNone) stored_.assign(payload);
  const BlockHandle handle{writer_.offset(), stored_.size()};
  ByteWriter writer(&stored_);
  writer.u8(static_cast<uint8_t>(type));
  writer.u64(block_checksum(uuid_, handle.offset, kind, stored_));
  VARVE_RETURN_IF_ERROR(writer_.append(stored_));
  return handle;
}

Status TableBuilder::Impl::write_filter(TableFooter* footer) {
  if (options_.filter == nullptr || filter_hashes_.empty()) return {};
  const size_t total = options_.filter->size_bytes(filter_hashes_.size());
  const uint32_t target = std::max<uint32_t>(options_.filter_partition_bytes, 1);
  const auto partitions = static_cast<uint32_t>((total + target - 1) / target);
  const size_t mean = (filter_hashes_.size() + partitions - 1) / partitions;

  // Counting sort by partition.
  std::vector<size_t> ends(partitions + size_t{1}, 0);
  for (uint64_t hash : filter_hashes_) ++ends[filter_partition_of(hash, partitions) + size_t{1}];
  for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  std::vector<uint64_t> sorted(filter_hashes_.size());
  std::vector<size_t> next(ends.begin(), ends.end() - 1);
  for (uint64_t hash : filter_hashes_) sorted[next[filter_partition_of(hash, partitions)]++] = hash;

  properties_.filter_policy = options_.filter->id();
  properties_.filter_keys = filter_hashes_.size();
  properties_.filter_partitions = partitions;
  properties_.filter_partition_bytes = static_cast<uint32_t>(options_.filter->size_bytes(mean));
  footer->filter_offset = writer_.offset();
  std::string partition(properties_.filter_partition_bytes, '\0');
  for (uint32_t i = 0; i < partitions; ++i) {
    options_.filter->build(std::span(sorted).subspan(ends[i], ends[i + 1] - ends[i]), partition);
    VARVE_ASSIGN_OR_RETURN(const BlockHandle handle, write_block(BlockKind::kFilter, partition));
    keep(handle, CachePriority::kHigh, partition);
  }
  footer->filter_bytes = writer_.offset() - footer->filter_offset;
  return {};
}

Result<TableSummary> TableBuilder::Impl::finish() {
  CHECK(!finished_);
  VARVE_RETURN_IF_ERROR(status_);
  finished_ = true;
  Result<TableSummary> summary = finish_checked();
  (void)note(summary.status());
  return summary;
}

Result<TableSummary> TableBuilder::Impl::finish_checked() {
  if (!data_.empty()) VARVE_RETURN_IF_ERROR(flush_data_block());
  if (pending_) VARVE_RETURN_IF_ERROR(index_pending_block({}));
  TableFooter footer;
  VARVE_RETURN_IF_ERROR(write_filter(&footer));
  VARVE_ASSIGN_OR_RETURN(footer.index_root, index_.finish());
  properties_.index_levels = index_.levels();
  properties_.largest = last_key_;
  VARVE_ASSIGN_OR_RETURN(footer.properties, write_block(BlockKind::kProperties, properties_.encode()));
  VARVE_RETURN_IF_ERROR(writer_.pad_before(kTableFooterBytes));
  footer.file_size_bytes = writer_.offset() + kTableFooterBytes;
  VARVE_RETURN_IF_ERROR(writer_.append(footer.encode(uuid_)));
  VARVE_RETURN_IF_ERROR(writer_.finish());
  return TableSummary{uuid_, writer_.offset(), writer_.checksum(), properties_};
}

TableBuilder::TableBuilder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableBuilder::~TableBuilder() = default;

Result<std::unique_ptr<TableBuilder>> TableBuilder::create(io::File* file, const FileUuid& uuid,
                                                           const TableOptions& options) {
  CHECK(options.restart_interval >= 1 && options.restart_interval <= kMaxRestartInterval);
  CHECK(options.block_size_bytes <= kMaxValueBytes && options.filter_partition_bytes <= kMaxValueBytes);
  CHECK(options.index_block_size_bytes <= kMaxIndexBlockBytes / 2);
  auto impl = std::make_unique<Impl>(file, uuid, options);
  VARVE_RETURN_IF_ERROR(impl->start());
  return std::unique_ptr<TableBuilder>(new TableBuilder(std::move(impl)));
}

Status TableBuilder::add(Slice internal_key, Slice value, bool warm) {
  return impl_->add(internal_key, value, warm);
}
Result<TableSummary> TableBuilder::finish() { return impl_->finish(); }
uint64_t TableBuilder::estimated_size_bytes() const { return impl_->estimated_size_bytes(); }
uint64_t TableBuilder::entries() const { return impl_->entries(); }
Slice TableBuilder::last_user_key() const { return impl_->last_user_key(); }

}  // namespace varve::lsm
