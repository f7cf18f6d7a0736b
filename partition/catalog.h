// Catalog: which keyspaces exist. It is itself a keyspace (kCatalogKeyspace, tree kCatalogTree), written through the log like
// any other, so that creating a keyspace and writing into it replay in order. This file holds the encoding and the
// in-memory table of keyspaces; partition/store.cc commits the changes.
//
// Bytes: partition/FORMAT.md, "Catalog".
//
// Invariants
//   I1 Ids of keyspaces and trees come from one counter, kept in the catalog, and are never reused: a log record of an id below the
//      counter with no catalog entry belongs to a dropped keyspace.
//   I2 A KeyspaceState, once published, lives until the table is destroyed; readers hold no lock and no count.
//
// Threads: find() from any thread, without a lock; changes under the store's catalog mutex.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "lsm/tree.h"
#include "partition/router.h"
#include "partition/write_batch.h"

namespace varve::partition {

inline constexpr KeyspaceId kCatalogKeyspace{1};
inline constexpr TreeId kCatalogTree{1};
inline constexpr uint64_t kFirstFreeId = 16;  // ids below are the system's own
inline constexpr size_t kMaxKeyspaceNameBytes = 1024;

// What the catalog says of one keyspace.
struct KeyspaceRecord {
  KeyspaceId id;
  std::string name;
  TreeId first_tree;  // of the partition that covers everything, before any split

  std::string encode_value() const;
  static Result<KeyspaceRecord> decode(KeyspaceId id, Slice value);
};

// Catalog keys: a keyspace's entry, and the counter of ids.
std::string catalog_keyspace_key(KeyspaceId id);
std::string catalog_next_id_key();
// The id of a keyspace entry's key; nullopt for other keys.
std::optional<KeyspaceId> parse_catalog_keyspace_key(Slice key);
std::string encode_next_id(uint64_t next_id);
Result<uint64_t> decode_next_id(Slice value);

struct KeyspaceState {
  KeyspaceRecord record;
  Router router;
  std::atomic<bool> dropped{false};
};

class KeyspaceTable {
 public:
  static constexpr uint64_t kMaxKeyspaces = 1u << 22;

  KeyspaceTable();
  ~KeyspaceTable();

  // Null when the keyspace does not exist or was dropped. Lock-free.
  KeyspaceState* find(KeyspaceId id) const;
  // The state, dropped or not.
  KeyspaceState* find_any(KeyspaceId id) const;
  // kResourceExhausted past kMaxKeyspaces.
  Status add(const KeyspaceRecord& record, lsm::Tree* tree);
  std::vector<KeyspaceState*> all() const;  // not dropped ones, by id

 private:
  static constexpr uint64_t kChunk = 1024;
  struct Chunk {
    std::atomic<KeyspaceState*> slots[kChunk] = {};
  };
  // find() loads with acquire, add() stores with release.
  std::unique_ptr<std::atomic<Chunk*>[]> chunks_;
};

}  // namespace varve::partition
