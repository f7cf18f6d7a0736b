#include "lsm/memtable/memtable.h"

#include <gtest/gtest.h>

#include <map>

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
