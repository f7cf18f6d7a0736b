#include "index/key_codec.h"

#include <array>

#include "base/coding.h"
#include "base/hash.h"

namespace varve::index {

namespace {

constexpr char kEscape = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kTerminator = '\x01';

void append_escaped(Slice bytes, std::string* out) {
  size_t from = 0;
  for (size_t zero = bytes.find(kEscape); zero != Slice::npos; zero = bytes.find(kEscape, from)) {
    out->append(bytes.substr(from, zero - from)).push_back(kEscape);
    out->push_back(kEscapedZero);
    from = zero + 1;
  }
  out->append(bytes.substr(from));
}

// A value's component without its terminator: what every longer value of the same beginning begins with (S and B).
void append_unterminated(const AttributeValue& value, std::string* out) {
  CHECK(is_scalar_key_type(value.type()));
  if (!value.is(AttributeType::kNumber)) return append_escaped(value.as_bytes(), out);
  std::array<char, Number::kMaxEncodedBytes> buffer;
  append_escaped(Slice(buffer.data(), value.as_number().encode(buffer.data())), out);
}

// The length of the component at the front, terminator included; 0 when there is none.
size_t component_length(Slice input) {
  for (size_t zero = input.find(kEscape); zero != Slice::npos && zero + 1 < input.size();
       zero = input.find(kEscape, zero + 2)) {
    if (input[zero + 1] == kTerminator) return zero + 2;
    if (input[zero + 1] != kEscapedZero) return 0;
  }
  return 0;
}

Status malformed(Slice what) { return Status::corruption("encoded key: " + std::string(what)); }

}  // namespace

void append_key_component(const AttributeValue& value, std::string* out) {
  append_unterminated(value, out);
  out->push_back(kEscape);
  out->push_back(kTerminator);
}

// The payloads of S, N and B in items are the scalar bytes of components.
void append_key_component(const ValueView& value, std::string* out) {
  CHECK(is_scalar_key_type(value.type()));
  append_escaped(value.payload(), out);
  out->push_back(kEscape);
  out->push_back(kTerminator);
}

Result<AttributeValue> decode_key_component(AttributeType type, Slice* input) {
  const size_t length = component_length(*input);
  if (length == 0) return malformed("no terminator, or an unknown escape");
  const Slice escaped = input->substr(0, length - 2);
  input->remove_prefix(length);
  std::string bytes;
  bytes.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    bytes.push_back(escaped[i]);
    if (escaped[i] == kEscape) ++i;  // component_length saw that FF follows
  }
  switch (type) {
    case AttributeType::kString:
      return AttributeValue::string(std::move(bytes));
    case AttributeType::kBinary:
      return AttributeValue::binary(std::move(bytes));
    case AttributeType::kNumber:
      if (const std::optional<Number> n = Number::decode(bytes)) return AttributeValue::number(*n);
      return malformed("not a number");
    default:
      return malformed("a key has type S, N or B");
  }
}

void begin_tree_key(std::string* out) { out->assign(kKeyHashBytes, '\0'); }

void finish_partition_prefix(std::string* out) {
  store_big64(out->data(), hash64(Slice(*out).substr(kKeyHashBytes)));
}

std::string encode_partition_prefix(const AttributeValue& partition) {
  std::string key;
  begin_tree_key(&key);
  append_key_component(partition, &key);
  finish_partition_prefix(&key);
  return key;
}

uint64_t partition_hash(const AttributeValue& partition) {
  std::string component;
  append_key_component(partition, &component);
  return hash64(component);
}

std::string encode_tree_key(const AttributeValue& partition, const AttributeValue* sort) {
  std::string key = encode_partition_prefix(partition);
  if (sort != nullptr) append_key_component(*sort, &key);
  return key;
}

std::string encode_tree_key(const PrimaryKey& key) {
  return encode_tree_key(key.partition, key.sort ? &*key.sort : nullptr);
}

void assign_tree_key(const PrimaryKey& key, std::string* out) {
  begin_tree_key(out);
  append_key_component(key.partition, out);
  finish_partition_prefix(out);
  if (key.sort) append_key_component(*key.sort, out);
}

