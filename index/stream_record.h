// The entries of a change stream: one for each item that a commit changed, in the order of commits.
//
// A stream's keyspaces hold stamped entries (partition/write_batch.h): the key is the commit's sequence number and the
// entry's ordinal in the commit, the value the commit's time and the change itself. Bytes: index/FORMAT.md, "Stream entry".
//
// What a client of the protocol calls the sequence number of a record is its StreamPosition as 26 decimal digits, in the order of
// the positions both as numbers and as text.
//
// Errors: decoding answers kCorruption. Threads: free functions; share nothing.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::index {

struct StreamPosition {
  static constexpr uint32_t kMaxOrdinal = 99'999;  // what the decimal form has room for
  SequenceNumber sequence;
  uint32_t ordinal = 0;

  // The least position after this one.
  StreamPosition next() const;
  auto operator<=>(const StreamPosition&) const = default;
};

std::string encode_stream_key(StreamPosition position);
Result<StreamPosition> decode_stream_key(Slice key);

// "1", 20 digits of the sequence number, 5 of the ordinal.
std::string sequence_number_text(StreamPosition position);
// nullopt for anything that sequence_number_text would not have written.
std::optional<StreamPosition> parse_sequence_number(Slice text);

enum class StreamEvent : uint8_t { kInsert = 1, kModify = 2, kRemove = 3 };

// Which images of an item a stream keeps beside its key. Bit 0: the new one, bit 1: the old one.
enum class StreamViewType : uint8_t { kKeysOnly = 0, kNewImage = 1, kOldImage = 2, kNewAndOldImages = 3 };
inline bool keeps_new_image(StreamViewType view) { return (static_cast<uint8_t>(view) & 1) != 0; }
inline bool keeps_old_image(StreamViewType view) { return (static_cast<uint8_t>(view) & 2) != 0; }

// A change as an entry holds it. Slices are borrowed; an image that is not kept, or not there, is empty.
struct StreamChange {
  StreamEvent event = StreamEvent::kInsert;
  bool by_service = false;  // an expired item's removal
  Slice tree_key;           // of the item, index/key_codec.h
  Slice new_image;          // encoded items
  Slice old_image;
};

// What WriteBatch::put_stamped takes.
std::string encode_stream_change(const StreamChange& change);

struct StreamRecord {
  StreamPosition position;
  uint64_t commit_time_us = 0;
  StreamChange change;  // borrows the value
};
Result<StreamRecord> decode_stream_record(Slice key, Slice value);

}  // namespace varve::index
