#include "partition/write_batch.h"

#include "base/check.h"
#include "base/coding.h"

namespace varve::partition {

namespace {
constexpr size_t kSequenceBytes = 8;
}  // namespace

void WriteBatch::append(KeyspaceId keyspace, Operation operation, Slice key, Slice value,
                        bool sequence_after_key) {
  CHECK(keyspace.value != 0);
  ByteWriter writer(&payload_);
  writer.u8(static_cast<uint8_t>(operation));
  writer.varint(keyspace.value);
  writer.varint(key.size() + (sequence_after_key ? kSequenceBytes : 0));
  writer.bytes(key);
  if (sequence_after_key) {
    slots_.push_back(static_cast<uint32_t>(payload_.size()));
    payload_.append(kSequenceBytes, '\0');
  }
  if (operation == Operation::kPut) writer.string(value);
  ++count_;
}

void WriteBatch::put(KeyspaceId keyspace, Slice key, Slice value) {
  append(keyspace, Operation::kPut, key, value, false);
}

void WriteBatch::remove(KeyspaceId keyspace, Slice key) {
  append(keyspace, Operation::kDelete, key, {}, false);
}

void WriteBatch::put_at_sequence(KeyspaceId keyspace, Slice prefix, Slice value) {
  append(keyspace, Operation::kPut, prefix, value, true);
}

void WriteBatch::clear() {
  payload_.clear();
  slots_.clear();
  count_ = 0;
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
