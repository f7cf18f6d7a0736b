#include "api/json/document.h"

namespace varve::api::json {
namespace {

// Buffers made for a text above this are given back before the next small one.
constexpr size_t kKeptBytes = 1u << 20;

}  // namespace

Result<Value> Document::parse(Slice text) {
  if (text.size() > kMaxDocumentBytes) return Status::resource_exhausted("JSON text over 17 MiB");
  if (allocated_for_ > kKeptBytes && text.size() <= kKeptBytes) {
    parser_ = simdjson::dom::parser(kMaxDocumentBytes);
    allocated_for_ = 0;
  }
  if (text.size() > allocated_for_ || allocated_for_ == 0) {
    const size_t capacity = std::max<size_t>(text.size(), 4096);
    const auto error = parser_.allocate(capacity, kMaxDepth);
    if (error != simdjson::SUCCESS) {
      allocated_for_ = 0;
      return Status::resource_exhausted("memory for a JSON text");
    }
    allocated_for_ = capacity;
  }
  Value root;
  const auto error = parser_.parse(text.data(), text.size(), /*realloc_if_needed=*/true).get(root);
  if (error != simdjson::SUCCESS) return Status::invalid_argument(simdjson::error_message(error));
  return root;
}

bool valid_utf8(Slice text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace varve::api::json
