// Arbitrary bytes as an SSTable: open, verify, walk both ways, look up. The first byte chooses: 0 takes the
// rest as it is; anything else first makes magic numbers, sizes and checksums right wherever they can be
// found, so that what lies behind them is reached.
//
// Beyond not crashing, a table that verify() passes must keep its word: both walks see properties().entries
// entries in order, and get finds each of them.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"
#include "lsm/sstable/block.h"
#include "lsm/sstable/compression.h"
#include "lsm/sstable/format.h"
#include "lsm/sstable/table_properties.h"
#include "lsm/sstable/table_reader.h"
#include "tests/lsm/memory_file.h"

namespace varve::lsm {
namespace {

constexpr size_t kMaxInputBytes = 256 << 10;

class Repair {
 public:
  explicit Repair(std::string* file) : file_(file) {}

  void run() {
    file_->resize(std::max<size_t>(1, (file_->size() + kTableAlignment - 1) / kTableAlignment) *
                  kTableAlignment);
    put(0, Slice(kTableMagic, kTableMagicBytes));
    put_u32(8, kTableFormatVersion);
    put_u32(12, kTableAlignment);
    std::memset(file_->data() + 24, 0, 8);
    (*file_)[48] = 0;
    (*file_)[49] = 1;
    (*file_)[50] = (*file_)[51] = 0;
    std::memcpy(uuid_.bytes.data(), file_->data() + 32, uuid_.bytes.size());
    put_u64(kTableHeaderBytes - 8,
            block_checksum(uuid_, 0, BlockKind::kHeader, file_->substr(0, kTableHeaderBytes - 8)));

    footer_at_ = file_->size() - kTableFooterBytes;
    put_u64(footer_at_ + 48, file_->size());
    put_u64(footer_at_ + 56, 0);
    const Slice body = Slice(*file_).substr(footer_at_, 64);
    put_u64(footer_at_ + 64, block_checksum(uuid_, footer_at_, BlockKind::kFooter, body));
    put(footer_at_ + 72, Slice(kTableEndMagic, kTableMagicBytes));

    seal({u64(footer_at_), u64(footer_at_ + 8)}, BlockKind::kProperties);
    const BlockHandle properties_at{u64(footer_at_), u64(footer_at_ + 8)};
    uint32_t levels = 1;
    if (const auto bytes = payload(properties_at, kMaxPropertiesBytes); bytes.has_value()) {
      const auto properties = TableProperties::decode(*bytes);
      if (properties.ok()) {
        levels = std::min(properties->index_levels, kMaxIndexLevels);
        const uint64_t partitions = std::min<uint64_t>(properties->filter_partitions, file_->size());
        for (uint64_t i = 0; i < partitions; ++i) {
          const uint64_t each = uint64_t{properties->filter_partition_bytes} + kBlockTrailerBytes;
          seal({u64(footer_at_ + 32) + i * each, properties->filter_partition_bytes}, BlockKind::kFilter);
        }
      }
    }
    seal_index({u64(footer_at_ + 16), u64(footer_at_ + 24)}, levels);
  }

 private:
  uint64_t u64(uint64_t at) const { return load_little<uint64_t>(file_->data() + at); }
  void put(uint64_t at, Slice bytes) { std::memcpy(file_->data() + at, bytes.data(), bytes.size()); }
  void put_u32(uint64_t at, uint32_t value) { store_little(file_->data() + at, value); }
  void put_u64(uint64_t at, uint64_t value) { store_little(file_->data() + at, value); }

