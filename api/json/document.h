// Document: one parsed JSON text, through simdjson's DOM (which checks the whole text, its UTF-8 and what follows the root,
// before it shows anything). Not its On-Demand face, which accepts malformed tails.
//
// Limits: depth 128, 16 MiB and a little (the caller bounds the body), integers within 64 bits. The parser keeps its buffers
// for the next text unless they grew large, so a small request allocates nothing here in the steady state.
//
// Threads: one. Ownership: the Document owns a padded copy; values and strings borrow from it until the next parse.
#pragma once

#include <simdjson.h>

#include "base/check.h"
#include "base/result.h"
#include "base/slice.h"

namespace varve::api::json {

using Value = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;
using Type = simdjson::dom::element_type;

inline constexpr size_t kMaxDepth = 128;
inline constexpr size_t kMaxDocumentBytes = 17u << 20;

class Document {
 public:
  // kInvalidArgument for anything that is not exactly one JSON text.
  Result<Value> parse(Slice text);

 private:
  simdjson::dom::parser parser_{kMaxDocumentBytes};
  size_t allocated_for_ = 0;
};

// What a value holds; the caller has looked at its type.
inline Object object_of(const Value& value) {
  Object object;
  CHECK(value.get(object) == simdjson::SUCCESS);
  return object;
}
inline Array array_of(const Value& value) {
  Array array;
  CHECK(value.get(array) == simdjson::SUCCESS);
  return array;
}
inline Slice string_of(const Value& value) {
  Slice text;
  CHECK(value.get(text) == simdjson::SUCCESS);
  return text;
}
template <typename Number>  // bool, int64_t or double
Number number_of(const Value& value) {
  Number number{};
  CHECK(value.get(number) == simdjson::SUCCESS);
  return number;
}

bool valid_utf8(Slice text);

}  // namespace varve::api::json
