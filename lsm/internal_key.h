// Internal keys: what the tree orders. A user key is any byte string; an internal key is
//
//   user key bytes | trailer, 8 bytes little-endian: sequence << 8 | kind
//
// so that many versions of one user key can live beside each other.
//
//   I1 Order: user key ascending (unsigned bytes, a prefix before its extensions), then sequence DESCENDING,
//   then kind
//      descending. The newest version of a user key comes first, and seeking to (key, snapshot, kSeekKind)
//      lands on the newest version that the snapshot may see.
//   I2 One commit has one sequence number, and writes a user key at most once in one tree: no two entries of
//   a tree
//      have the same internal key up to the kind.
//   I3 Internal keys are NOT ordered as plain bytes ("a" + trailer against "ab" + trailer): only by
//   compare_internal.
//
// The layout is LevelDB's; the trailer's kinds are ours. Functions here are pure and inline: they are the
// innermost loop of every read. Threads: none of their business.
#pragma once

#include <cstring>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/slice.h"

namespace varve::lsm {

// The low byte of the trailer. Stored on disk: values are never renumbered. Others are refused as corruption.
enum class ValueKind : uint8_t {
  kDelete = 0,        // a tombstone: the user key has no value from this sequence on
  kPut = 1,           // the value is the entry's value
  kRangeDelete = 2,   // reserved: deletes [user key, value)
  kValuePointer = 3,  // reserved: the entry's value says where the value lies
};
inline constexpr size_t kTrailerBytes = 8;
// The largest user key. DynamoDB's worst case, escaped, is about 6 KiB; a plain key-value user gets this
// much.
inline constexpr size_t kMaxUserKeyBytes = 65535;
// Sorts before every kind at the same sequence; exists only in seek targets, never in a file.
inline constexpr uint8_t kSeekKind = 0xff;

// True for the kinds that this version writes and reads.
constexpr bool is_known_kind(uint8_t kind) { return kind <= static_cast<uint8_t>(ValueKind::kPut); }

constexpr uint64_t pack_trailer(SequenceNumber sequence, ValueKind kind) {
  return sequence.value << 8 | static_cast<uint8_t>(kind);
}
constexpr uint64_t pack_seek_trailer(SequenceNumber snapshot) { return snapshot.value << 8 | kSeekKind; }
constexpr SequenceNumber trailer_sequence(uint64_t trailer) { return SequenceNumber(trailer >> 8); }
constexpr ValueKind trailer_kind(uint64_t trailer) { return static_cast<ValueKind>(trailer & 0xff); }

// Parts of an internal key. Precondition: internal_key.size() >= kTrailerBytes, which every iterator
// guarantees.
inline Slice user_key_of(Slice internal_key) {
  DCHECK(internal_key.size() >= kTrailerBytes);
  return {internal_key.data(), internal_key.size() - kTrailerBytes};
}
inline uint64_t trailer_of(Slice internal_key) {
  DCHECK(internal_key.size() >= kTrailerBytes);
  return load_little<uint64_t>(internal_key.data() + internal_key.size() - kTrailerBytes);
}
inline SequenceNumber sequence_of(Slice internal_key) { return trailer_sequence(trailer_of(internal_key)); }
inline ValueKind kind_of(Slice internal_key) { return trailer_kind(trailer_of(internal_key)); }

// Negative, zero, positive: a before, equal to, after b.
inline int compare_user(Slice a, Slice b) {
  const size_t common = a.size() < b.size() ? a.size() : b.size();
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) return order;
  return a.size() < b.size() ? -1 : (a.size() > b.size() ? 1 : 0);
}
// The descending half of I1.
constexpr int compare_trailer(uint64_t a, uint64_t b) { return a > b ? -1 : (a < b ? 1 : 0); }
inline int compare_internal(Slice a, Slice b) {
  const int order = compare_user(user_key_of(a), user_key_of(b));
  return order != 0 ? order : compare_trailer(trailer_of(a), trailer_of(b));
}

// For std:: containers and algorithms over internal keys.
struct InternalKeyLess {
  using is_transparent = void;
  bool operator()(Slice a, Slice b) const { return compare_internal(a, b) < 0; }
};

inline void append_internal_key(std::string* out, Slice user_key, uint64_t trailer) {
  out->append(user_key);
  char bytes[kTrailerBytes];
  store_little(bytes, trailer);
  out->append(bytes, sizeof(bytes));
}
inline std::string make_internal_key(Slice user_key, SequenceNumber sequence, ValueKind kind) {
  std::string out;
  out.reserve(user_key.size() + kTrailerBytes);
  append_internal_key(&out, user_key, pack_trailer(sequence, kind));
  return out;
}
// The seek target before every version of user_key that `snapshot` may see.
inline std::string make_seek_key(Slice user_key, SequenceNumber snapshot) {
  std::string out;
  out.reserve(user_key.size() + kTrailerBytes);
  append_internal_key(&out, user_key, pack_seek_trailer(snapshot));
  return out;
}

struct ParsedInternalKey {
  Slice user_key;
  SequenceNumber sequence;
  ValueKind kind = ValueKind::kDelete;
};
// nullopt when it is shorter than a trailer or its kind is unknown: for bytes that nobody has checked yet.
inline std::optional<ParsedInternalKey> parse_internal_key(Slice internal_key) {
  if (internal_key.size() < kTrailerBytes) return std::nullopt;
  const uint64_t trailer = trailer_of(internal_key);
  if (!is_known_kind(static_cast<uint8_t>(trailer & 0xff))) return std::nullopt;
  return ParsedInternalKey{user_key_of(internal_key), trailer_sequence(trailer), trailer_kind(trailer)};
}

// What a point read asks for. Hashed once here, so that no filter of any table of the tree hashes it again.
// Borrows the user key.
struct LookupKey {
  LookupKey(Slice key, SequenceNumber snapshot_sequence)
      : user_key(key), snapshot(snapshot_sequence), hash(hash64(key)) {}
  Slice user_key;
  SequenceNumber snapshot;
  uint64_t hash;
};

}  // namespace varve::lsm
