#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "lsm/filter/filter_partitions.h"
#include "lsm/sstable/open_table.h"

namespace varve::lsm {

namespace {

// Walks a whole table past the cache, counting for itself everything that the table claims.
class TableVerifier {
 public:
  explicit TableVerifier(const OpenTable& table) : table_(table) {}

  Status run() {
    VARVE_RETURN_IF_ERROR(load_filter());
    extents_.emplace_back(table_.footer.index_root.offset, table_.footer.index_root.end());
    extents_.emplace_back(table_.footer.properties.offset, table_.footer.properties.end());
    counted_.index_bytes = table_.footer.index_root.size_bytes + kBlockTrailerBytes;
    VARVE_RETURN_IF_ERROR(
        visit_index(table_.root, table_.footer.index_root.offset, table_.properties.index_levels, {}));
    VARVE_RETURN_IF_ERROR(check_properties());
    return check_every_byte();
  }

 private:
  Status corruption(uint64_t offset, std::string_view what) const {
    return table_.fetcher.corruption(offset, what);
  }

  Status load_filter();
  // `separator`: the key of the entry that led here; empty at the root, whose last key nothing repeats.
  Status visit_index(const Block& block, uint64_t offset, uint32_t level, const std::string& separator);
  Status visit_data(const BlockHandle& handle, Slice separator);
  Status visit_entry(Slice key, Slice value, uint64_t offset);
  Status check_properties() const;
  Status check_every_byte();

