#include "base/coding.h"

#include <gtest/gtest.h>

#include <limits>

namespace varve {
namespace {

TEST(Coding, EveryWrittenIntegerReadsBack) {
  std::string bytes;
  ByteWriter writer(&bytes);
  const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, std::numeric_limits<uint64_t>::max()};
  writer.u8(7);
  writer.u16(0x1234);
  writer.u32(0x12345678);
  writer.u64(0x123456789abcdef0);
  for (uint64_t v : values) writer.varint(v);
  writer.string("hello");

  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 7);
  EXPECT_EQ(reader.u16(), 0x1234);
  EXPECT_EQ(reader.u32(), 0x12345678u);
  EXPECT_EQ(reader.u64(), 0x123456789abcdef0u);
  for (uint64_t v : values) EXPECT_EQ(reader.varint(), v);
  EXPECT_EQ(reader.string(), "hello");
  EXPECT_TRUE(reader.done());
}

TEST(Coding, ShortInputFailsOnceAndForAll) {
  ByteReader reader(
      Slice("\x05"
            "abc",
            4));
  EXPECT_EQ(reader.string(), "");
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.done());
}

TEST(Coding, OverlongVarintIsRefused) {
  const std::string eleven(11, '\x80');
  ByteReader reader(eleven);
  reader.varint();
  EXPECT_TRUE(reader.failed());
}

TEST(Coding, BigEndianSortsAsBytes) {
  char low[8], high[8];
  store_big64(low, 255);
  store_big64(high, 256);
  EXPECT_LT(Slice(low, 8), Slice(high, 8));
  EXPECT_EQ(load_big64(high), 256u);
}

}  // namespace
}  // namespace varve
