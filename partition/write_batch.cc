#include "partition/write_batch.h"

#include "base/check.h"
#include "base/coding.h"

namespace varve::partition {

namespace {
constexpr size_t kSlotBytes = 8;
constexpr size_t kOrdinalBytes = 4;
}  // namespace

void WriteBatch::begin(KeyspaceId keyspace, Operation operation) {
  CHECK(keyspace.value != 0);
  ByteWriter writer(&payload_);
  writer.u8(static_cast<uint8_t>(operation));
  writer.varint(keyspace.value);
  ++count_;
}

void WriteBatch::add_slot(wal::Slot::Kind kind) {
  slots_.push_back({static_cast<uint32_t>(payload_.size()), kind});
  payload_.append(kSlotBytes, '\0');
}

void WriteBatch::put(KeyspaceId keyspace, Slice key, Slice value) {
  // One allocation for the first entry, whatever its size; from there the string doubles.
  payload_.reserve(payload_.size() + 2 * kMaxVarint64Bytes + 8 + key.size() + value.size());
  begin(keyspace, Operation::kPut);
  ByteWriter writer(&payload_);
  writer.string(key);
  writer.string(value);
}

void WriteBatch::remove(KeyspaceId keyspace, Slice key) {
  begin(keyspace, Operation::kDelete);
  ByteWriter(&payload_).string(key);
}

void WriteBatch::put_at_sequence(KeyspaceId keyspace, Slice prefix, Slice value) {
  begin(keyspace, Operation::kPut);
  ByteWriter writer(&payload_);
  writer.varint(prefix.size() + kSlotBytes);
  writer.bytes(prefix);
  add_slot(wal::Slot::Kind::kSequence);
  writer.string(value);
}

void WriteBatch::put_stamped(KeyspaceId keyspace, Slice value) {
  begin(keyspace, Operation::kPut);
  ByteWriter writer(&payload_);
  writer.varint(kSlotBytes + kOrdinalBytes);
  add_slot(wal::Slot::Kind::kSequence);
  char ordinal[kOrdinalBytes];
  store_big32(ordinal, stamped_++);
  writer.bytes(Slice(ordinal, sizeof(ordinal)));
  writer.varint(kSlotBytes + value.size());
  add_slot(wal::Slot::Kind::kCommitTime);
  writer.bytes(value);
}

void WriteBatch::clear() {
  payload_.clear();
  slots_.clear();
  flags_.clear();
  count_ = 0;
  stamped_ = 0;
}

Status WriteBatch::parse_entry(Slice* rest, Entry* entry) {
  ByteReader reader(*rest);
  const uint8_t operation = reader.u8();
  entry->keyspace = KeyspaceId(reader.varint());
  entry->key = reader.string();
  entry->value = {};
  if (operation == static_cast<uint8_t>(Operation::kPut)) {
    entry->value = reader.string();
  } else if (operation != static_cast<uint8_t>(Operation::kDelete)) {
    return Status::corruption("commit record: unknown operation " + std::to_string(operation));
  }
  if (reader.failed()) return Status::corruption("commit record: entry is cut short");
  if (entry->keyspace.value == 0) return Status::corruption("commit record: keyspace 0");
  if (entry->key.size() > kMaxKeyBytes || entry->value.size() > kMaxValueBytes) {
    return Status::corruption("commit record: key or value is over its limit");
  }
  entry->operation = static_cast<Operation>(operation);
  rest->remove_prefix(reader.offset());
  return {};
}

}  // namespace varve::partition
