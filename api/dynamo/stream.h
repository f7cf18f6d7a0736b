// Stream: a table's change stream, immutable, and its bytes in the catalog of streams (FORMAT.md beside this file).
//
// A stream is cut into shards, each the child of the one before: a shard is the range of commits after its parent's end up to its own.
// Every shard brings a keyspace, its segment, into which writers put records from then on. A writer that looked its table up
// before the roll still writes into the older segment, so records of a shard lie in its own segment and perhaps, a few, in earlier
// ones: whoever reads a shard merges these by position. The range alone says to which shard a record belongs.
//
// Invariants
//   I1 Shards are numbered from 0 without gaps; those trimmed away are missing at the front.
//   I2 shards[i].through == shards[i + 1].after. Only the last may be open; a stream is enabled while it is.
//
// Threads: const after construction, shared by all readers of the moment. A change of the stream makes a new Stream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/dynamo/error.h"
#include "api/dynamo/stream_requests.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::api::dynamo {

struct Shard {
  uint64_t number = 0;
  SequenceNumber after;  // the end of its parent
  uint64_t created_us = 0;
  std::optional<SequenceNumber> through;  // the last commit in it, once it is closed
  uint64_t closed_us = 0;
  KeyspaceId segment;  // found by its name, not stored
};

struct Stream {
  std::string table;
  std::string table_id;
  std::string label;  // tells the streams of one table name apart; they sort by age
  uint64_t created_us = 0;
  StreamViewType view_type = StreamViewType::kKeysOnly;
  index::KeySchema key_schema;
  std::vector<Shard> shards;

  bool enabled() const { return !shards.empty() && !shards.back().through; }
  // nullptr when it is trimmed away or was never there.
  const Shard* find_shard(uint64_t number) const;
};
using StreamRef = std::shared_ptr<const Stream>;

std::string encode_stream(const Stream& stream);
// kCorruption for anything that encode_stream would not have written. The segments are left 0.
Result<Stream> decode_stream(Slice encoded);

// Its key among the streams: the table's streams lie together, oldest first.
std::string stream_key(Slice table, Slice label);
// The keyspace of a shard's segment: "stream/<table id>/<label>/<shard number>".
inline constexpr Slice kSegmentPrefix = "stream/";
std::string segment_name(Slice table_id, Slice label, uint64_t shard);

// "2026-01-31T12:34:56.789".
std::string stream_label(uint64_t created_us);
std::string stream_arn(Slice table, Slice label);
// "shardId-", 20 digits of the number, "-" and 8 hexadecimal digits of the stream.
std::string shard_id(const Stream& stream, uint64_t number);
// The length of a member that is to be one: 28 to 65 characters.
Failure check_shard_id(Slice id, Slice path);
// nullopt for what shard_id would not have written for the stream.
std::optional<uint64_t> parse_shard_id(const Stream& stream, Slice id);

struct StreamArn {
  Slice table;
  Slice label;
};
// Checks an ARN; it borrows from the text. path: of the member, as messages write it.
Outcome<StreamArn> parse_stream_arn(Slice arn, Slice path);
Error stream_not_found(Slice arn);

}  // namespace varve::api::dynamo
