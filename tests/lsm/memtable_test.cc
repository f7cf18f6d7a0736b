#include "lsm/memtable/memtable.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "base/io/thread.h"
#include "base/random.h"

namespace varve::lsm {
namespace {

struct Unref {
  void operator()(Memtable* memtable) const { memtable->unref(); }
};
using MemtablePointer = std::unique_ptr<Memtable, Unref>;

std::string random_key(Random* random) {
  std::string key(random->below(20), '\0');
  for (char& c : key) c = "\0a\x7f\xff"[random->below(4)];
  return key;
}

TEST(KeyPrefix, OrdersAsBytesDo) {
  Random random(11);
  for (int i = 0; i < 20000; ++i) {
    const std::string a = random_key(&random), b = random_key(&random);
    if (key_prefix(a) < key_prefix(b)) {
      EXPECT_LT(a, b);
    }
    if (a <= b) {
      EXPECT_LE(key_prefix(a), key_prefix(b));
    }
  }
}

TEST(Memtable, HoldsWhatAMapHoldsInInternalKeyOrder) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    MemtablePointer memtable(new Memtable);
    std::map<std::string, std::string, InternalKeyLess> expected;
    for (uint64_t sequence = 1; sequence <= 1500; ++sequence) {
      const std::string key = random_key(&random);
      const ValueKind kind = random.one_in(5) ? ValueKind::kDelete : ValueKind::kPut;
      const std::string value = kind == ValueKind::kDelete ? "" : "v" + std::to_string(sequence);
      memtable->insert(SequenceNumber(sequence), kind, key, value);
      expected[make_internal_key(key, SequenceNumber(sequence), kind)] = value;
    }
    ASSERT_EQ(memtable->entries(), expected.size());
    const auto cursor = memtable->iterate();
    cursor->seek_to_first();
    for (const auto& [key, value] : expected) {
      ASSERT_TRUE(cursor->valid());
      EXPECT_EQ(cursor->key(), key);
      EXPECT_EQ(cursor->value(), value);
      cursor->next();
    }
    EXPECT_FALSE(cursor->valid());
    cursor->seek_to_last();
    for (auto it = expected.rbegin(); it != expected.rend(); ++it) {
      ASSERT_TRUE(cursor->valid());
      EXPECT_EQ(cursor->key(), it->first);
      cursor->prev();
    }
    EXPECT_FALSE(cursor->valid());
    for (int i = 0; i < 500; ++i) {
      const std::string user_key = random_key(&random);
      const SequenceNumber at(random.below(1600));
      const std::string target = make_seek_key(user_key, at);
      const auto after = expected.lower_bound(target);
      cursor->seek(target);
      ASSERT_EQ(cursor->valid(), after != expected.end());
      if (cursor->valid()) {
        EXPECT_EQ(cursor->key(), after->first);
      }
      cursor->seek_for_prev(target);
      ASSERT_EQ(cursor->valid(), after != expected.begin());
      if (cursor->valid()) {
        EXPECT_EQ(cursor->key(), std::prev(after)->first);
      }
      Memtable::Found found;
      const bool hit = after != expected.end() && user_key_of(after->first) == user_key;
      ASSERT_EQ(memtable->get(LookupKey(user_key, at), &found), hit);
      if (hit) {
        EXPECT_EQ(found.sequence, sequence_of(after->first));
      }
    }
  }
}

TEST(SkipList, ApproachesThatTakeTurnsArriveWhereASeekDoes) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Arena arena;
    SkipList list(&arena);
    const uint64_t entries = random.below(2000);
    for (uint64_t i = 0; i < entries; ++i) {
      list.insert(random_key(&random), pack_trailer(SequenceNumber(i + 1), ValueKind::kPut), "value");
    }
    std::vector<std::string> keys(1 + random.below(40));
    for (std::string& key : keys) key = random_key(&random);
    std::vector<SkipList::Approach> approaches;
    for (const std::string& key : keys) approaches.emplace_back(list, key);
    for (bool under_way = true; under_way;) {
      under_way = false;
      for (SkipList::Approach& approach : approaches) under_way = approach.step() || under_way;
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(approaches[i].place(), list.seek(keys[i], pack_seek_trailer(kMaxSequence)));
      EXPECT_FALSE(approaches[i].step());
    }
  }
  EXPECT_FALSE(SkipList::Approach().step());
}

void append_big64(std::string* out, uint64_t value) {
  char bytes[8];
  store_big64(bytes, value);
  out->append(bytes, sizeof bytes);
}

