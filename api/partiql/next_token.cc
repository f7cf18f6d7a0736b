#include "api/partiql/next_token.h"

#include "api/json/base64.h"
#include "base/coding.h"
#include "base/hash.h"
#include "index/item_codec.h"

namespace varve::api::partiql {
namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

uint64_t statement_fingerprint(Slice statement, std::span<const index::AttributeValue> parameters,
                               KeyspaceId items) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.u64(items.value);
  out.string(statement);
  for (const index::AttributeValue& parameter : parameters) index::append_encoded_value(parameter, &bytes);
  return hash64(bytes);
}

std::string encode_next_token(uint64_t fingerprint, const ReadPosition& position) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.u8(kVersion);
  out.u64(fingerprint);
  out.u32(position.range);
  out.bytes(position.after);
  std::string token;
  json::append_base64(bytes, &token);
  return token;
}

std::optional<ReadPosition> decode_next_token(Slice token, uint64_t fingerprint, const ReadPlan& plan,
                                              size_t key_components) {
  std::string bytes;
  if (json::decode_base64(token, &bytes) != json::Base64Error::kNone) return std::nullopt;
  ByteReader in(bytes);
  const uint8_t version = in.u8();
  const uint64_t wanted = in.u64();
  ReadPosition position;
  position.range = in.u32();
  if (in.failed() || version != kVersion || wanted != fingerprint) return std::nullopt;
  position.after = std::string(in.rest());
  if (position.range >= plan.ranges.size()) return std::nullopt;
  if (position.after.empty()) return position;
  if (!plan.ranges[position.range].contains(position.after)) return std::nullopt;
  if (index::tree_key_components(position.after) != key_components) return std::nullopt;
  return position;
}

}  // namespace varve::api::partiql
