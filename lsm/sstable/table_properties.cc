#include "lsm/sstable/table_properties.h"

#include "base/coding.h"
#include "lsm/internal_key.h"

namespace varve::lsm {

namespace {

// Stored on disk; never renumbered.
enum Tag : uint64_t {
  kEntries = 1,
  kTombstones = 2,
  kOldestTombstone = 3,
  kMinSequence = 4,
  kMaxSequenceTag = 5,
  kRawKeyBytes = 6,
  kRawValueBytes = 7,
  kDataBlocks = 8,
  kDataBytes = 9,
  kIndexBytes = 10,
  kIndexLevels = 11,
  kFilterKeys = 12,
  kFilterPrefixes = 13,
  kFilterPartitions = 14,
  kFilterPartitionBytes = 15,
  kFilterPolicy = 16,
  kSmallest = 32,
  kLargest = 33,
};

// One table of the numbers, so that encode and decode cannot disagree. visit(tag, field) for each.
template <typename Properties, typename Visit>
void for_each_number(Properties& p, Visit visit) {
  visit(kEntries, p.entries);
  visit(kTombstones, p.tombstones);
  visit(kOldestTombstone, p.oldest_tombstone.value);
  visit(kMinSequence, p.min_sequence.value);
  visit(kMaxSequenceTag, p.max_sequence.value);
  visit(kRawKeyBytes, p.raw_key_bytes);
  visit(kRawValueBytes, p.raw_value_bytes);
  visit(kDataBlocks, p.data_blocks);
  visit(kDataBytes, p.data_bytes);
  visit(kIndexBytes, p.index_bytes);
  visit(kIndexLevels, p.index_levels);
  visit(kFilterKeys, p.filter_keys);
  visit(kFilterPrefixes, p.filter_prefixes);
  visit(kFilterPartitions, p.filter_partitions);
  visit(kFilterPartitionBytes, p.filter_partition_bytes);
  visit(kFilterPolicy, p.filter_policy);
}

}  // namespace

std::string TableProperties::encode() const {
  std::string out;
  ByteWriter writer(&out);
  for_each_number(*this, [&](Tag tag, auto value) {
    char number[kMaxVarint64Bytes];
    const char* end = store_varint64(number, value);
    writer.varint(tag);
    writer.string(Slice(number, static_cast<size_t>(end - number)));
  });
  writer.varint(kSmallest);
  writer.string(smallest);
  writer.varint(kLargest);
  writer.string(largest);
  return out;
}

Result<TableProperties> TableProperties::decode(Slice bytes) {
  TableProperties properties;
  ByteReader reader(bytes);
  bool in_range = true;
  while (reader.remaining() > 0 && !reader.failed()) {
    const uint64_t tag = reader.varint();
    const Slice field = reader.string();
    if (tag == kSmallest) properties.smallest = field;
    if (tag == kLargest) properties.largest = field;
    for_each_number(properties, [&](Tag known, auto& value) {
      if (tag != known) return;
      ByteReader number(field);
      const uint64_t n = number.varint();
      value = static_cast<std::remove_reference_t<decltype(value)>>(n);
      in_range = in_range && number.done() && value == n;
    });
  }
  if (!reader.done() || !in_range) return Status::corruption("malformed table properties");
  const bool has_entries = properties.entries != 0;
  for (const std::string* key : {&properties.smallest, &properties.largest}) {
    if (has_entries ? !parse_internal_key(*key).has_value() : !key->empty()) {
      return Status::corruption("table properties: bounds are no internal keys");
    }
  }
  return properties;
}

}  // namespace varve::lsm
