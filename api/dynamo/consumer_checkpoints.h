// ConsumerCheckpoints: how far the named consumers of change streams have come, durable in the keyspace "consumers" (FORMAT.md).
//
// They lie in the store, not in a file beside it, because the log then orders them after the changes that they speak of: whatever a
// crash takes, no checkpoint is left that is ahead of the table (decision 0040).
//
// Threads: any. Ownership: borrows the store. Errors: kCorruption for an entry that save has not written.
#pragma once

#include <optional>
#include <string>

#include "partition/store.h"

namespace varve::api::dynamo {

class ConsumerCheckpoints {
 public:
  static Result<ConsumerCheckpoints> open(partition::Store* store);

  // A position of a ChangeReader; nullopt when there is none under these names.
  Result<std::optional<std::string>> find(Slice table, Slice consumer) const;
  // Replaces the one before, in one commit.
  Status save(Slice table, Slice consumer, Slice position);
  Status remove(Slice table, Slice consumer);

 private:
  ConsumerCheckpoints(partition::Store* store, KeyspaceId entries) : store_(store), entries_(entries) {}
  partition::Store* store_;
  KeyspaceId entries_;
};

std::string checkpoint_key(Slice table, Slice consumer);
std::string encode_checkpoint(Slice position);
Result<std::string> decode_checkpoint(Slice encoded);

}  // namespace varve::api::dynamo