  const OpenTable& table_;
  std::vector<BlockBuffer> filter_;
  std::vector<std::pair<uint64_t, uint64_t>> extents_;  // begin, end of every block seen
  TableProperties counted_;
  uint64_t user_keys_ = 0;
  std::string last_key_;
  std::string last_separator_;
  uint64_t last_data_offset_ = 0;
};

Status TableVerifier::load_filter() {
  for (uint32_t i = 0; table_.footer.filter_bytes != 0 && i < table_.properties.filter_partitions; ++i) {
    const BlockHandle handle = table_.filter_partition(i);
    VARVE_ASSIGN_OR_RETURN(BlockBuffer partition, table_.fetcher.read(handle, BlockKind::kFilter));
    if (partition.size() != table_.properties.filter_partition_bytes) {
      return corruption(handle.offset, "filter partition of another size");
    }
    filter_.push_back(std::move(partition));
    extents_.emplace_back(handle.offset, handle.end());
  }
  return {};
}

Status TableVerifier::visit_index(const Block& block, uint64_t offset, uint32_t level,
                                  const std::string& separator) {
  if (!block.well_formed()) return corruption(offset, "malformed index block");
  BlockIterator at;
  at.reset(block);
  std::string key;
  for (at.seek_to_first(); at.valid(); at.next()) {
    VARVE_ASSIGN_OR_RETURN(const BlockHandle handle, table_.child(at.value(), offset));
    if (level == 1) {
      if (!last_separator_.empty() && compare_internal(last_separator_, at.key()) >= 0) {
        return corruption(offset, "separators out of order");
      }
      VARVE_RETURN_IF_ERROR(visit_data(handle, at.key()));
      last_separator_.assign(at.key());
    } else {
      key.assign(at.key());
      VARVE_ASSIGN_OR_RETURN(const BlockBuffer bytes, table_.fetcher.read(handle, BlockKind::kIndex));
      VARVE_ASSIGN_OR_RETURN(const Block child, table_.parse(bytes.slice(), handle.offset));
      extents_.emplace_back(handle.offset, handle.end());
      counted_.index_bytes += handle.size_bytes + kBlockTrailerBytes;
      const uint64_t before = counted_.entries;
      VARVE_RETURN_IF_ERROR(visit_index(child, handle.offset, level - 1, key));
      if (counted_.entries == before) return corruption(handle.offset, "empty index block");
    }
  }
  if (at.corrupt()) return corruption(offset, "malformed index block");
  if (!separator.empty() && last_separator_ != separator) {
    return corruption(offset, "index block does not end with its separator");
  }
  return {};
}

Status TableVerifier::visit_data(const BlockHandle& handle, Slice separator) {
  if (handle.offset <= last_data_offset_) return corruption(handle.offset, "data blocks out of order");
  last_data_offset_ = handle.offset;
  VARVE_ASSIGN_OR_RETURN(const BlockBuffer bytes, table_.fetcher.read(handle, BlockKind::kData));
  VARVE_ASSIGN_OR_RETURN(const Block block, table_.parse(bytes.slice(), handle.offset));
  extents_.emplace_back(handle.offset, handle.end());
  ++counted_.data_blocks;
  counted_.data_bytes += handle.size_bytes + kBlockTrailerBytes;

  if (!block.well_formed()) return corruption(handle.offset, "malformed data block");
  BlockIterator at;
  at.reset(block);
  bool first = true;
  for (at.seek_to_first(); at.valid(); at.next(), first = false) {
    if (first && !last_separator_.empty() && compare_internal(at.key(), last_separator_) <= 0) {
      return corruption(handle.offset, "key at or below the separator before its block");
    }
    VARVE_RETURN_IF_ERROR(visit_entry(at.key(), at.value(), handle.offset));
  }
  if (at.corrupt()) return corruption(handle.offset, "malformed data block");
  if (first) return corruption(handle.offset, "empty data block");
  if (compare_internal(last_key_, separator) > 0) {
    return corruption(handle.offset, "key above the separator of its block");
  }
  return {};
}

Status TableVerifier::visit_entry(Slice key, Slice value, uint64_t offset) {
  const auto parsed = parse_internal_key(key);
  if (!parsed.has_value()) return corruption(offset, "entry of unknown kind");
  if (!last_key_.empty() && compare_internal(last_key_, key) >= 0)
    return corruption(offset, "keys out of order");
  TableProperties& p = counted_;
  if (p.entries == 0) {
    p.smallest = key;
    p.min_sequence = p.max_sequence = parsed->sequence;
  }
  ++p.entries;
  p.min_sequence = std::min(p.min_sequence, parsed->sequence);
  p.max_sequence = std::max(p.max_sequence, parsed->sequence);
  p.raw_key_bytes += key.size();
  p.raw_value_bytes += value.size();
  if (parsed->kind == ValueKind::kDelete) {
    p.oldest_tombstone =
        p.tombstones == 0 ? parsed->sequence : std::min(p.oldest_tombstone, parsed->sequence);
    ++p.tombstones;
  }
  if (last_key_.empty() || user_key_of(last_key_) != parsed->user_key) {
    ++user_keys_;
    const uint64_t hash = hash64(parsed->user_key);
    if (table_.filter != nullptr &&
        !table_.filter->may_contain(
            filter_[filter_partition_of(hash, table_.properties.filter_partitions)].slice(), hash)) {
      return corruption(offset, "the filter denies a key that is there");
    }
  }
  last_key_.assign(key);
  return {};
}

Status TableVerifier::check_properties() const {
  const TableProperties& stated = table_.properties;
  const uint64_t filter_keys = stated.filter_policy == 0 ? 0 : user_keys_ + stated.filter_prefixes;
  const struct {
    const char* name;
    uint64_t expected;
    uint64_t got;
  } numbers[] = {
      {"entries", stated.entries, counted_.entries},
      {"tombstones", stated.tombstones, counted_.tombstones},
      {"oldest tombstone", stated.oldest_tombstone.value, counted_.oldest_tombstone.value},
      {"min sequence", stated.min_sequence.value, counted_.min_sequence.value},
      {"max sequence", stated.max_sequence.value, counted_.max_sequence.value},
      {"raw key bytes", stated.raw_key_bytes, counted_.raw_key_bytes},
      {"raw value bytes", stated.raw_value_bytes, counted_.raw_value_bytes},
      {"data blocks", stated.data_blocks, counted_.data_blocks},
      {"data bytes", stated.data_bytes, counted_.data_bytes},
      {"index bytes", stated.index_bytes, counted_.index_bytes},
      {"filter keys", stated.filter_keys, filter_keys},
  };
  for (const auto& number : numbers) {
    if (number.expected != number.got) {
      return corruption(table_.footer.properties.offset, std::string("property ") + number.name +
                                                             ", expected " + std::to_string(number.expected) +
                                                             ", got " + std::to_string(number.got));
    }
  }
  if (stated.smallest != counted_.smallest || stated.largest != last_key_) {
    return corruption(table_.footer.properties.offset, "properties name other bounds than the content has");
  }
  return {};
}

// Blocks tile the file from the header on, and only zeros lie between the last of them and the footer: no
// byte is outside somebody's checksum or known.
Status TableVerifier::check_every_byte() {
  std::sort(extents_.begin(), extents_.end());
  uint64_t at = kTableHeaderBytes;
  for (const auto& [begin, end] : extents_) {
    if (begin != at) return corruption(at, "bytes between blocks, or blocks that overlap");
    at = end;
  }
  const uint64_t footer_at = table_.footer.file_size_bytes - kTableFooterBytes;
  if (footer_at - at >= kTableAlignment) return corruption(at, "bytes between the last block and the footer");
  ReadWindow padding;
  VARVE_RETURN_IF_ERROR(table_.fetcher.read_window(at, footer_at - at, &padding));
  const Slice zeros = padding.at(at, footer_at - at);
  const size_t damaged = zeros.find_first_not_of('\0');
  if (damaged != Slice::npos) return corruption(at + damaged, "padding is not zero");
  return {};
}

Status check_file_checksum(const OpenTable& table, uint64_t expected) {
  constexpr size_t kPiece = 256 << 10;
  Hasher hasher;
  ReadWindow piece;
  const uint64_t size = table.footer.file_size_bytes;
  for (uint64_t at = 0; at < size; at += kPiece) {
    const size_t count = std::min<uint64_t>(kPiece, size - at);
    VARVE_RETURN_IF_ERROR(table.fetcher.read_window(at, count, &piece));
    hasher.update(piece.at(at, count));
  }
  if (hasher.digest() == expected) return {};
  return table.fetcher.corruption(0, "whole-file checksum, expected " + std::to_string(expected) + ", got " +
                                         std::to_string(hasher.digest()));
}

}  // namespace

Status verify_table(const OpenTable& table, std::optional<uint64_t> file_checksum) {
  VARVE_RETURN_IF_ERROR(TableVerifier(table).run());
  return file_checksum.has_value() ? check_file_checksum(table, *file_checksum) : Status();
}

}  // namespace varve::lsm
