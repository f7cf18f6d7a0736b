#include "lsm/sstable/block.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/coding.h"
#include "base/random.h"
#include "lsm/sstable/block_builder.h"
#include "lsm/sstable/common_prefix.h"
#include "lsm/sstable/index_builder.h"
#include "tests/lsm/table_model.h"

namespace varve::lsm {
namespace {

std::string key_at(Slice user_key, uint64_t sequence) {
  return make_internal_key(user_key, SequenceNumber(sequence), ValueKind::kPut);
}

std::string build(const TableModel& model, uint32_t restart_interval) {
  BlockBuilder builder(restart_interval);
  for (const auto& [key, value] : model.entries) {
    const size_t bound = builder.size_bytes_with(key, value);
    builder.add(key, value);
    EXPECT_LE(builder.size_bytes(), bound);
  }
  const size_t stated = builder.size_bytes();
  std::string bytes(builder.finish());
  EXPECT_EQ(bytes.size(), stated);
  return bytes;
}

TEST(InternalKey, OrdersUserKeysUpAndSequencesDown) {
  const std::string ordered[] = {key_at("", 9),  key_at("", 1),   key_at("a", 300), key_at("a", 256),
                                 key_at("a", 2), key_at("aa", 5), key_at("ab", 1),  key_at("b", 7)};
  for (size_t i = 0; i < std::size(ordered); ++i) {
    for (size_t j = 0; j < std::size(ordered); ++j) {
      const int order = compare_internal(ordered[i], ordered[j]);
      EXPECT_EQ(order < 0, i < j) << i << " " << j;
      EXPECT_EQ(order == 0, i == j);
    }
  }
  EXPECT_LT(compare_internal(make_seek_key("a", SequenceNumber(256)), key_at("a", 256)), 0);
  EXPECT_GT(compare_internal(make_seek_key("a", SequenceNumber(256)), key_at("a", 257)), 0);
}

TEST(InternalKey, UnknownKindsAndShortKeysDoNotParse) {
  EXPECT_FALSE(parse_internal_key("1234567").has_value());
  EXPECT_FALSE(parse_internal_key(make_seek_key("a", SequenceNumber(1))).has_value());
  const std::string key = key_at("a", 77);
  const auto parsed = parse_internal_key(key);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->user_key, "a");
  EXPECT_EQ(parsed->sequence, SequenceNumber(77));
  EXPECT_EQ(parsed->kind, ValueKind::kPut);
}

TEST(CommonPrefix, EqualsTheByteByByteAnswer) {
  Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string a(random.below(40), 'x');
    std::string b = a.substr(0, random.below(a.size() + 1)) + std::string(random.below(20), 'x');
    if (!a.empty() && random.one_in(2)) a[random.below(a.size())] = 'y';
    size_t expected = 0;
    while (expected < a.size() && expected < b.size() && a[expected] == b[expected]) ++expected;
    ASSERT_EQ(common_prefix_length(a, b), expected) << a << " " << b;
  }
}

TEST(Separator, LiesBetweenItsNeighboursAndIsShort) {
  EXPECT_EQ(user_key_of(shortest_separator(key_at("customer/17/order", 5), key_at("customer/29/order", 3))),
            "customer/2");
  // Between versions of one key only the key itself separates.
  EXPECT_EQ(shortest_separator(key_at("k", 5), key_at("k", 3)), key_at("k", 5));
  Random random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string keys[2];
    for (std::string& key : keys) {
      for (uint64_t n = random.below(6); n > 0; --n) key.push_back("\x00\x01\x61\xff"[random.below(4)]);
      key = key_at(key, random.between(1, 3));
    }
    if (compare_internal(keys[0], keys[1]) >= 0) continue;
    const std::string separator = shortest_separator(keys[0], keys[1]);
    ASSERT_LE(compare_internal(keys[0], separator), 0);
    ASSERT_LT(compare_internal(separator, keys[1]), 0);
    ASSERT_LE(separator.size(), keys[0].size());
  }
}

TEST(Block, EmptyBlockHasNoEntries) {
  BlockBuilder builder(16);
  Block block;
  ASSERT_TRUE(block.parse(builder.finish()));
  EXPECT_EQ(block.lower_bound("a", 0).outcome, Block::Found::kPastEnd);
  BlockIterator at;
  at.reset(block);
  at.seek_to_first();
  EXPECT_FALSE(at.valid());
  at.seek_to_last();
  EXPECT_FALSE(at.valid());
  EXPECT_FALSE(at.corrupt());
}

