#include "index/number.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "base/random.h"
#include "tests/index/random_value.h"

namespace varve::index {
namespace {

constexpr Slice kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr Slice kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
constexpr Slice kDigits = "Attempting to store more than 38 significant digits in a Number";

std::string parsed(Slice text) {
  const Result<Number> n = Number::parse(text);
  return n.ok() ? n->to_string() : n.status().message();
}

Number number(Slice text) { return *Number::parse(text); }

std::string encoded(const Number& n) {
  std::string out;
  n.append_encoded(&out);
  return out;
}

TEST(Number, ParsesEverySpellingToTheCanonicalText) {
  const std::string nines(38, '9');
  const struct {
    std::string text;
    std::string canonical;
  } table[] = {
      {"0", "0"},
      {"-0", "0"},
      {"0.000", "0"},
      {"0e10", "0"},
      {"0e999999999999999999999", "0"},
      {"+1", "1"},
      {"01", "1"},
      {"1.0", "1"},
      {"1e0", "1"},
      {"1.", "1"},
      {".5", "0.5"},
      {"-.5E1", "-5"},
      {"01.50", "1.5"},
      {"1E+3", "1000"},
      {"123e-2", "1.23"},
      {"123e-3", "0.123"},
      {"123e-5", "0.00123"},
      {"-12.340", "-12.34"},
      {"100", "100"},
      {nines, nines},
      {"0000" + nines + "000.000", nines + "000"},
      {"1e125", "1" + std::string(125, '0')},
      {"1E-130", "0." + std::string(129, '0') + "1"},
      {"9.9999999999999999999999999999999999999E+125", nines + std::string(88, '0')},
      {std::string(500, '0') + "1" + std::string(100, '0') + "e-100", "1"},
  };
  for (const auto& row : table) EXPECT_EQ(parsed(row.text), row.canonical) << row.text;
}

TEST(Number, RefusesWithTheTextsOfDynamoDb) {
  const std::string bad = "The parameter cannot be converted to a numeric value";
  const struct {
    std::string text;
    std::string message;
  } table[] = {
      {"", bad},
      {" 1", bad + ":  1"},
      {"1 ", bad + ": 1 "},
      {"abc", bad + ": abc"},
      {"1e", bad + ": 1e"},
      {"1e+", bad + ": 1e+"},
      {".", bad + ": ."},
      {"-", bad + ": -"},
      {"--1", bad + ": --1"},
      {"1.2.3", bad + ": 1.2.3"},
      {"0x10", bad + ": 0x10"},
      {"NaN", bad + ": NaN"},
      {"Infinity", bad + ": Infinity"},
      {"1e5x", bad + ": 1e5x"},
      {"1,5", bad + ": 1,5"},
      {std::string(39, '9'), std::string(kDigits)},
      {"1." + std::string(37, '0') + "1", std::string(kDigits)},
      {"1e126", std::string(kOverflow)},
      {"-1e126", std::string(kOverflow)},
      {"1e1000000000000000000000000", std::string(kOverflow)},
      {"10e125", std::string(kOverflow)},
      {"1e-131", std::string(kUnderflow)},
      {"-1e-99999999999999999999", std::string(kUnderflow)},
      {"0.1e-130", std::string(kUnderflow)},
      {std::string(39, '9') + "e90", std::string(kOverflow)},
  };
  for (const auto& row : table) EXPECT_EQ(parsed(row.text), row.message) << row.text;
}

TEST(Number, SpellingsOfOneNumberAreEqualAndEncodeAlike) {
  for (const char* text : {"1", "1.0", "01", "+1", "1e0", "10e-1", "0.1e1"}) {
    EXPECT_EQ(number(text), number("1")) << text;
    EXPECT_EQ(encoded(number(text)), encoded(number("1"))) << text;
  }
}

TEST(Number, SumsAreThoseOfPythonsDecimal) {
  const struct {
    Slice left, right, sum;
  } table[] = {
#include "tests/index/number_sums.inc"
  };
  for (const auto& row : table) {
    const Number left = number(row.left);
    const Number right = number(row.right);
    const Result<Number> sum = left.add(right);
    const Result<Number> swapped = right.add(left);
    const Result<Number> difference = left.subtract(right.negated());
    const std::string expected(row.sum == "overflow" ? kOverflow : row.sum);
    EXPECT_EQ(sum.ok() ? sum->to_string() : sum.status().message(), expected)
        << row.left << " + " << row.right;
    EXPECT_EQ(swapped.ok() ? swapped->to_string() : swapped.status().message(), expected);
    EXPECT_EQ(difference.ok() ? difference->to_string() : difference.status().message(), expected);
  }
}

TEST(Number, ItemSizesAreThoseMeasuredOnDynamoDb) {
  const struct {
    std::string text;
    size_t bytes;
  } table[] = {
      {"0", 1},
      {"-0", 1},
      {"1", 2},
      {"12", 2},
      {"15", 2},
      {"123", 3},
      {"1234", 3},
      {"0042", 2},
      {"100", 2},
      {"1010", 3},
      {"0.0000001", 2},
      {"1E125", 2},
      {"1E-100", 2},
      {"1.5", 3},
      {"1.2", 3},
      {"1.200", 3},
      {"1.234", 4},
      {"3.14159", 5},
      {"123456", 4},
      {"100.5", 4},
      {"0.15", 2},
      {"-42", 3},
      {std::string(38, '9'), 20},
  };
  for (const auto& row : table) EXPECT_EQ(number(row.text).item_size_bytes(), row.bytes) << row.text;
}

TEST(Number, ItsSizeCanBeReadOffItsEncoding) {
  const auto check = [](const Number& n) {
    std::string encoded;
    n.append_encoded(&encoded);
    EXPECT_EQ(Number::encoded_item_size_bytes(encoded), n.item_size_bytes()) << n.to_string();
  };
  for (const char* text :
       {"0", "1", "-1", "10", "-10", "100", "1.5", "0.15", "0.05", "-42", "1E125", "-1E125", "1E124",
        "1E-130", "-1E-129", "9.9999999999999999999999999999999999999E125"}) {
    check(number(text));
  }
  constexpr uint64_t kSeed = 23;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  for (int i = 0; i < 20'000; ++i) check(random_number(&random));
  // Of any other bytes, some answer.
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.below(30), '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    EXPECT_GE(Number::encoded_item_size_bytes(bytes), 1u);
  }
}

TEST(Number, EncodedBytesSortAsTheNumbersDo) {
  const char* ascending[] = {"-9.9999999999999999999999999999999999999E125",
                             "-1e125",
                             "-1e124",
                             "-1e123",
                             "-1001",
                             "-1000",
                             "-100.5",
                             "-100",
                             "-99",
                             "-10",
                             "-9.5",
                             "-2",
                             "-1.5",
                             "-1.01",
                             "-1",
                             "-0.1",
                             "-0.01",
                             "-1e-129",
                             "-1e-130",
                             "0",
                             "1e-130",
                             "1.5e-130",
                             "1e-129",
                             "0.01",
                             "0.1",
                             "0.11",
                             "1",
                             "1.01",
                             "1.5",
                             "2",
                             "9.5",
                             "10",
                             "99",
                             "100",
                             "100.5",
                             "1000",
                             "1e123",
                             "1e124",
                             "1e125",
                             "9.9999999999999999999999999999999999999E125"};
  for (size_t i = 0; i + 1 < std::size(ascending); ++i) {
    EXPECT_LT(number(ascending[i]), number(ascending[i + 1])) << ascending[i];
    EXPECT_LT(encoded(number(ascending[i])), encoded(number(ascending[i + 1]))) << ascending[i];
  }
}

TEST(Number, RandomNumbersKeepTheirOrderAndReadBack) {
  const uint64_t seed = 0x5eed0001;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  size_t near = 0;
  for (int i = 0; i < 100000; ++i) {
    const Number a = random_number(&random);
    Number b = random_number(&random);
    if (random.one_in(3)) {  // a neighbour
      const Result<Number> moved = a.add(random_number(&random));
      if (moved.ok()) b = *moved;
      near += moved.ok();
    }
    const std::string x = encoded(a);
    const std::string y = encoded(b);
    ASSERT_EQ(a <=> b, x.compare(y) <=> 0) << a.to_string() << " " << b.to_string();
    ASSERT_EQ(a == b, x == y);
    ASSERT_EQ(Number::decode(x), a) << a.to_string();
    ASSERT_EQ(*Number::parse(a.to_string()), a);
    ASSERT_EQ(a.negated() <=> b.negated(), b <=> a);
  }
  EXPECT_GT(near, 1000u);
}

TEST(Number, EveryMagnitudeEncodesAndReadsBack) {
  std::string previous;
  for (int magnitude = Number::kMinMagnitude; magnitude <= Number::kMaxMagnitude; ++magnitude) {
    for (const char* digits :
         {"1", "1.2345678901234567890123456789012345678", "9.9", "9.9999999999999999999999999999999999999"}) {
      const Number n = number(digits + ("e" + std::to_string(magnitude)));
      EXPECT_EQ(n.magnitude(), magnitude);
      const std::string bytes = encoded(n);
      ASSERT_LE(bytes.size(), Number::kMaxEncodedBytes);
      EXPECT_LT(previous, bytes);
      EXPECT_EQ(Number::decode(bytes), n);
      EXPECT_EQ(Number::decode(encoded(n.negated())), n.negated());
      previous = bytes;
    }
  }
}

TEST(Number, DecodeRefusesWhatEncodeDoesNotWrite) {
  const std::string refused[] = {
      "",
      std::string(1, '\x81'),                            // a header without digits
      std::string("\x80\x01", 2),                        // zero with a digit
      std::string("\xc1\x01", 2),                        // leading zero pair
      std::string("\xc1\x02\x01", 3),                    // trailing zero pair
      std::string("\xc1\x65", 2),                        // digit 100
      std::string("\xff\x03\x02", 3),                    // exponent beyond the range
      std::string("\x3e\xfd", 2),                        // negative without its terminator
      std::string("\xc1", 1) + std::string(20, '\x0b'),  // 40 digits
      std::string("\xc1", 1) + std::string(21, '\x64'),
  };
  for (const std::string& bytes : refused) EXPECT_FALSE(Number::decode(bytes)) << bytes.size();
  EXPECT_TRUE(Number::decode(std::string("\x3e\xfd\xff", 3)));
}

TEST(Number, WholeNumbersConvertWhereTheyFit) {
  EXPECT_EQ(number("9223372036854775807").to_int64(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(number("-9223372036854775808").to_int64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(number("9223372036854775808").to_int64(), std::nullopt);
  EXPECT_EQ(number("1.5").to_int64(), std::nullopt);
  EXPECT_EQ(number("12e3").to_int64(), 12000);
  EXPECT_EQ(number("1e30").to_int64(), std::nullopt);
  EXPECT_EQ(number("0").to_int64(), 0);
  for (const int64_t v : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0}, int64_t{90}}) {
    EXPECT_EQ(Number(v).to_int64(), v);
    EXPECT_EQ(Number(v).to_string(), std::to_string(v));
  }
}

}  // namespace
}  // namespace varve::index
