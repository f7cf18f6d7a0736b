#include <gtest/gtest.h>

#include "api/json/base64.h"
#include "api/json/document.h"
#include "api/json/writer.h"
#include "base/random.h"

namespace varve::api::json {
namespace {

std::string as_json_string(Slice text) {
  std::string out;
  append_quoted(text, &out);
  return out;
}

TEST(JsonWriter, EscapesQuotesBackslashesAndControlCharactersOnly) {
  EXPECT_EQ(as_json_string("a\"b\\c/é😀"), "\"a\\\"b\\\\c/é😀\"");
  EXPECT_EQ(as_json_string(Slice("\x00\x01\b\t\n\f\r\x1f\x7f", 9)),
            "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\x7f\"");
}

// Text is looked at by eights: whatever must be escaped is found at every place in them, and nothing else is.
TEST(JsonWriter, EveryByteAtEveryPlaceIsEscapedAsItShouldBe) {
  for (size_t length = 1; length <= 18; ++length) {
    for (size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, '~');
        text[place] = static_cast<char>(byte);
        std::string out;
        JsonWriter(&out).string(text);
        const bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
        ASSERT_EQ(out.size() > length + 2, escaped) << byte << " at " << place << " of " << length;
        if (!escaped) {
          ASSERT_EQ(out, '"' + text + '"');
        } else {
          Document document;
          const auto parsed = document.parse(out);
          ASSERT_TRUE(parsed.ok()) << out;
          ASSERT_EQ(string_of(*parsed), text);
        }
      }
    }
  }
}

TEST(JsonWriter, DecimalsAlwaysHaveAFractionAndNeverAnExponent) {
  const auto decimal = [](double value) {
    std::string out;
    JsonWriter(&out).decimal(value);
    return out;
  };
  EXPECT_EQ(decimal(1), "1.0");
  EXPECT_EQ(decimal(0.5), "0.5");
  EXPECT_EQ(decimal(127.5), "127.5");
  EXPECT_EQ(decimal(0), "0.0");
  EXPECT_EQ(decimal(1e15), "1000000000000000.0");
}

TEST(JsonWriter, TimestampsAreSecondsWithMilliseconds) {
  std::string out;
  JsonWriter(&out).timestamp(1'767'225'600'023'999);
  EXPECT_EQ(out, "1767225600.023");
}

TEST(Document, ReadsBackWhatTheWriterEscaped) {
  Random random(5);
  std::printf("seed 5\n");
  Document document;
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (uint64_t left = random.below(40); left > 0; --left) text += static_cast<char>(random.below(128));
    const std::string written = as_json_string(text);
    const auto parsed = document.parse(written);
    ASSERT_TRUE(parsed.ok()) << written;
    EXPECT_EQ(string_of(*parsed), text);
  }
}

TEST(Document, RefusesTailsInvalidUtf8AndDepthBeyondTheLimit) {
  Document document;
  EXPECT_TRUE(document.parse("{\"a\":1} \n").ok());
  for (const Slice bad : {"{\"a\":1}x", "{\"a\":1}{}", "[1,]", "{\"a\"}", "", " ", "nul", "\"\xff\"", "01",
                          "\"\\ud800\"", "99999999999999999999999"}) {
    EXPECT_FALSE(document.parse(bad).ok()) << bad;
  }
  const auto nested = [](size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
  EXPECT_TRUE(document.parse(nested(kMaxDepth - 1)).ok());
  EXPECT_FALSE(document.parse(nested(kMaxDepth + 1)).ok());
  EXPECT_FALSE(document.parse(nested(1'000'000)).ok());
}

TEST(Document, GoesOnAfterALargeTextAndAfterAnError) {
  Document document;
  const std::string large = "\"" + std::string(3u << 20, 'x') + "\"";
  for (int i = 0; i < 3; ++i) {
    const auto parsed = document.parse(large);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(string_of(*parsed).size(), 3u << 20);
    EXPECT_FALSE(document.parse("{").ok());
    EXPECT_TRUE(document.parse("{\"a\":[1,2]}").ok());
  }
  EXPECT_EQ(document.parse(std::string(kMaxDocumentBytes + 1, ' ')).code(), ErrorCode::kResourceExhausted);
}

TEST(Base64, EveryLengthGoesThereAndBack) {
  std::string bytes;
  for (int length = 0; length < 70; ++length) {
    std::string text, back;
    append_base64(bytes, &text);
    EXPECT_EQ(text.size() % 4, 0u);
    ASSERT_EQ(decode_base64(text, &back), Base64Error::kNone) << text;
    EXPECT_EQ(back, bytes);
    bytes += static_cast<char>(length * 37 + 200);
  }
}

TEST(Base64, EveryBlobHasOneSpelling) {
  std::string out;
  EXPECT_EQ(decode_base64("YQ==", &out), Base64Error::kNone);
  EXPECT_EQ(decode_base64("YR==", &out), Base64Error::kCharacter);
  EXPECT_EQ(decode_base64("YWJ=", &out), Base64Error::kCharacter);
  EXPECT_EQ(decode_base64("Y===", &out), Base64Error::kCharacter);
  EXPECT_EQ(decode_base64("====", &out), Base64Error::kCharacter);
  EXPECT_EQ(decode_base64("YQ=a", &out), Base64Error::kCharacter);
  EXPECT_EQ(decode_base64("YQ-_", &out), Base64Error::kCharacter);
  EXPECT_EQ(decode_base64("YQ=", &out), Base64Error::kLength);
}

}  // namespace
}  // namespace varve::api::json
