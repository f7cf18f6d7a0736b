#include "index/number.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace varve::index {

namespace {

using Coefficient = Number::Coefficient;

constexpr Slice kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr Slice kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
constexpr Slice kTooManyDigits = "Attempting to store more than 38 significant digits in a Number";
constexpr Slice kNotANumber = "The parameter cannot be converted to a numeric value";

Status invalid(Slice message) { return Status::invalid_argument(std::string(message)); }

constexpr std::array<Coefficient, 39> make_powers() {
  std::array<Coefficient, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<Coefficient, 39> kPowersOfTen = make_powers();

// Exponents are clamped here while parsing: far outside the range, far inside an int.
constexpr int64_t kExponentClamp = int64_t{1} << 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A text split at the syntax; digits are [integer_begin, integer_end) and [fraction_begin, fraction_end).
struct Scanned {
  bool negative = false;
  Slice integer;
  Slice fraction;
  int64_t exponent = 0;
};

bool scan_exponent(Slice text, size_t at, int64_t* exponent) {
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
  if (at == text.size()) return false;
  int64_t value = 0;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return false;
    value = std::min(value * 10 + (text[at] - '0'), kExponentClamp);
  }
  *exponent = negative ? -value : value;
  return true;
}

bool scan(Slice text, Scanned* out) {
  size_t at = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) out->negative = text[at++] == '-';
  const size_t integer_begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  out->integer = text.substr(integer_begin, at - integer_begin);
  if (at < text.size() && text[at] == '.') {
    const size_t fraction_begin = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    out->fraction = text.substr(fraction_begin, at - fraction_begin);
  }
  if (out->integer.empty() && out->fraction.empty()) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  return scan_exponent(text, at + 1, &out->exponent);
}

}  // namespace

int decimal_digits(Coefficient value) {
  if (value == 0) return 0;
  const auto high = static_cast<uint64_t>(value >> 64);
  const int bits =
      high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(static_cast<uint64_t>(value));
  // log10(2) = 0.30103 from below: an estimate that is right or one too small.
  const int estimate = bits * 1233 >> 12;
  return static_cast<size_t>(estimate) < kPowersOfTen.size() && value >= kPowersOfTen[estimate] ? estimate + 1
                                                                                                : estimate;
}

Number::Number(int64_t value) {
  const bool negative = value < 0;
  const uint64_t magnitude = negative ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  *this = normal(negative, magnitude, 0);
}

Number Number::from_unsigned(uint64_t value) { return normal(false, value, 0); }

Number Number::normal(bool negative, Coefficient coefficient, int exponent) {
  Number n;
  if (coefficient == 0) return n;
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  n.high_ = static_cast<uint64_t>(coefficient >> 64);
  n.low_ = static_cast<uint64_t>(coefficient);
  n.exponent_ = static_cast<int16_t>(exponent);
  n.negative_ = negative;
  return n;
}

Result<Number> Number::checked(bool negative, Coefficient coefficient, int exponent) {
  const Number n = normal(negative, coefficient, exponent);
  if (n.is_zero()) return n;
  // One text for both: an exact result that does not fit, DynamoDB calls an overflow.
  if (n.coefficient() >= kPowersOfTen[kMaxDigits] || n.magnitude() > kMaxMagnitude) return invalid(kOverflow);
  if (n.magnitude() < kMinMagnitude) return invalid(kUnderflow);
  return n;
}

Result<Number> Number::parse(Slice text) {
  if (text.empty()) return invalid(kNotANumber);
  Scanned scanned;
  if (!scan(text, &scanned)) {
    return Status::invalid_argument(std::string(kNotANumber) + ": " + std::string(text));
  }
  // The significant digits, without leading and trailing zeros, and the power of ten of the first of them.
  size_t count = 0;
  size_t zeros = 0;  // seen since the last non-zero digit
  int64_t leading = 0;
  bool too_many = false;
  Coefficient coefficient = 0;
  const auto integer_digits = static_cast<int64_t>(scanned.integer.size());
  const auto take = [&](char digit, int64_t power) {
    if (digit == '0') {
      if (count > 0) ++zeros;
      return;
    }
    if (count == 0) leading = power;
    too_many = too_many || count + zeros + 1 > static_cast<size_t>(kMaxDigits);
    if (!too_many) {
      coefficient = coefficient * kPowersOfTen[zeros + 1] + static_cast<Coefficient>(digit - '0');
    }
    count += zeros + 1;
    zeros = 0;
  };
  for (int64_t i = 0; i < integer_digits; ++i) take(scanned.integer[i], integer_digits - 1 - i);
  for (size_t i = 0; i < scanned.fraction.size(); ++i)
    take(scanned.fraction[i], -1 - static_cast<int64_t>(i));

  if (count == 0) return Number();
  const int64_t magnitude = leading + scanned.exponent;
  if (magnitude > kMaxMagnitude) return invalid(kOverflow);
  if (magnitude < kMinMagnitude) return invalid(kUnderflow);
  if (too_many) return invalid(kTooManyDigits);
  return normal(scanned.negative, coefficient, static_cast<int>(magnitude) - static_cast<int>(count) + 1);
}

