#include "lsm/sstable/table_reader.h"

#include "lsm/sstable/open_table.h"

namespace varve::lsm {

TableReader::TableReader(std::unique_ptr<OpenTable> table) : table_(std::move(table)) {}
TableReader::~TableReader() = default;

Result<std::unique_ptr<TableReader>> TableReader::open(std::unique_ptr<io::File> file,
                                                       const TableReaderOptions& options) {
  VARVE_ASSIGN_OR_RETURN(std::unique_ptr<OpenTable> table, OpenTable::open(std::move(file), options));
  return std::unique_ptr<TableReader>(new TableReader(std::move(table)));
}

Result<std::optional<FoundEntry>> TableReader::get(const LookupKey& key) const {
  const OpenTable& table = *table_;
  VARVE_ASSIGN_OR_RETURN(const bool may_contain, table.filter_may_contain(key.hash));
  if (!may_contain) return std::optional<FoundEntry>();

  const uint64_t target = pack_seek_trailer(key.snapshot);
  Block block = table.root;
  CacheHandle pin;  // of `block`; the root needs none
  uint64_t offset = table.footer.index_root.offset;
  for (uint32_t level = table.properties.index_levels; level > 0; --level) {
    const Block::Found entry = block.lower_bound(key.user_key, target);
    if (entry.outcome == Block::Found::kCorrupt)
      return table.fetcher.corruption(offset, "malformed index block");
    // Past the last separator of the root: past the table. Below, each block ends with the separator that led
    // to it.
    if (entry.outcome == Block::Found::kPastEnd) {
      if (!pin) return std::optional<FoundEntry>();
      return table.fetcher.corruption(offset, "index block ends before its separator");
    }
    VARVE_ASSIGN_OR_RETURN(const BlockHandle handle, table.child(entry.value, offset));
    const BlockKind kind = level == 1 ? BlockKind::kData : BlockKind::kIndex;
    const CachePriority priority = level == 1 ? CachePriority::kNormal : CachePriority::kHigh;
    VARVE_ASSIGN_OR_RETURN(pin, table.fetcher.fetch(handle, kind, priority));
    VARVE_ASSIGN_OR_RETURN(block, table.parse(pin.bytes(), handle.offset));
    offset = handle.offset;
  }

  const Block::Found entry = block.lower_bound(key.user_key, target);
  if (entry.outcome == Block::Found::kCorrupt)
    return table.fetcher.corruption(offset, "malformed data block");
  if (entry.outcome == Block::Found::kPastEnd || !entry.same_user_key) return std::optional<FoundEntry>();
  if (!is_known_kind(static_cast<uint8_t>(entry.trailer & 0xff))) {
    return table.fetcher.corruption(offset, "entry of unknown kind");
  }
  std::optional<FoundEntry> found(std::in_place);
  found->sequence = trailer_sequence(entry.trailer);
  found->kind = trailer_kind(entry.trailer);
  found->value = PinnedValue(std::move(pin), entry.value);
  return found;
}

Result<bool> TableReader::may_contain_prefix(Slice prefix) const {
  if (table_->properties.filter_prefixes == 0) return true;
  return table_->filter_may_contain(prefix_filter_hash(prefix));
}

std::unique_ptr<InternalIterator> TableReader::iterate(const TableIteratorOptions& options) const {
  return make_table_iterator(table_.get(), options);
}

Status TableReader::verify(std::optional<uint64_t> file_checksum) const {
  return verify_table(*table_, file_checksum);
}

const TableProperties& TableReader::properties() const { return table_->properties; }
const FileUuid& TableReader::uuid() const { return table_->header.uuid; }
uint64_t TableReader::file_size_bytes() const { return table_->footer.file_size_bytes; }
const std::string& TableReader::path() const { return table_->fetcher.file()->path(); }

uint64_t TableReader::memory_bytes() const {
  return sizeof(*this) + sizeof(OpenTable) + table_->root_bytes.size() +
         table_->properties.smallest.capacity() + table_->properties.largest.capacity();
}

namespace {

// Where the data of keys from `user_key` on begins.
Result<uint64_t> offset_of(const OpenTable& table, Slice user_key) {
  Block block = table.root;
  CacheHandle pin;
  uint64_t offset = table.footer.index_root.offset;
  for (uint32_t level = table.properties.index_levels;; --level) {
    const Block::Found entry = block.lower_bound(user_key, pack_seek_trailer(kMaxSequence));
    if (entry.outcome == Block::Found::kCorrupt)
      return table.fetcher.corruption(offset, "malformed index block");
    if (entry.outcome == Block::Found::kPastEnd) {
      return kTableHeaderBytes + table.properties.data_bytes + table.properties.index_bytes;
    }
    VARVE_ASSIGN_OR_RETURN(const BlockHandle handle, table.child(entry.value, offset));
    if (level == 1) return handle.offset;
    VARVE_ASSIGN_OR_RETURN(pin, table.fetcher.fetch(handle, BlockKind::kIndex, CachePriority::kHigh));
    VARVE_ASSIGN_OR_RETURN(block, table.parse(pin.bytes(), handle.offset));
    offset = handle.offset;
  }
}

}  // namespace

Result<uint64_t> TableReader::approximate_bytes(Slice first, Slice last) const {
  VARVE_ASSIGN_OR_RETURN(const uint64_t begin, offset_of(*table_, first));
  VARVE_ASSIGN_OR_RETURN(const uint64_t end, offset_of(*table_, last));
  return end > begin ? end - begin : 0;
}

}  // namespace varve::lsm
