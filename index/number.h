// Number: DynamoDB's exact decimal of at most 38 significant digits.
//
// value = (-1)^negative * coefficient * 10^exponent, kept in normal form:
//   I1  zero is (coefficient 0, exponent 0, not negative): there is no negative zero;
//   I2  otherwise the coefficient is in [1, 10^38) and its last decimal digit is not 0;
//   I3  the power of ten of the leading digit (the magnitude) is in [-130, 125].
// So equal numbers have equal representations, however they were spelt ("1", "1.0", "+01e0").
//
// Errors: parse, add and subtract answer kInvalidArgument with the exact text DynamoDB sends.
// Threads: a value of 24 bytes; shares nothing, allocates nothing except in to_string.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/slice.h"

namespace varve::index {

class Number {
 public:
  using Coefficient = unsigned __int128;
  static constexpr int kMaxDigits = 38;
  static constexpr int kMinMagnitude = -130;
  static constexpr int kMaxMagnitude = 125;
  // The longest encode() result: two header bytes, 20 base-100 digits, one terminator of negatives.
  static constexpr size_t kMaxEncodedBytes = 23;

  Number() = default;  // zero
  explicit Number(int64_t value);
  static Number from_unsigned(uint64_t value);

  // Accepts [+-]?(digits[.digits*]|.digits)([eE][+-]?digits)? and nothing else. Leading and trailing zeros do not count
  // as digits. The order of checks is syntax, overflow, underflow, digits. Linear in the text whatever the exponent
  // says.
  static Result<Number> parse(Slice text);

  // Plain decimal, never an exponent, at most 169 characters.
  std::string to_string() const;

  bool is_zero() const { return high_ == 0 && low_ == 0; }
  bool is_negative() const { return negative_; }
  Coefficient coefficient() const { return (static_cast<Coefficient>(high_) << 64) | low_; }
  int exponent() const { return exponent_; }
  // The power of ten of the leading digit; 0 for zero.
  int magnitude() const;
  // The value, when it is a whole number that fits.
  std::optional<int64_t> to_int64() const;

  Number negated() const;
  // Exact, or "Number overflow. ..." when the exact result has more than 38 digits or is out of range.
  Result<Number> add(const Number& other) const;
  Result<Number> subtract(const Number& other) const { return add(other.negated()); }

  // The bytes of the number in keys and items (FORMAT.md "Number"): comparing two encodings as byte strings
  // compares the numbers, and equal numbers have equal bytes. Not self-delimiting: whoever stores it knows
  // the length. Writes at most kMaxEncodedBytes and returns how many.
  size_t encode(char* destination) const;
  void append_encoded(std::string* out) const;
  // nullopt unless the bytes are exactly what encode writes for some number.
  static std::optional<Number> decode(Slice bytes);

  // What DynamoDB counts towards the item size: 1 + a byte per two digits on each side of the point + 1 if negative.
  size_t item_size_bytes() const;
  // The same of an encoded number, read off its bytes. Of bytes that encode none: anything, but memory-safe.
  static size_t encoded_item_size_bytes(Slice bytes);

  bool operator==(const Number&) const = default;
  std::strong_ordering operator<=>(const Number& other) const;

 private:
  // Strips trailing zeros; the caller guarantees I2's bound and checks I3.
  static Number normal(bool negative, Coefficient coefficient, int exponent);
  static Result<Number> checked(bool negative, Coefficient coefficient, int exponent);

  uint64_t high_ = 0;
  uint64_t low_ = 0;
  int16_t exponent_ = 0;
  bool negative_ = false;
};

// The number of decimal digits of a value; 0 for 0.
int decimal_digits(Number::Coefficient value);

}  // namespace varve::index
