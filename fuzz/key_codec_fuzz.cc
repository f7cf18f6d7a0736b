// Keys. Oracle: what encodes reads back; the order of encoded keys is the order of the values; what decodes encodes to
// the same bytes; splitting at the partition prefix agrees with decoding.
//
// Input: a type byte, then either an arbitrary tree key (decoded), or two values to encode and compare.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"
#include "index/key_codec.h"

namespace {

using namespace varve;         // NOLINT: a fuzz target is one file
using namespace varve::index;  // NOLINT

constexpr AttributeType kTypes[] = {AttributeType::kString, AttributeType::kNumber, AttributeType::kBinary};

AttributeValue value_from(AttributeType type, Slice bytes) {
  switch (type) {
    case AttributeType::kString:
      return AttributeValue::string(std::string(bytes));
    case AttributeType::kBinary:
      return AttributeValue::binary(std::string(bytes));
    default: {
      const Result<Number> n = Number::parse(bytes);
      if (n.ok()) CHECK(*Number::parse(n->to_string()) == *n);
      return AttributeValue::number(n.ok() ? *n : Number(static_cast<int64_t>(bytes.size())));
    }
  }
}

std::strong_ordering order(const AttributeValue& a, const AttributeValue& b) {
  return a.is(AttributeType::kNumber) ? a.as_number() <=> b.as_number() : a.as_bytes() <=> b.as_bytes();
}

void check_arbitrary(AttributeType type, AttributeType sort_type, bool with_sort, Slice bytes) {
  KeySchema schema{{"p", type}, std::nullopt};
  if (with_sort) schema.sort = KeyAttribute{"s", sort_type};
  const size_t prefix = partition_prefix_length(bytes);
  CHECK(prefix <= bytes.size());
  const Result<PrimaryKey> key = decode_tree_key(schema, bytes);
  if (key.ok()) {
    CHECK(encode_tree_key(*key) == bytes);
    CHECK(encode_partition_prefix(key->partition) == bytes.substr(0, prefix));
  }
  // The same without the hash, which no fuzzer finds.
  Slice rest = bytes;
  const Result<AttributeValue> component = decode_key_component(type, &rest);
  if (!component.ok()) return;
  std::string again;
  append_key_component(*component, &again);
  varve::fuzz::reached(varve::hash64(again));
  CHECK(again == bytes.substr(0, bytes.size() - rest.size()));
}

void check_pair(AttributeType type, Slice bytes) {
  const size_t half = bytes.size() / 2;
  const AttributeValue a = value_from(type, bytes.substr(0, half));
  const AttributeValue b = value_from(type, bytes.substr(half));
  const AttributeValue partition = AttributeValue::string("p");
  const std::string x = encode_tree_key(partition, &a);
  const std::string y = encode_tree_key(partition, &b);
  CHECK((x.compare(y) <=> 0) == order(a, b));
  for (int op = 0; op <= static_cast<int>(SortOperator::kBeginsWith); ++op) {
    SortCondition condition{static_cast<SortOperator>(op), a, a};
    if (condition.op == SortOperator::kBeginsWith && type == AttributeType::kNumber) continue;
    CHECK(collection_range(partition, &condition).contains(y) == condition.matches(b));
  }
  const Result<PrimaryKey> back =
      decode_tree_key({{"p", AttributeType::kString}, KeyAttribute{"s", type}}, x);
  CHECK(back.ok() && *back->sort == a && back->partition == partition);
  if (type == AttributeType::kNumber) {
    const Result<Number> sum = a.as_number().add(b.as_number());
    if (sum.ok()) CHECK(*sum == *b.as_number().add(a.as_number()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const uint8_t selector = data[0];
  const Slice bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const AttributeType type = kTypes[selector % 3];
  if ((selector & 0x80) != 0) {
    check_arbitrary(type, kTypes[selector / 3 % 3], (selector & 0x40) != 0, bytes);
  } else {
    check_pair(type, bytes);
  }
  return 0;
}