TEST(Block, SearchesAgreeWithAMapForEveryRestartInterval) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const TableModel model = random_model(&random, random.between(1, 150));
    const auto interval = static_cast<uint32_t>(random.between(1, 20));
    const std::string bytes = build(model, interval);
    Block block;
    ASSERT_TRUE(block.parse(bytes));
    ASSERT_TRUE(block.well_formed());
    BlockIterator at;
    at.reset(block);
    for (int probe = 0; probe < 300; ++probe) {
      std::string user_key;
      if (random.one_in(3)) {
        user_key = printable_key(random.below(300));
      } else {
        auto near = model.entries.begin();
        std::advance(near, random.below(model.entries.size()));
        user_key = user_key_of(near->first);
        if (random.one_in(3) && !user_key.empty()) user_key.pop_back();
        if (random.one_in(3)) user_key.push_back(static_cast<char>(random.next()));
      }
      const std::string target = make_seek_key(user_key, SequenceNumber(random.below(160)));
      const auto expected = model.entries.lower_bound(target);
      const Block::Found found = block.lower_bound(user_key_of(target), trailer_of(target));
      at.seek(target);
      if (expected == model.entries.end()) {
        ASSERT_EQ(found.outcome, Block::Found::kPastEnd);
        ASSERT_FALSE(at.valid());
      } else {
        ASSERT_EQ(found.outcome, Block::Found::kEntry);
        ASSERT_EQ(found.same_user_key, user_key_of(expected->first) == user_key);
        ASSERT_EQ(found.trailer, trailer_of(expected->first));
        ASSERT_EQ(found.value, expected->second);
        ASSERT_TRUE(at.valid());
        ASSERT_EQ(at.key(), expected->first);
        ASSERT_EQ(at.value(), expected->second);
      }
      auto before = model.entries.upper_bound(target);
      at.seek_for_prev(target);
      ASSERT_EQ(at.valid(), before != model.entries.begin());
      if (at.valid()) {
        ASSERT_EQ(at.key(), (--before)->first);
      }
    }
  }
}

TEST(Block, RandomWalksBothWaysAgreeWithAMap) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const TableModel model = random_model(&random, random.between(1, 120));
    const std::string bytes = build(model, static_cast<uint32_t>(random.between(1, 20)));
    Block block;
    ASSERT_TRUE(block.parse(bytes));
    BlockIterator at;
    at.reset(block);
    auto expected = model.entries.end();
    for (int step = 0; step < 600; ++step) {
      if (!at.valid()) {
        if (random.one_in(2)) {
          at.seek_to_first();
          expected = model.entries.begin();
        } else {
          at.seek_to_last();
          expected = std::prev(model.entries.end());
        }
      } else if (random.below(5) < 2) {
        at.next();
        ++expected;
      } else {
        at.prev();
        expected = expected == model.entries.begin() ? model.entries.end() : std::prev(expected);
      }
      ASSERT_FALSE(at.corrupt());
      ASSERT_EQ(at.valid(), expected != model.entries.end());
      if (at.valid()) {
        ASSERT_EQ(at.key(), expected->first);
        ASSERT_EQ(at.value(), expected->second);
      }
    }
  }
}

// Without the checksum that stands before it, a block full of lies: searches and walks must end, inside the
// bytes (the sanitizer builds watch that), whatever they find.
TEST(Block, ArbitraryBytesNeverHangOrReadOutside) {
  Random random(3);
  TableModel model;
  for (int i = 0; i < 60; ++i)
    model.put("prefix/" + printable_key(i * 7), 5, std::string(random.below(20), 'v'));
  const std::string good = build(model, 8);
  for (int round = 0; round < 4000; ++round) {
    // An exact heap copy, so that one byte too far is seen.
    std::vector<char> bytes(good.begin(), good.end());
    for (uint64_t n = random.between(1, 4); n > 0; --n) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.one_in(3) ? 0xff : random.next());
    }
    if (random.one_in(4))
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<long>(random.below(bytes.size())));
    Block block;
    if (!block.parse(Slice(bytes.data(), bytes.size()))) continue;
    block.lower_bound("prefix/0000000123", pack_seek_trailer(SequenceNumber(9)));
    BlockIterator at;
    at.reset(block);
    size_t steps = 0;
    for (at.seek_to_first(); at.valid(); at.next()) ++steps;
    for (at.seek_to_last(); at.valid(); at.prev()) ++steps;
    ASSERT_LE(steps, 2 * good.size());
    at.seek_for_prev(make_seek_key("prefix/0000000200", SequenceNumber(9)));
  }
}

TEST(Block, LongChainsOfSharedPrefixesAreRefusedBackward) {
  // One restart, a 60 KB key, and then thousands of entries that repeat all of it for twelve bytes each, which no builder
  // makes: unpacked for prev() they would take gigabytes.
  const std::string prefix(60000, 'p');
  std::string bytes;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = key_at(prefix + printable_key(i), 1);
    const size_t shared = i == 0 ? 0 : prefix.size();
    char header[3 * kMaxVarint64Bytes];
    char* end = store_varint64(header, shared);
    end = store_varint64(end, user_key_of(key).size() - shared);
    end = store_varint64(end, 0);
    bytes.append(header, static_cast<size_t>(end - header)).append(key.substr(shared));
  }
  ByteWriter writer(&bytes);
  writer.u32(0);  // the offset of the one restart
  writer.u32(1);
  Block block;
  ASSERT_TRUE(block.parse(bytes));
  BlockIterator at;
  at.reset(block);
  at.seek_to_last();
  EXPECT_FALSE(at.valid());
  EXPECT_TRUE(at.corrupt());
}

}  // namespace
}  // namespace varve::lsm
