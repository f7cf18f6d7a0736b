#include "index/expiry_entry.h"

#include <algorithm>

namespace varve::index {
namespace {

std::string time_component(const Number& time_to_live) {
  std::string key;
  append_key_component(AttributeValue::number(time_to_live), &key);
  return key;
}

}  // namespace

std::optional<Number> time_to_live(const ItemView& item, Slice attribute) {
  const auto value = item.find(attribute);
  if (!value || !value->is(AttributeType::kNumber)) return std::nullopt;
  return value->as_number();
}

bool is_expired(const Number& time_to_live, int64_t now_seconds) {
  return time_to_live < Number(now_seconds) && time_to_live >= Number(now_seconds - kMaxExpiredSeconds);
}

std::string encode_expiry_key(const Number& time_to_live, Slice tree_key) {
  return time_component(time_to_live).append(tree_key);
}

Result<ExpiryEntry> decode_expiry_key(Slice key) {
  VARVE_ASSIGN_OR_RETURN(const AttributeValue time, decode_key_component(AttributeType::kNumber, &key));
  if (partition_prefix_length(key) == 0) return Status::corruption("expiry entry: no tree key");
  return ExpiryEntry{time.as_number(), key};
}

KeyRange expired_range(int64_t now_seconds, int64_t from_seconds) {
  const int64_t from = std::clamp(from_seconds, now_seconds - kMaxExpiredSeconds, now_seconds);
  return {time_component(Number(from)), time_component(Number(now_seconds))};
}

}  // namespace varve::index
