// Items. Oracle: arbitrary bytes either are corruption or decode to an item that encodes to the same bytes; validation
// and decoding agree; the view in place agrees with the decoded item, and is safe on bytes that do not decode.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "fuzz/planted_crash.h"
#include "index/item_codec.h"

namespace {

using namespace varve;         // NOLINT: a fuzz target is one file
using namespace varve::index;  // NOLINT

// Reads everything a view gives, whatever the bytes are.
void walk(const ValueView& value, size_t depth, size_t* budget) {
  if (depth > kMaxNestingDepth || *budget == 0) return;
  --*budget;
  (void)value.as_bool();
  (void)value.as_number();
  (void)value.decode();
  const size_t count = value.element_count();
  for (size_t i = 0; i < count && *budget > 0; ++i) {
    if (value.is(AttributeType::kMap)) {
      walk(value.as_map().value(i), depth + 1, budget);
      (void)value.member(value.as_map().name(i));
    } else if (value.is(AttributeType::kList)) {
      walk(value.list_element(i), depth + 1, budget);
    } else {
      (void)value.set_contains(value.set_element(i));
      --*budget;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Slice bytes(reinterpret_cast<const char*>(data), size);
  const Result<Item> item = decode_item(bytes);
  CHECK(validate_item(bytes).ok() == item.ok());
  const Result<ItemView> view = ItemView::open(bytes);
  if (!view.ok()) {
    CHECK(!item.ok());
    return 0;
  }
  if (item.ok()) varve::fuzz::reached(varve::hash64(bytes));
  const size_t view_size = view->size_bytes();
  size_t budget = 2000;
  for (size_t i = 0; i < view->size() && budget > 0; ++i) {
    (void)view->find(view->name(i));
    walk(view->value(i), 1, &budget);
  }
  if (!item.ok()) {
    CHECK(item.code() == ErrorCode::kCorruption);
    return 0;
  }
  CHECK(encode_item(*item) == bytes);
  CHECK(view_size == item_size_bytes(*item));
  CHECK(check_nesting(*item).ok());
  for (const Attribute& attribute : *item) {
    const std::optional<ValueView> found = view->find(attribute.name);
    CHECK(found.has_value() && *found->decode() == attribute.value);
  }
  return 0;
}