int Number::magnitude() const { return is_zero() ? 0 : decimal_digits(coefficient()) + exponent_ - 1; }

std::string Number::to_string() const {
  if (is_zero()) return "0";
  std::array<char, 40> digits;
  size_t at = digits.size();
  for (Coefficient c = coefficient(); c != 0; c /= 10) digits[--at] = static_cast<char>('0' + c % 10);
  const Slice text(digits.data() + at, digits.size() - at);

  std::string out = negative_ ? "-" : "";
  const int point = static_cast<int>(text.size()) + exponent_;  // digits before the decimal point
  if (exponent_ >= 0) {
    out.append(text).append(static_cast<size_t>(exponent_), '0');
  } else if (point > 0) {
    out.append(text.substr(0, static_cast<size_t>(point))).append(".").append(text.substr(point));
  } else {
    out.append("0.").append(static_cast<size_t>(-point), '0').append(text);
  }
  return out;
}

std::optional<int64_t> Number::to_int64() const {
  if (is_zero()) return 0;
  if (exponent_ < 0 || magnitude() > 18) return std::nullopt;
  const Coefficient value = coefficient() * kPowersOfTen[exponent_];
  const Coefficient limit = (Coefficient{1} << 63) - (negative_ ? 0 : 1);
  if (value > limit) return std::nullopt;
  const auto bits = static_cast<uint64_t>(value);
  return static_cast<int64_t>(negative_ ? ~bits + 1 : bits);
}

Number Number::negated() const {
  Number n = *this;
  if (!n.is_zero()) n.negative_ = !n.negative_;
  return n;
}

Result<Number> Number::add(const Number& other) const {
  if (is_zero()) return other;
  if (other.is_zero()) return *this;
  const Number& a = exponent_ >= other.exponent_ ? *this : other;
  const Number& b = exponent_ >= other.exponent_ ? other : *this;
  // Align a to b's exponent. b's last digit is not 0, so when the aligned a is 2 * 10^38 or more, the exact
  // result has more than 38 digits whatever the signs; below that, sums and differences fit 128 bits.
  const int shift = a.exponent_ - b.exponent_;
  const Coefficient bound = 2 * kPowersOfTen[38];
  if (shift > kMaxDigits || a.coefficient() >= (bound + kPowersOfTen[shift] - 1) / kPowersOfTen[shift]) {
    return invalid(kOverflow);
  }
  const Coefficient x = a.coefficient() * kPowersOfTen[shift];
  const Coefficient y = b.coefficient();
  if (a.negative_ == b.negative_) return checked(a.negative_, x + y, b.exponent_);
  if (x >= y) return checked(a.negative_, x - y, b.exponent_);
  return checked(b.negative_, y - x, b.exponent_);
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  const int sign = is_zero() ? 0 : (negative_ ? -1 : 1);
  const int other_sign = other.is_zero() ? 0 : (other.negative_ ? -1 : 1);
  if (sign != other_sign || sign == 0) return sign <=> other_sign;
  const Number& first =
      negative_ ? other : *this;  // of two negatives the one of larger magnitude is the smaller
  const Number& second = negative_ ? *this : other;
  if (first.magnitude() != second.magnitude()) return first.magnitude() <=> second.magnitude();
  const int shift = first.exponent_ - second.exponent_;  // equal magnitudes: below 38 either way
  const Coefficient x = first.coefficient() * (shift > 0 ? kPowersOfTen[shift] : 1);
  const Coefficient y = second.coefficient() * (shift < 0 ? kPowersOfTen[-shift] : 1);
  return x < y ? std::strong_ordering::less
               : (x > y ? std::strong_ordering::greater : std::strong_ordering::equal);
}

namespace {

// FORMAT.md "Number". |x| = 0.d1 d2 ... * 100^e with base-100 digits, d1 != 0, and e in [-64, 63].
constexpr uint8_t kZeroHeader = 0x80;
constexpr uint8_t kFirstHeader = 0x81;  // e = -64
constexpr uint8_t kLastHeader = 0xff;   // e = 62 and 63 share it; a second byte, 1 or 2, tells them apart
constexpr int kMinBase100Exponent = -64;
constexpr int kSharedExponent = 62;
constexpr char kNegativeTerminator = '\xff';

}  // namespace