// Keys as tables have them: a hash, then one or many entries of a collection. Entry points may only shorten the way.
TEST(SkipList, FindsTheSameWithEntryPoints) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Arena arena;
    SkipList list(&arena);
    std::vector<std::string> hashes(1 + random.below(seed % 2 == 0 ? 20'000 : 50));
    for (std::string& hash : hashes) append_big64(&hash, seed % 3 == 0 ? random.next() >> 40 : random.next());
    const auto any_key = [&] {
      return hashes[random.below(hashes.size())] + std::to_string(random.below(1000));
    };
    std::set<std::string> expected;  // internal keys with the trailer so that they order as bytes do
    const auto ordered = [](const std::string& key, uint64_t sequence) {
      std::string out = key;
      out.push_back('\0');  // no key has one after its hash, so a shorter key comes first
      append_big64(&out, UINT64_MAX - sequence);
      return out;
    };
    for (uint64_t sequence = 1; sequence <= 30'000; ++sequence) {
      const std::string key = any_key();
      list.insert(key, pack_trailer(SequenceNumber(sequence), ValueKind::kPut), "v");
      expected.insert(ordered(key, sequence));
    }
    EXPECT_EQ(list.entries(), expected.size());
    const auto order_of = [&](const SkipList::Node* node) {
      return ordered(std::string(node->user_key()), trailer_sequence(node->trailer()).value);
    };
    for (int i = 0; i < 3000; ++i) {
      std::string key = any_key();
      if (random.below(4) == 0) {
        key.clear();
        append_big64(&key, random.next());
      }
      const SequenceNumber at(random.below(31'000));
      const auto after = expected.lower_bound(ordered(key, at.value));
      const SkipList::Node* const found = list.seek(key, pack_seek_trailer(at));
      ASSERT_EQ(found == nullptr, after == expected.end());
      if (found != nullptr) {
        ASSERT_EQ(order_of(found), *after);
      }
      const SkipList::Node* const before = list.seek_before(key, pack_seek_trailer(at));
      ASSERT_EQ(before == nullptr, after == expected.begin());
      if (before != nullptr) {
        ASSERT_EQ(order_of(before), *std::prev(after));
      }
      SkipList::Approach approach(list, key);
      while (approach.step()) {
      }
      EXPECT_EQ(approach.place(), list.seek(key, pack_seek_trailer(kMaxSequence)));
    }
  }
}

TEST(SkipList, AKeyThatBeginsWithAHashIsAFewStepsAway) {
  Random random(7);
  Arena arena;
  SkipList list(&arena);
  std::vector<std::string> keys(100'000);
  for (std::string& key : keys) append_big64(&key, random.next());
  for (const std::string& key : keys) list.insert(key, pack_trailer(SequenceNumber(1), ValueKind::kPut), "");
  uint64_t steps = 0;
  for (int i = 0; i < 1000; ++i) {
    SkipList::Approach approach(list, keys[random.below(keys.size())]);
    while (approach.step()) ++steps;
  }
  EXPECT_LT(steps, 1000 * 9);  // from the head: some 19 each
}

// The items of one collection, written by one batch, have one trailer, and keys that begin alike.
TEST(SkipList, EntriesOfOneBatchThatBeginAlikeAreFoundInFewSteps) {
  Arena arena;
  SkipList list(&arena);
  const auto key = [](int i) {
    return "a long prefix that all of them share " + std::to_string(100'000 + i);
  };
  const uint64_t trailer = pack_trailer(SequenceNumber(7), ValueKind::kPut);
  for (int i = 0; i < 20'000; ++i) list.insert(key(i), trailer, "");
  for (int i = 0; i < 20'000; i += 997) {
    const std::string wanted = key(i);
    SkipList::Approach approach(list, wanted);
    int steps = 0;
    while (approach.step()) ++steps;
    EXPECT_LT(steps, 120) << i;
  }
}

TEST(Memtable, ConcurrentInsertsAreAllFoundInOrder) {
  MemtablePointer memtable(new Memtable);
  constexpr uint64_t kThreads = 4, kEach = 5000;
  std::vector<io::Thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back("inserter", [&memtable, t] {
      Random random(t);
      for (uint64_t i = 0; i < kEach; ++i) {
        const SequenceNumber sequence(1 + i * kThreads + t);
        const std::string key = std::to_string(random.below(1000));
        memtable->insert(sequence, ValueKind::kPut, key, key);
        Memtable::Found found;
        ASSERT_TRUE(memtable->get(LookupKey(key, sequence), &found));
        ASSERT_EQ(found.value, key);
        ASSERT_EQ(found.sequence, sequence);
      }
    });
  }
  for (io::Thread& thread : threads) thread.join();
  uint64_t count = 0;
  std::string last;
  const auto cursor = memtable->iterate();
  for (cursor->seek_to_first(); cursor->valid(); cursor->next()) {
    if (count++ > 0) {
      ASSERT_LT(compare_internal(last, cursor->key()), 0);
    }
    last = cursor->key();
  }
  EXPECT_EQ(count, kThreads * kEach);
  EXPECT_EQ(memtable->entries(), count);
  EXPECT_EQ(memtable->oldest_sequence(), SequenceNumber(1));
}

TEST(Memtable, AnEmptyOneIsSmallAndMemoryIsCountedAsItGrows) {
  MemtablePointer memtable(new Memtable);
  EXPECT_LT(memtable->memory_bytes(), 1024u);
  EXPECT_EQ(memtable->oldest_sequence(), kMaxSequence);
  uint64_t before = memtable->memory_bytes();
  uint64_t payload = 0;
  for (uint64_t i = 1; i <= 20000; ++i) {
    const std::string value(100, 'v');
    memtable->insert(SequenceNumber(i), ValueKind::kPut, "key" + std::to_string(i), value);
    payload += 100 + kTrailerBytes;
    ASSERT_GE(memtable->memory_bytes(), payload);
    ASSERT_LE(memtable->memory_bytes() - before, Arena::kMaxChunkBytes);
    before = memtable->memory_bytes();
  }
  EXPECT_LT(memtable->memory_bytes(), 2 * payload);
  // A value larger than a chunk is one more chunk of its size.
  memtable->insert(SequenceNumber(30000), ValueKind::kPut, "large", std::string(5 << 20, 'v'));
  EXPECT_GE(memtable->memory_bytes() - before, 5u << 20);
  EXPECT_LT(memtable->memory_bytes() - before, (5u << 20) + 4096);
}

}  // namespace
}  // namespace varve::lsm
