#include "partition/catalog.h"

#include "base/check.h"
#include "base/coding.h"

namespace varve::partition {

namespace {
constexpr char kKeyspaceTag = 'k';
constexpr char kNextIdTag = 'n';
constexpr uint8_t kRecordVersion = 1;
}  // namespace

std::string KeyspaceRecord::encode_value() const {
  std::string value;
  ByteWriter writer(&value);
  writer.u8(kRecordVersion);
  writer.varint(first_tree.value);
  writer.string(name);
  return value;
}

Result<KeyspaceRecord> KeyspaceRecord::decode(KeyspaceId id, Slice value) {
  ByteReader reader(value);
  const uint8_t version = reader.u8();
  KeyspaceRecord record;
  record.id = id;
  record.first_tree = TreeId(reader.varint());
  record.name = std::string(reader.string());
  if (!reader.done() || version != kRecordVersion || record.first_tree.value == 0) {
    return Status::corruption("catalog: entry of keyspace " + std::to_string(id.value) + " is malformed");
  }
  return record;
}

std::string catalog_keyspace_key(KeyspaceId id) {
  std::string key(9, kKeyspaceTag);
  store_big64(key.data() + 1, id.value);
  return key;
}

std::string catalog_next_id_key() { return std::string(1, kNextIdTag); }

std::optional<KeyspaceId> parse_catalog_keyspace_key(Slice key) {
  if (key.size() != 9 || key[0] != kKeyspaceTag) return std::nullopt;
  return KeyspaceId(load_big64(key.data() + 1));
}

std::string encode_next_id(uint64_t next_id) {
  std::string value;
  ByteWriter(&value).u64(next_id);
  return value;
}

Result<uint64_t> decode_next_id(Slice value) {
  ByteReader reader(value);
  const uint64_t next_id = reader.u64();
  if (!reader.done() || next_id < kFirstFreeId)
    return Status::corruption("catalog: the id counter is malformed");
  return next_id;
}

KeyspaceTable::KeyspaceTable() : chunks_(std::make_unique<std::atomic<Chunk*>[]>(kMaxKeyspaces / kChunk)) {}

KeyspaceTable::~KeyspaceTable() {
  for (uint64_t c = 0; c < kMaxKeyspaces / kChunk; ++c) {
    Chunk* chunk = chunks_[c].load(std::memory_order_relaxed);
    if (chunk == nullptr) continue;
    for (auto& slot : chunk->slots) delete slot.load(std::memory_order_relaxed);
    delete chunk;
  }
}

KeyspaceState* KeyspaceTable::find_any(KeyspaceId id) const {
  if (id.value >= kMaxKeyspaces) return nullptr;
  const Chunk* chunk = chunks_[id.value / kChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : chunk->slots[id.value % kChunk].load(std::memory_order_acquire);
}

KeyspaceState* KeyspaceTable::find(KeyspaceId id) const {
  KeyspaceState* state = find_any(id);
  return state == nullptr || state->dropped.load(std::memory_order_acquire) ? nullptr : state;
}

Status KeyspaceTable::add(const KeyspaceRecord& record, lsm::Tree* tree) {
  if (record.id.value >= kMaxKeyspaces) {
    return Status::resource_exhausted("catalog: more than " + std::to_string(kMaxKeyspaces) + " keyspaces");
  }
  auto& slot = chunks_[record.id.value / kChunk];
  Chunk* chunk = slot.load(std::memory_order_acquire);
  if (chunk == nullptr) {
    chunk = new Chunk;
    slot.store(chunk, std::memory_order_release);
  }
  auto& entry = chunk->slots[record.id.value % kChunk];
  CHECK(entry.load(std::memory_order_relaxed) == nullptr);
  entry.store(new KeyspaceState{record, Router({{"", tree}}), false}, std::memory_order_release);
  return {};
}

std::vector<KeyspaceState*> KeyspaceTable::all() const {
  std::vector<KeyspaceState*> states;
  for (uint64_t c = 0; c < kMaxKeyspaces / kChunk; ++c) {
    const Chunk* chunk = chunks_[c].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    for (const auto& slot : chunk->slots) {
      KeyspaceState* state = slot.load(std::memory_order_acquire);
      if (state != nullptr && !state->dropped.load(std::memory_order_acquire)) states.push_back(state);
    }
  }
  return states;
}

}  // namespace varve::partition
