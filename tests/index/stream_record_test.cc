#include "index/stream_record.h"

#include <gtest/gtest.h>

#include "base/coding.h"

namespace varve::index {
namespace {

std::string stamped(const StreamChange& change, uint64_t time_us) {
  std::string value(8, '\0');
  store_big64(value.data(), time_us);
  return value + encode_stream_change(change);
}

std::string unhex(Slice text) {
  std::string bytes;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    i += 2;
  }
  return bytes;
}

TEST(StreamRecord, TheExampleOfTheFormatDocument) {
  const std::string key = unhex("0000000000000007 00000001");
  const std::string whole = unhex("0000000000000009 01 03 02 02 4b31 03 010100");
  const auto removal = decode_stream_record(key, whole);
  ASSERT_TRUE(removal.ok()) << removal.status().to_string();
  EXPECT_EQ(removal->position, (StreamPosition{SequenceNumber(7), 1}));
  EXPECT_EQ(removal->commit_time_us, 9u);
  EXPECT_EQ(removal->change.event, StreamEvent::kRemove);
  EXPECT_FALSE(removal->change.by_service);
  EXPECT_EQ(removal->change.tree_key, "K1");
  EXPECT_TRUE(removal->change.new_image.empty());
  EXPECT_EQ(removal->change.old_image, unhex("010100"));
  EXPECT_EQ(stamped(removal->change, 9), whole);
}

TEST(StreamRecord, ChangesReadBack) {
  for (const bool by_service : {false, true}) {
    for (const StreamEvent event : {StreamEvent::kInsert, StreamEvent::kModify, StreamEvent::kRemove}) {
      for (const Slice new_image : {Slice(), Slice("new")}) {
        for (const Slice old_image : {Slice(), Slice("older")}) {
          const StreamChange change{event, by_service, "tree key", new_image, old_image};
          const std::string value = stamped(change, 12345);
          const auto record = decode_stream_record(encode_stream_key({SequenceNumber(5), 17}), value);
          ASSERT_TRUE(record.ok());
          EXPECT_EQ(record->change.event, event);
          EXPECT_EQ(record->change.by_service, by_service);
          EXPECT_EQ(record->change.new_image, new_image);
          EXPECT_EQ(record->change.old_image, old_image);
          for (size_t cut = 0; cut < value.size(); ++cut) {
            EXPECT_EQ(decode_stream_record(encode_stream_key({}), Slice(value).substr(0, cut)).code(),
                      ErrorCode::kCorruption);
          }
        }
      }
    }
  }
}

TEST(StreamRecord, DamageIsCorruption) {
  const std::string key = encode_stream_key({SequenceNumber(1), 0});
  const std::string good = stamped({StreamEvent::kInsert, false, "k", "n", ""}, 1);
  const auto with = [&](size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return decode_stream_record(key, bytes).code();
  };
  EXPECT_EQ(with(8, 2), ErrorCode::kCorruption) << "version";
  EXPECT_EQ(with(9, 0), ErrorCode::kCorruption) << "event";
  EXPECT_EQ(with(9, 4), ErrorCode::kCorruption) << "event";
  EXPECT_EQ(with(10, 9), ErrorCode::kCorruption) << "flags";
  EXPECT_EQ(decode_stream_record(key, good + "x").code(), ErrorCode::kCorruption) << "bytes left over";
  EXPECT_EQ(decode_stream_record("short", good).code(), ErrorCode::kCorruption);
  EXPECT_EQ(decode_stream_record(encode_stream_key({SequenceNumber(1), 100'000}), good).code(),
            ErrorCode::kCorruption);
}

TEST(StreamPosition, NumbersAreInOrderAsTextAndReadBack) {
  const StreamPosition positions[] = {{SequenceNumber(0), 0},
                                      {SequenceNumber(0), 1},
                                      {SequenceNumber(9), StreamPosition::kMaxOrdinal},
                                      {SequenceNumber(10), 0},
                                      {SequenceNumber(99'999), 5},
                                      {SequenceNumber(100'000), 4},
                                      {kMaxSequence, StreamPosition::kMaxOrdinal}};
  std::string last_text, last_key;
  for (const StreamPosition& position : positions) {
    const std::string text = sequence_number_text(position);
    EXPECT_EQ(text.size(), 26u);
    EXPECT_GT(text, last_text);
    EXPECT_EQ(parse_sequence_number(text), position);
    const std::string key = encode_stream_key(position);
    EXPECT_GT(key, last_key);
    ASSERT_TRUE(decode_stream_key(key).ok());
    EXPECT_EQ(*decode_stream_key(key), position);
    EXPECT_GT(position.next(), position);
    last_text = text;
    last_key = key;
  }
  EXPECT_EQ(sequence_number_text({SequenceNumber(42), 3}), "10000000000000000004200003");
  for (const char* bad :
       {"", "1", "100000000000000000042", "20000000000000000004200003", "1000000000000000000420000x",
        "100000000000000000042000030", "19999999999999999999900000"}) {
    EXPECT_FALSE(parse_sequence_number(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace varve::index
