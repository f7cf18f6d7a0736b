// Streams: all change streams of a store: which there are, where their shards begin and end, when they go.
//
// Durable in the keyspace "streams" (stream_key -> encode_stream), always written in one commit with the entry of the table whose
// stream begins, rolls or ends; and in memory. A shard's records lie in segments (stream.h).
//
// A shard ends at a boundary, a sequence number up to which everything is visible. From the moment it is chosen, before the commit
// that makes it durable, no reader is shown more of the shard: so no record is told once in a shard and again in its child. A
// boundary that a crash forgets has been told to nobody.
//
// Trimming drops whole segments whose newest record is older than the retention, with their shards at the front of a stream; a
// disabled stream that has no shards left is gone. Records that are too old in a segment that is not are skipped by readers.
//
// Invariants
//   I1 A stream in the catalog has the segments of its shards.
//   I2 A record that a reader may be shown is visible, and within the range of the shard it is told in.
//
// Threads: any; a Change serializes itself against others and blocks on the log. Ownership: borrows the store.
// Errors: kCorruption when an entry is damaged or a segment missing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/stream.h"
#include "api/dynamo/table.h"
#include "base/io/mutex.h"
#include "partition/store.h"

namespace varve::api::dynamo {

class Catalog;

class Streams {
 public:
  // Drops segments that no stream names: what a crash between making one and naming it leaves.
  static Result<std::unique_ptr<Streams>> open(partition::Store* store, const StreamOptions& options);

  // What a reader may be shown of a stream now: records up to `through` (in an open shard, or in a closed one up to its own end).
  struct View {
    StreamRef stream;
    SequenceNumber through;
  };
  // nullopt when there is no such stream.
  std::optional<View> view(Slice table, Slice label) const;
  // In the order of their keys after `after`, of one table or (empty) of all, at most `limit`; *more says whether there are further ones.
  std::vector<StreamRef> list(Slice table, Slice after, size_t limit, bool* more) const;

  // One change of a table's stream: made first, used inside a change of the table in the catalog, whose commit carries it, and
  // published when that has succeeded. While it lives no other change of any stream is made.
  class VARVE_SCOPED_CAPABILITY Change {
   public:
    explicit Change(Streams* streams) VARVE_ACQUIRE(streams->change_mutex_);
    ~Change() VARVE_RELEASE();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    // Gives the table a new stream.
    Failure begin(StreamViewType view_type, Table* table, partition::WriteBatch* batch);
    // Closes the last shard of the table's stream, if it has one; *table no longer names it.
    Failure end(Table* table, partition::WriteBatch* batch);
    // Closes the last shard and begins its child.
    Failure roll(Table* table, partition::WriteBatch* batch);
    void publish();

   private:
    Outcome<std::shared_ptr<Stream>> copy_of(const Table& table) const;
    void store(std::shared_ptr<Stream> next, partition::WriteBatch* batch);
    Streams* const streams_;
    StreamRef next_;
  };

  // Rolls the shards that hold records and are older than StreamOptions::shard_us.
  Status roll_old(Catalog* catalog);
  // Removes the segments that are older than StreamOptions::retention_us.
  Status trim();
  bool empty() const;
  uint64_t retention_us() const { return options_.retention_us; }

 private:
  using Map = std::map<std::string, StreamRef, std::less<>>;
  Streams(partition::Store* store, KeyspaceId entries, const StreamOptions& options)
      : store_(store), entries_(entries), options_(options) {}
  Status load();
  StreamRef find(Slice key) const;
  std::vector<StreamRef> all() const;
  // The boundary at which the stream's open shard ends: fixed until publish.
  SequenceNumber fix_boundary(const std::string& key);
  void publish(const StreamRef& stream);
  Status trim_stream(const Stream& stream, uint64_t older_than_us) VARVE_REQUIRES(change_mutex_);
  Result<bool> is_old(const Shard& shard, uint64_t older_than_us) const;
  Result<bool> has_records(const Stream& stream, const Shard& shard) const;

  partition::Store* const store_;
  const KeyspaceId entries_;
  const StreamOptions options_;

  io::Mutex change_mutex_;   // before the catalog's
  mutable io::Mutex mutex_;  // short: no I/O under it
  Map streams_ VARVE_GUARDED_BY(mutex_);
  std::map<std::string, SequenceNumber, std::less<>> boundaries_ VARVE_GUARDED_BY(mutex_);
};

}  // namespace varve::api::dynamo
