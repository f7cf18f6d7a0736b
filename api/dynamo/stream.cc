#include "api/dynamo/stream.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "api/dynamo/civil_time.h"
#include "api/dynamo/constraints.h"
#include "api/dynamo/key_attribute_coding.h"
#include "base/coding.h"
#include "base/hash.h"

namespace varve::api::dynamo {
namespace {

constexpr uint8_t kVersion = 1;
enum Flag : uint8_t { kHasSortKey = 1 };
constexpr uint8_t kMaxViewType = static_cast<uint8_t>(StreamViewType::kNewAndOldImages);

constexpr Slice kShardIdPrefix = "shardId-";
constexpr size_t kShardDigits = 20;
constexpr int64_t kMinArnLength = 37;
constexpr int64_t kMaxArnLength = 1024;

void write_shard(const Shard& shard, ByteWriter* out) {
  out->varint(shard.number);
  out->varint(shard.after.value);
  out->u64(shard.created_us);
  out->u8(shard.through ? 1 : 0);
  if (!shard.through) return;
  out->varint(shard.through->value);
  out->u64(shard.closed_us);
}

bool read_shard(ByteReader* in, Shard* shard) {
  shard->number = in->varint();
  shard->after = SequenceNumber(in->varint());
  shard->created_us = in->u64();
  const uint8_t closed = in->u8();
  if (closed > 1) return false;
  if (closed == 1) {
    shard->through = SequenceNumber(in->varint());
    shard->closed_us = in->u64();
  }
  return !in->failed() && (!shard->through || *shard->through >= shard->after);
}

// I1 and I2.
bool follows(const Shard& parent, const Shard& child) {
  return parent.through && child.number == parent.number + 1 && child.after == *parent.through;
}

Status damaged(const ByteReader& in, Slice what) {
  return Status::corruption("streams", in.offset(), "stream entry: " + std::string(what));
}

std::string stream_hash(const Stream& stream) {
  std::array<char, 9> text;
  const uint64_t hash = hash64(segment_name(stream.table_id, stream.label, 0));
  std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(hash & 0xffff'ffffu));
  return text.data();
}

}  // namespace

const Shard* Stream::find_shard(uint64_t number) const {
  if (shards.empty() || number < shards.front().number || number > shards.back().number) return nullptr;
  return &shards[number - shards.front().number];
}

std::string encode_stream(const Stream& stream) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.u8(kVersion);
  out.u8(stream.key_schema.sort ? kHasSortKey : 0);
  out.string(stream.table);
  out.string(stream.table_id);
  out.string(stream.label);
  out.u64(stream.created_us);
  out.u8(static_cast<uint8_t>(stream.view_type));
  write_key(stream.key_schema.partition, &out);
  if (stream.key_schema.sort) write_key(*stream.key_schema.sort, &out);
  out.varint(stream.shards.size());
  for (const Shard& shard : stream.shards) write_shard(shard, &out);
  return bytes;
}

Result<Stream> decode_stream(Slice encoded) {
  Stream stream;
  ByteReader in(encoded);
  const uint8_t version = in.u8();
  if (version != kVersion) return damaged(in, "version " + std::to_string(version));
  const uint8_t flags = in.u8();
  if ((flags & ~kHasSortKey) != 0) return damaged(in, "unknown flags");
  stream.table = in.string();
  stream.table_id = in.string();
  stream.label = in.string();
  stream.created_us = in.u64();
  const uint8_t view_type = in.u8();
  if (view_type > kMaxViewType) return damaged(in, "view type");
  stream.view_type = static_cast<StreamViewType>(view_type);
  if (!read_key(&in, &stream.key_schema.partition)) return damaged(in, "partition key");
  if ((flags & kHasSortKey) != 0 && !read_key(&in, &stream.key_schema.sort.emplace()))
    return damaged(in, "sort key");
  for (uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    Shard shard;
    if (!read_shard(&in, &shard)) return damaged(in, "shard");
    if (!stream.shards.empty() && !follows(stream.shards.back(), shard))
      return damaged(in, "order of shards");
    stream.shards.push_back(shard);
  }
  if (!in.done()) return damaged(in, "length");
  return stream;
}

// Table names hold no 0 byte.
std::string stream_key(Slice table, Slice label) { return std::string(table).append(1, '\0').append(label); }

std::string segment_name(Slice table_id, Slice label, uint64_t shard) {
  std::string name(kSegmentPrefix);
  name.append(table_id).append("/").append(label).append("/").append(std::to_string(shard));
  return name;
}

std::string stream_label(uint64_t created_us) {
  const CivilTime time = civil_time(created_us);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%04u-%02u-%02uT%02u:%02u:%02u.%03u", time.year, time.month,
                time.day, time.hour, time.minute, time.second, time.millisecond);
  return text.data();
}

std::string stream_arn(Slice table, Slice label) { return table_arn(table).append("/stream/").append(label); }

std::string shard_id(const Stream& stream, uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kShardIdPrefix)
      .append(kShardDigits - digits.size(), '0')
      .append(digits)
      .append("-")
      .append(stream_hash(stream));
}

Failure check_shard_id(Slice id, Slice path) {
  constexpr int64_t kMinLength = 28;
  constexpr int64_t kMaxLength = 65;
  return check_length(id, path, kMinLength, kMaxLength);
}

std::optional<uint64_t> parse_shard_id(const Stream& stream, Slice id) {
  if (!id.starts_with(kShardIdPrefix) || id.size() < kShardIdPrefix.size() + kShardDigits)
    return std::nullopt;
  const Slice digits = id.substr(kShardIdPrefix.size(), kShardDigits);
  uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  if (shard_id(stream, number) != id) return std::nullopt;
  return number;
}

Outcome<StreamArn> parse_stream_arn(Slice arn, Slice path) {
  if (static_cast<int64_t>(arn.size()) < kMinArnLength)
    return constraint_error(arn, path, min_length(kMinArnLength));
  if (static_cast<int64_t>(arn.size()) > kMaxArnLength)
    return constraint_error(arn, path, max_length(kMaxArnLength));
  constexpr Slice kMiddle = "/stream/";
  const size_t middle = arn.rfind(kMiddle);
  if (!arn.starts_with("arn:") || middle == Slice::npos) {
    return validation_error("Invalid StreamArn: " + std::string(arn));
  }
  VARVE_ASSIGN_OR_FAIL(const Slice table, table_name(arn.substr(0, middle), TableNameUse::kExisting));
  return StreamArn{table, arn.substr(middle + kMiddle.size())};
}

Error stream_not_found(Slice arn) {
  return {ErrorType::kResourceNotFound,
          "Requested resource not found: Stream: " + std::string(arn) + " not found",
          {}};
}

}  // namespace varve::api::dynamo
