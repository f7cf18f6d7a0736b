#include "api/json/base64.h"

#include <array>
#include <cstdint>

namespace varve::api::json {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xff;

constexpr std::array<uint8_t, 256> make_reverse() {
  std::array<uint8_t, 256> reverse{};
  for (auto& entry : reverse) entry = kInvalid;
  for (uint8_t i = 0; i < 64; ++i) reverse[static_cast<uint8_t>(kAlphabet[i])] = i;
  return reverse;
}
constexpr auto kReverse = make_reverse();

uint32_t octet(char c) { return static_cast<uint8_t>(c); }
char low_octet(uint32_t bits) { return static_cast<char>(bits & 0xff); }

}  // namespace

void append_base64(Slice bytes, std::string* out) {
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t bits = octet(bytes[i]) << 16 | octet(bytes[i + 1]) << 8 | octet(bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) out->push_back(kAlphabet[bits >> shift & 63]);
  }
  const size_t rest = bytes.size() - i;
  if (rest == 0) return;
  const uint32_t bits = octet(bytes[i]) << 16 | (rest == 2 ? octet(bytes[i + 1]) << 8 : 0);
  out->push_back(kAlphabet[bits >> 18 & 63]);
  out->push_back(kAlphabet[bits >> 12 & 63]);
  out->push_back(rest == 2 ? kAlphabet[bits >> 6 & 63] : '=');
  out->push_back('=');
}

Base64Error decode_base64(Slice text, std::string* out) {
  if (text.size() % 4 != 0) return Base64Error::kLength;
  if (text.empty()) return Base64Error::kNone;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const Slice digits = text.substr(0, text.size() - padding);
  out->reserve(out->size() + text.size() / 4 * 3);
  uint32_t bits = 0;
  int held = 0;
  for (const char c : digits) {
    const uint8_t value = kReverse[static_cast<uint8_t>(c)];
    if (value == kInvalid) return Base64Error::kCharacter;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out->push_back(low_octet(bits >> held));
    }
  }
  const bool unused_bits_set = (bits & ((1u << held) - 1)) != 0;
  return unused_bits_set ? Base64Error::kCharacter : Base64Error::kNone;
}

}  // namespace varve::api::json
