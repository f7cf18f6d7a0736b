#include "api/dynamo/consumer_checkpoints.h"

#include "base/coding.h"

namespace varve::api::dynamo {
namespace {

constexpr char kEntriesKeyspace[] = "consumers";
constexpr uint8_t kVersion = 1;

}  // namespace

// Table names hold no 0 byte.
std::string checkpoint_key(Slice table, Slice consumer) {
  return std::string(table).append(1, '\0').append(consumer);
}

std::string encode_checkpoint(Slice position) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.u8(kVersion);
  out.string(position);
  return bytes;
}

Result<std::string> decode_checkpoint(Slice encoded) {
  ByteReader in(encoded);
  const uint8_t version = in.u8();
  std::string position(in.string());
  if (version != kVersion || !in.done()) {
    return Status::corruption(kEntriesKeyspace, in.offset(), "checkpoint entry");
  }
  return position;
}

Result<ConsumerCheckpoints> ConsumerCheckpoints::open(partition::Store* store) {
  std::optional<KeyspaceId> entries = store->find_keyspace(kEntriesKeyspace);
  if (!entries) {
    const auto created = store->create_keyspace(kEntriesKeyspace);
    // Another consumer may have been faster.
    entries = created.ok() ? *created : store->find_keyspace(kEntriesKeyspace);
    if (!entries) return created.status();
  }
  return ConsumerCheckpoints(store, *entries);
}

Result<std::optional<std::string>> ConsumerCheckpoints::find(Slice table, Slice consumer) const {
  partition::PinnedValue value;
  VARVE_ASSIGN_OR_RETURN(const lsm::Lookup found, store_->get(entries_, checkpoint_key(table, consumer),
                                                              partition::ReadPoint::visible(), &value));
  if (!found.found) return std::optional<std::string>();
  VARVE_ASSIGN_OR_RETURN(std::string position, decode_checkpoint(value.slice()));
  return std::optional<std::string>(std::move(position));
}

Status ConsumerCheckpoints::save(Slice table, Slice consumer, Slice position) {
  partition::WriteBatch batch;
  batch.put(entries_, checkpoint_key(table, consumer), encode_checkpoint(position));
  return store_->write(&batch).status();
}

Status ConsumerCheckpoints::remove(Slice table, Slice consumer) {
  partition::WriteBatch batch;
  batch.remove(entries_, checkpoint_key(table, consumer));
  return store_->write(&batch).status();
}

}  // namespace varve::api::dynamo