size_t Number::encode(char* destination) const {
  if (is_zero()) {
    destination[0] = static_cast<char>(kZeroHeader);
    return 1;
  }
  // Base-100 digits are pairs of decimal digits aligned at even powers: an odd exponent takes one 0 more at the end.
  const bool odd = (exponent_ & 1) != 0;
  Coefficient coefficient = this->coefficient();
  std::array<uint8_t, 20> pairs;
  size_t at = pairs.size();
  if (odd) {
    pairs[--at] = static_cast<uint8_t>(coefficient % 10 * 10);
    coefficient /= 10;
  }
  for (; coefficient != 0; coefficient /= 100) pairs[--at] = static_cast<uint8_t>(coefficient % 100);
  const int lowest_power = exponent_ - (odd ? 1 : 0);  // of the last pair, even
  const int exponent = lowest_power / 2 + static_cast<int>(pairs.size() - at);

  char* out = destination;
  if (exponent < kSharedExponent) {
    *out++ = static_cast<char>(kFirstHeader + (exponent - kMinBase100Exponent));
  } else {
    *out++ = static_cast<char>(kLastHeader);
    *out++ = static_cast<char>(exponent - kSharedExponent + 1);
  }
  for (; at < pairs.size(); ++at) *out++ = static_cast<char>(pairs[at] + 1);
  if (negative_) {
    for (char* p = destination; p < out; ++p) *p = static_cast<char>(~*p);
    *out++ = kNegativeTerminator;
  }
  return static_cast<size_t>(out - destination);
}

void Number::append_encoded(std::string* out) const {
  std::array<char, kMaxEncodedBytes> buffer;
  out->append(buffer.data(), encode(buffer.data()));
}

std::optional<Number> Number::decode(Slice bytes) {
  if (bytes.empty() || bytes.size() > kMaxEncodedBytes) return std::nullopt;
  std::array<uint8_t, kMaxEncodedBytes> buffer;
  size_t size = bytes.size();
  std::memcpy(buffer.data(), bytes.data(), size);
  if (buffer[0] == kZeroHeader) return size == 1 ? std::optional<Number>(Number()) : std::nullopt;
  const bool negative = buffer[0] < kZeroHeader;
  if (negative) {
    if (bytes.back() != kNegativeTerminator) return std::nullopt;
    --size;
    for (size_t i = 0; i < size; ++i) buffer[i] = static_cast<uint8_t>(~buffer[i]);
  }
  size_t at = 1;
  int exponent = buffer[0] - kFirstHeader + kMinBase100Exponent;
  if (buffer[0] == kLastHeader) {
    if (size < 2 || (buffer[1] != 1 && buffer[1] != 2)) return std::nullopt;
    exponent = kSharedExponent + buffer[1] - 1;
    at = 2;
  }
  const size_t pairs = size - at;
  if (pairs < 1 || pairs > 20 || buffer[at] == 1 || buffer[size - 1] == 1) return std::nullopt;
  // 20 pairs hold 38 digits only with a 0 at both ends; the last pair's is not accumulated, so 128 bits suffice.
  Coefficient coefficient = 0;
  int power = 2 * (exponent - static_cast<int>(pairs));
  for (size_t i = at; i < size; ++i) {
    if (buffer[i] < 1 || buffer[i] > 100) return std::nullopt;
    const Coefficient pair = buffer[i] - 1;
    if (i + 1 == size && pair % 10 == 0) {
      if (coefficient >= kPowersOfTen[kMaxDigits - 1]) return std::nullopt;
      coefficient = coefficient * 10 + pair / 10;
      ++power;
    } else {
      if (coefficient >= kPowersOfTen[kMaxDigits - 2]) return std::nullopt;
      coefficient = coefficient * 100 + pair;
    }
  }
  const Number n = normal(negative, coefficient, power);
  if (n.magnitude() > kMaxMagnitude || n.magnitude() < kMinMagnitude) return std::nullopt;
  return n;
}

namespace {

// digits: all but leading and trailing zeros; point: how many of them stand before the decimal point, were there enough.
size_t size_of_digits(int digits, int point, bool negative) {
  const int integer_digits = std::max(0, std::min(digits, point));
  const int fraction_digits = digits - integer_digits;
  const int bytes = 1 + (integer_digits + 1) / 2 + (fraction_digits + 1) / 2 + (negative ? 1 : 0);
  return static_cast<size_t>(bytes);
}

}  // namespace

size_t Number::item_size_bytes() const {
  if (is_zero()) return 1;
  const int digits = decimal_digits(coefficient());
  return size_of_digits(digits, digits + exponent_, negative_);
}

size_t Number::encoded_item_size_bytes(Slice bytes) {
  const bool negative = !bytes.empty() && static_cast<uint8_t>(bytes[0]) < kZeroHeader;
  const auto byte = [&](size_t i) {
    return static_cast<int>(static_cast<uint8_t>(bytes[i]) ^ (negative ? 0xffu : 0u));
  };
  const size_t end = bytes.size() - (negative ? 1 : 0);
  const size_t begin = end > 0 && byte(0) == kLastHeader ? 2 : 1;
  if (end <= begin || end > kMaxEncodedBytes) return 1;  // zero, or no number
  const int exponent =
      begin == 2 ? kSharedExponent + byte(1) - 1 : byte(0) - kFirstHeader + kMinBase100Exponent;
  const int leading_zeros = byte(begin) - 1 < 10 ? 1 : 0;
  const int trailing_zeros = (byte(end - 1) - 1) % 10 == 0 ? 1 : 0;
  const int digits = 2 * static_cast<int>(end - begin) - leading_zeros - trailing_zeros;
  return size_of_digits(digits, 2 * exponent - leading_zeros, negative);
}

}  // namespace varve::index
