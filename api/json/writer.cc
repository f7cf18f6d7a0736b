#include "api/json/writer.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "api/json/base64.h"
#include "base/coding.h"

namespace varve::api::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(char c, std::string* out) {
  switch (c) {
    case '"':
    case '\\':
      out->push_back('\\');
      out->push_back(c);
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      out->append("\\u00");
      out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out->push_back(kHex[c & 15]);
  }
}

// Whether any byte of the word needs an escape: is zero after the xor, or below 0x20 (H. Warren, Hacker's Delight, 6-1).
bool any_needs_escape(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = kOnes << 7;
  const auto below = [](uint64_t w, uint64_t bound) { return (w - kOnes * bound) & ~w & kHighs; };
  return (below(word, 0x20) | below(word ^ kOnes * '"', 1) | below(word ^ kOnes * '\\', 1)) != 0;
}

// How many bytes from the start need no escape: text is mostly clean, so it goes by eights.
size_t clean_prefix(Slice text) {
  size_t i = 0;
  while (i + 8 <= text.size() && !any_needs_escape(load_little<uint64_t>(text.data() + i))) i += 8;
  while (i < text.size() && !needs_escape(text[i])) ++i;
  return i;
}

}  // namespace

void append_quoted(Slice value, std::string* out) {
  out->push_back('"');
  while (true) {
    const size_t clean = clean_prefix(value);
    out->append(value.substr(0, clean));
    value.remove_prefix(clean);
    if (value.empty()) break;
    append_escaped(value.front(), out);
    value.remove_prefix(1);
  }
  out->push_back('"');
}

void JsonWriter::separate() {
  if (need_comma_) out_->push_back(',');
  need_comma_ = true;
}

void JsonWriter::open(char bracket) {
  separate();
  out_->push_back(bracket);
  need_comma_ = false;
}

void JsonWriter::close(char bracket) {
  out_->push_back(bracket);
  need_comma_ = true;
}

void JsonWriter::key(Slice name) {
  separate();
  append_quoted(name, out_);
  out_->push_back(':');
  need_comma_ = false;
}

void JsonWriter::string(Slice value) {
  separate();
  append_quoted(value, out_);
}

void JsonWriter::plain(Slice value) {
  separate();
  out_->push_back('"');
  out_->append(value);
  out_->push_back('"');
}

void JsonWriter::base64(Slice bytes) {
  separate();
  out_->push_back('"');
  append_base64(bytes, out_);
  out_->push_back('"');
}

void JsonWriter::null() {
  separate();
  out_->append("null");
}

void JsonWriter::boolean(bool value) {
  separate();
  out_->append(value ? "true" : "false");
}

void JsonWriter::integer(int64_t value) {
  separate();
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out_->append(digits.data(), end);
}

void JsonWriter::decimal(double value) {
  separate();
  std::array<char, 400> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed).ptr;
  const Slice text(digits.data(), static_cast<size_t>(end - digits.data()));
  out_->append(text);
  if (text.find('.') == Slice::npos) out_->append(".0");
}

void JsonWriter::timestamp(uint64_t wall_us) {
  separate();
  std::array<char, 40> digits;
  const int length = std::snprintf(digits.data(), digits.size(), "%llu.%03u",
                                   static_cast<unsigned long long>(wall_us / 1'000'000),
                                   static_cast<unsigned>(wall_us / 1000 % 1000));
  out_->append(digits.data(), static_cast<size_t>(length));
}

}  // namespace varve::api::json