Result<PrimaryKey> decode_tree_key(const KeySchema& schema, Slice tree_key) {
  const size_t prefix = partition_prefix_length(tree_key);
  if (prefix == 0) return malformed("shorter than a hash and a partition key");
  if (load_big64(tree_key.data()) != hash64(tree_key.substr(kKeyHashBytes, prefix - kKeyHashBytes))) {
    return malformed("the hash is not the partition key's");
  }
  Slice rest = tree_key.substr(kKeyHashBytes);
  PrimaryKey key;
  VARVE_ASSIGN_OR_RETURN(key.partition, decode_key_component(schema.partition.type, &rest));
  if (schema.sort) {
    VARVE_ASSIGN_OR_RETURN(key.sort, decode_key_component(schema.sort->type, &rest));
  }
  if (!rest.empty()) return malformed("bytes after the last component");
  return key;
}

std::optional<size_t> tree_key_components(Slice tree_key) {
  if (tree_key.size() < kKeyHashBytes) return std::nullopt;
  tree_key.remove_prefix(kKeyHashBytes);
  size_t count = 0;
  for (; !tree_key.empty(); ++count) {
    const size_t length = component_length(tree_key);
    if (length == 0) return std::nullopt;
    tree_key.remove_prefix(length);
  }
  return count;
}

size_t partition_prefix_length(Slice tree_key) {
  if (tree_key.size() < kKeyHashBytes) return 0;
  const size_t length = component_length(tree_key.substr(kKeyHashBytes));
  return length == 0 ? 0 : kKeyHashBytes + length;
}

std::string prefix_successor(Slice prefix) {
  std::string out(prefix);
  while (!out.empty() && out.back() == '\xff') out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

bool SortCondition::matches(const AttributeValue& sort) const {
  if (sort.type() != low.type() || !is_scalar_key_type(sort.type())) return false;
  if (op == SortOperator::kBeginsWith) {
    return !sort.is(AttributeType::kNumber) && Slice(sort.as_bytes()).starts_with(low.as_bytes());
  }
  const auto compare = [&sort](const AttributeValue& bound) {
    return sort.is(AttributeType::kNumber) ? sort.as_number() <=> bound.as_number()
                                           : sort.as_bytes() <=> bound.as_bytes();
  };
  switch (op) {
    case SortOperator::kEqual:
      return compare(low) == 0;
    case SortOperator::kLess:
      return compare(low) < 0;
    case SortOperator::kLessOrEqual:
      return compare(low) <= 0;
    case SortOperator::kGreater:
      return compare(low) > 0;
    case SortOperator::kGreaterOrEqual:
      return compare(low) >= 0;
    case SortOperator::kBetween:
      return high.type() == sort.type() && compare(low) >= 0 && compare(high) <= 0;
    case SortOperator::kBeginsWith:
      break;
  }
  return false;
}

KeyRange collection_range(const AttributeValue& partition, const SortCondition* condition) {
  return range_below(encode_partition_prefix(partition), condition);
}

KeyRange range_below(const std::string& prefix, const SortCondition* condition) {
  KeyRange range{prefix, prefix_successor(prefix)};
  if (condition == nullptr) return range;
  std::string low = prefix;
  if (condition->op == SortOperator::kBeginsWith) {
    append_unterminated(condition->low, &low);
    return {low, prefix_successor(low)};
  }
  append_key_component(condition->low, &low);
  switch (condition->op) {
    case SortOperator::kEqual:
      return {low, prefix_successor(low)};
    case SortOperator::kLess:
      return {range.lower, low};
    case SortOperator::kLessOrEqual:
      return {range.lower, prefix_successor(low)};
    case SortOperator::kGreater:
      return {prefix_successor(low), range.upper};
    case SortOperator::kGreaterOrEqual:
      return {low, range.upper};
    case SortOperator::kBetween: {
      std::string high = prefix;
      append_key_component(condition->high, &high);
      return {low, prefix_successor(high)};
    }
    case SortOperator::kBeginsWith:
      break;
  }
  return range;
}

KeyRange segment_range(uint32_t segment, uint32_t total_segments) {
  CHECK(segment < total_segments);
  // Segment i of n begins at floor(i * 2^64 / n).
  const auto boundary = [total_segments](uint64_t i) {
    std::string bytes(kKeyHashBytes, '\0');
    store_big64(bytes.data(),
                static_cast<uint64_t>((static_cast<unsigned __int128>(i) << 64) / total_segments));
    return bytes;
  };
  KeyRange range;
  if (segment > 0) range.lower = boundary(segment);
  if (segment + 1 < total_segments) range.upper = boundary(uint64_t{segment} + 1);
  return range;
}

}  // namespace varve::index