  bool inside(const BlockHandle& handle) const {
    return handle.offset >= kTableHeaderBytes && handle.offset <= footer_at_ &&
           handle.size_bytes <= footer_at_ && handle.end() <= footer_at_;
  }
  bool seal(const BlockHandle& handle, BlockKind kind) {
    // Once each: a block may be named by many entries.
    if (!inside(handle) || !sealed_.insert(handle.offset).second) return false;
    const Slice covered = Slice(*file_).substr(handle.offset, handle.size_bytes + 1);
    put_u64(handle.offset + handle.size_bytes + 1, block_checksum(uuid_, handle.offset, kind, covered));
    return true;
  }
  std::optional<std::string> payload(const BlockHandle& handle, uint64_t limit) const {
    if (!inside(handle)) return std::nullopt;
    const Slice stored = Slice(*file_).substr(handle.offset, handle.size_bytes);
    if ((*file_)[handle.offset + handle.size_bytes] == 0) return std::string(stored);
    const auto block = decompress_block(stored, limit);
    if (!block.ok()) return std::nullopt;
    return std::string(block->slice());
  }
  void seal_index(const BlockHandle& handle, uint32_t levels) {
    if (!seal(handle, BlockKind::kIndex)) return;
    const auto bytes = payload(handle, kMaxIndexBlockBytes);
    Block block;
    if (!bytes.has_value() || !block.parse(*bytes)) return;
    BlockIterator at;
    at.reset(block);
    for (at.seek_to_first(); at.valid(); at.next()) {
      BlockHandle child;
      if (!child.decode(at.value())) continue;
      if (levels > 1) {
        seal_index(child, levels - 1);
      } else {
        seal(child, BlockKind::kData);
      }
    }
  }

  std::string* file_;
  FileUuid uuid_;
  uint64_t footer_at_ = 0;
  std::set<uint64_t> sealed_;
};

uint64_t walk(const TableReader& table, bool forward, bool verified) {
  const auto at = table.iterate();
  std::string last;
  uint64_t seen = 0;
  for (forward ? at->seek_to_first() : at->seek_to_last(); at->valid(); forward ? at->next() : at->prev()) {
    if (verified && seen > 0) {
      const int order = compare_internal(last, at->key());
      CHECK(forward ? order < 0 : order > 0);
    }
    last.assign(at->key());
    fuzz::reached(hash64(last));
    ++seen;
  }
  CHECK(!verified || at->status().ok());
  return seen;
}

void exercise(const TableReader& table) {
  const bool verified = table.verify().ok();
  const uint64_t forward = walk(table, true, verified);
  const uint64_t backward = walk(table, false, verified);
  if (verified) CHECK(forward == table.properties().entries && backward == forward);

  const auto at = table.iterate();
  int probes = 0;
  for (at->seek_to_first(); at->valid() && probes < 64; at->next(), ++probes) {
    const std::string key(at->key());
    const auto found = table.get(LookupKey(user_key_of(key), sequence_of(key)));
    if (!verified) continue;
    CHECK(found.ok() && found->has_value());
    CHECK((*found)->sequence == sequence_of(key));
    const auto other = table.iterate();
    other->seek(key);
    CHECK(other->valid() && other->key() == key);
    other->seek_for_prev(key);
    CHECK(other->valid() && other->key() == key);
  }
  for (const Slice key : {Slice(""), Slice("a"), Slice("item/1"), Slice("\xff\xff")}) {
    (void)table.get(LookupKey(key, SequenceNumber(5)));
    (void)table.may_contain_prefix(key);
    (void)table.approximate_bytes(key, "z");
    TableIteratorOptions options;
    options.lower = key;
    options.upper = "q";
    options.readahead_bytes = 4096;
    const auto bounded = table.iterate(options);
    for (bounded->seek_to_first(); bounded->valid(); bounded->next()) {
    }
    bounded->seek_for_prev(make_seek_key("k", SequenceNumber(3)));
    for (int i = 0; i < 20 && bounded->valid(); ++i) bounded->prev();
  }
}

}  // namespace
}  // namespace varve::lsm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace varve::lsm;
  if (size < 1 || size > kMaxInputBytes) return 0;
  auto contents = std::make_shared<MemoryFile::Contents>();
  contents->bytes.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] != 0) Repair(&contents->bytes).run();
  BlockCache cache({1 << 20, 1024, 1});
  TableReaderOptions options;
  options.cache = data[0] % 2 == 0 ? &cache : nullptr;
  const auto table = TableReader::open(std::make_unique<MemoryFile>(contents), options);
  if (table.ok()) exercise(**table);
  return 0;
}
