#include "api/json/writer.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "api/json/base64.h"

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

}  // namespace

void append_quoted(Slice value, std::string* out) {
  out->push_back('"');
  size_t clean_from = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (!needs_escape(value[i])) continue;
    out->append(value.substr(clean_from, i - clean_from));
    append_escaped(value[i], out);
    clean_from = i + 1;
  }
  out->append(value.substr(clean_from));
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
