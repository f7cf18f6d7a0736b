#include "api/dynamo/shard_iterator.h"

#include "api/dynamo/constraints.h"
#include "api/json/base64.h"
#include "base/coding.h"
#include "base/hash.h"

namespace varve::api::dynamo {
namespace {

constexpr Slice kSeparator = "|1|";
constexpr int64_t kMaxLength = 2048;
enum Flag : uint8_t { kAtHorizon = 1 };

Error invalid() { return validation_error("Invalid ShardIterator"); }

uint64_t checksum(Slice arn, Slice body) { return hash64(body, hash64(arn)); }

}  // namespace

std::string encode_shard_iterator(const ShardIterator& iterator) {
  std::string text = stream_arn(iterator.table, iterator.label);
  std::string body;
  ByteWriter out(&body);
  out.u8(iterator.at_horizon ? kAtHorizon : 0);
  out.varint(iterator.shard);
  out.u64(iterator.position.sequence.value);
  out.u32(iterator.position.ordinal);
  out.u64(iterator.issued_us);
  out.u64(checksum(text, body));
  text += kSeparator;
  json::append_base64(body, &text);
  return text;
}

Outcome<ShardIterator> decode_shard_iterator(Slice text, uint64_t now_us) {
  if (text.empty()) return constraint_error(text, "shardIterator", min_length(1));
  if (static_cast<int64_t>(text.size()) > kMaxLength)
    return constraint_error(text, "shardIterator", max_length(kMaxLength));
  const size_t separator = text.find(kSeparator);
  if (separator == Slice::npos) return invalid();
  const Slice arn = text.substr(0, separator);
  std::string body;
  if (json::decode_base64(text.substr(separator + kSeparator.size()), &body) != json::Base64Error::kNone)
    return invalid();
  ByteReader in(body);
  ShardIterator iterator;
  const uint8_t flags = in.u8();
  iterator.at_horizon = (flags & kAtHorizon) != 0;
  iterator.shard = in.varint();
  iterator.position.sequence = SequenceNumber(in.u64());
  iterator.position.ordinal = in.u32();
  iterator.issued_us = in.u64();
  const size_t covered = in.offset();
  const uint64_t expected = in.u64();
  if (!in.done() || expected != checksum(arn, Slice(body).substr(0, covered))) return invalid();
  const auto name = parse_stream_arn(arn, "shardIterator");
  if (!name.ok()) return invalid();
  iterator.table = name->table;
  iterator.label = name->label;
  if (iterator.issued_us + kIteratorLifetimeUs <= now_us) {
    return Error{ErrorType::kExpiredIterator, "Iterator expired: it is valid for 15 minutes", {}};
  }
  return iterator;
}

}  // namespace varve::api::dynamo
