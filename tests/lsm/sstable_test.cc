#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "lsm/filter/blocked_bloom.h"
#include "tests/lsm/table_model.h"
#include "tests/support/allocation_counter.h"

namespace varve::lsm {
namespace {

#ifdef VARVE_DCHECKS
constexpr uint64_t kSeeds = 30;
#else
constexpr uint64_t kSeeds = 300;
#endif

// Every way of writing and reading a table must answer alike.
struct Configuration {
  TableOptions options;
  bool direct = false;
  bool cached = false;
  uint64_t cache_bytes = 0;
};

size_t first_four(Slice user_key) { return std::min<size_t>(4, user_key.size()); }

Configuration random_configuration(Random* random) {
  static const BlockedBloomPolicy policy(10);
  Configuration c;
  constexpr uint32_t kBlockSizes[] = {1, 100, 1000, 8192};
  constexpr uint32_t kIndexSizes[] = {1, 200, 32768};
  c.options.block_size_bytes = kBlockSizes[random->below(4)];
  c.options.index_block_size_bytes = kIndexSizes[random->below(3)];
  c.options.restart_interval = static_cast<uint32_t>(random->between(1, 20));
  c.options.filter_partition_bytes = random->one_in(2) ? 16384 : 65;
  c.options.filter = random->one_in(3) ? nullptr : &policy;
  c.options.prefix_extractor = random->one_in(2) ? nullptr : &first_four;
  c.options.compression = random->one_in(2) ? Compression::kZstd : Compression::kNone;
  c.options.compression_level = random->one_in(2) ? 1 : 3;
  c.direct = random->one_in(2);
  c.cached = random->one_in(2);
  c.cache_bytes = random->one_in(2) ? 4 << 20 : 8 << 10;
  return c;
}

std::string random_user_key(Random* random, const TableModel& model) {
  if (model.entries.empty() || random->one_in(4)) return printable_key(random->below(300));
  auto near = model.entries.begin();
  std::advance(near, random->below(model.entries.size()));
  std::string key(user_key_of(near->first));
  if (random->one_in(3) && !key.empty()) key.pop_back();
  if (random->one_in(3)) key.push_back(static_cast<char>(random->next()));
  return key;
}

void expect_gets_agree(const TableReader& table, const TableModel& model, Random* random, int probes) {
  for (int i = 0; i < probes; ++i) {
    const std::string key = random_user_key(random, model);
    const SequenceNumber snapshot = random->one_in(4) ? kMaxSequence : SequenceNumber(random->below(300));
    const auto expected = model.find(key, snapshot);
    const auto found = table.get(LookupKey(key, snapshot));
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    ASSERT_EQ(found->has_value(), expected != model.entries.end());
    if (!found->has_value()) continue;
    ASSERT_EQ((*found)->sequence, sequence_of(expected->first));
    ASSERT_EQ((*found)->kind, kind_of(expected->first));
    ASSERT_EQ((*found)->value.slice(), expected->second);
  }
}

void expect_walks_agree(const TableReader& table, const TableModel& model, Random* random, int steps) {
  TableIteratorOptions options;
  const std::string low = random_user_key(random, model);
  const std::string high = random_user_key(random, model);
  if (random->one_in(2)) options.lower = low;
  if (random->one_in(2)) options.upper = high;
  options.fill_cache = random->one_in(2);
  options.readahead_bytes = random->one_in(3) ? 16384 : 0;
  // The model under the same bounds.
  std::vector<std::pair<std::string, std::string>> inside;
  for (const auto& [key, value] : model.entries) {
    if (options.lower.has_value() && user_key_of(key) < *options.lower) continue;
    if (options.upper.has_value() && user_key_of(key) >= *options.upper) continue;
    inside.emplace_back(key, value);
  }
  const auto before = [](const auto& entry, const std::string& key) {
    return compare_internal(entry.first, key) < 0;
  };
  const auto iterator = table.iterate(options);
  ASSERT_FALSE(iterator->valid());
  auto at = static_cast<int64_t>(inside.size());
  const auto count = static_cast<int64_t>(inside.size());
  for (int i = 0; i < steps; ++i) {
    const uint64_t choice = random->below(10);
    if (!iterator->valid() || choice < 2) {
      const std::string target =
          make_seek_key(random_user_key(random, model), SequenceNumber(random->below(300)));
      const auto bound = std::lower_bound(inside.begin(), inside.end(), target, before) - inside.begin();
      switch (random->below(4)) {
        case 0:
          iterator->seek_to_first();
          at = 0;
          break;
        case 1:
          iterator->seek_to_last();
          at = count - 1;
          break;
        case 2:
          iterator->seek(target);
          at = bound;
          break;
        default:
          iterator->seek_for_prev(target);
          at = bound - 1;  // a seek key equals no entry
      }
    } else if (choice < 6) {
      iterator->next();
      ++at;
    } else {
      iterator->prev();
      --at;
    }
    ASSERT_TRUE(iterator->status().ok()) << iterator->status().to_string();
    ASSERT_EQ(iterator->valid(), at >= 0 && at < count) << "at " << at << " of " << count;
    if (!iterator->valid()) continue;
    ASSERT_EQ(iterator->key(), inside[static_cast<size_t>(at)].first);
    ASSERT_EQ(iterator->value(), inside[static_cast<size_t>(at)].second);
  }
}

TEST(SSTable, AgreesWithAMapUnderEveryConfiguration) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const TableModel model = random_model(&random, random.below(seed % 10 == 0 ? 2000 : 200));
    const Configuration c = random_configuration(&random);
    const BuiltTable built = build_table(model, c.options, c.direct);
    std::unique_ptr<BlockCache> cache;
    if (c.cached) cache = std::make_unique<BlockCache>(BlockCache::Options{c.cache_bytes, 1024, 1});
    auto table = open_table(built, cache.get(), c.direct);
    ASSERT_TRUE(table.ok()) << table.status().to_string();
    ASSERT_EQ((*table)->properties(), built.summary.properties);
    const Status verified = (*table)->verify(built.summary.file_checksum);
    ASSERT_TRUE(verified.ok()) << verified.to_string();
    expect_gets_agree(**table, model, &random, 200);
    for (int walk = 0; walk < 3 && !HasFatalFailure(); ++walk)
      expect_walks_agree(**table, model, &random, 150);
    if (HasFatalFailure()) return;
  }
}

TEST(SSTable, EmptyTableOpensAndHoldsNothing) {
  const BuiltTable built = build_table({}, {});
  auto table = open_table(built);
  ASSERT_TRUE(table.ok()) << table.status().to_string();
  EXPECT_TRUE((*table)->verify(built.summary.file_checksum).ok());
  EXPECT_FALSE((*table)->get(LookupKey("", kMaxSequence))->has_value());
  const auto iterator = (*table)->iterate();
  iterator->seek_to_first();
  EXPECT_FALSE(iterator->valid());
  iterator->seek_to_last();
  EXPECT_FALSE(iterator->valid());
  EXPECT_TRUE(iterator->status().ok());
}

TEST(SSTable, EmptyKeyAndEmptyValueAreEntriesLikeOthers) {
  TableModel model;
  model.put("", 3, "");
  model.put("", 1, "old");
  const BuiltTable built = build_table(model, {});
  auto table = open_table(built);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ((*(*table)->get(LookupKey("", SequenceNumber(9))))->sequence, SequenceNumber(3));
  EXPECT_EQ((*(*table)->get(LookupKey("", SequenceNumber(2))))->value.slice(), "old");
  EXPECT_FALSE((*table)->get(LookupKey("", kNoSequence))->has_value());
}

TEST(SSTable, VersionsOfOneKeyMaySpanManyBlocks) {
  TableModel model;
  for (uint64_t sequence = 1; sequence <= 2000; ++sequence) {
    model.put("hot", sequence, "value " + std::to_string(sequence));
  }
  TableOptions options;
  options.block_size_bytes = 512;
  const BuiltTable built = build_table(model, options);
  auto table = open_table(built);
  ASSERT_TRUE(table.ok());
  ASSERT_GT((*table)->properties().data_blocks, 50u);
  for (uint64_t snapshot = 1; snapshot <= 2000; ++snapshot) {
    const auto found = (*table)->get(LookupKey("hot", SequenceNumber(snapshot)));
    ASSERT_TRUE(found.ok() && found->has_value());
    ASSERT_EQ((*found)->value.slice(), "value " + std::to_string(snapshot));
  }
}

TEST(SSTable, ValuesFromNothingToMegabytesSurvive) {
  for (const Compression compression : {Compression::kNone, Compression::kZstd}) {
    TableModel model;
    Random random(5);
    size_t expected_big = 0;
    for (const size_t size : {0, 1, 127, 128, 8000, 8191, 8192, 8193, 65536, 409600, 500000, 3000000}) {
      std::string value(size, '\0');
      for (char& c : value) c = static_cast<char>(random.next());
      model.put("value/" + printable_key(size), 7, value);
      if (size >= 8000) ++expected_big;
    }
    TableOptions options;
    options.compression = compression;
    const BuiltTable built = build_table(model, options);
    auto table = open_table(built);
    ASSERT_TRUE(table.ok());
    EXPECT_TRUE((*table)->verify().ok());
    // A value larger than a block is a block of its own.
    EXPECT_GE((*table)->properties().data_blocks, expected_big);
    for (const auto& [key, value] : model.entries) {
      const auto found = (*table)->get(LookupKey(user_key_of(key), kMaxSequence));
      ASSERT_TRUE(found.ok() && found->has_value());
      ASSERT_EQ((*found)->value.slice(), value);
    }
  }
}

TEST(SSTable, LargestKeysMakeADeepIndexThatIsStillBounded) {
  TableModel model;
  for (int i = 0; i < 300; ++i) {
    // They differ in their last bytes only, so separators are as long as keys.
    model.put(std::string(kMaxUserKeyBytes - 10, 'k') + printable_key(i), 1, "v");
  }
  TableOptions options;
  const BuiltTable built = build_table(model, options);
  auto table = open_table(built);
  ASSERT_TRUE(table.ok()) << table.status().to_string();
  EXPECT_GE((*table)->properties().index_levels, 4u);
  EXPECT_LT((*table)->memory_bytes(), 8u * kMaxUserKeyBytes);
  const Status verified = (*table)->verify();
  EXPECT_TRUE(verified.ok()) << verified.to_string();
}

TEST(SSTable, BuilderRefusesDisorderAndOversize) {
  MemoryFile file(std::make_shared<MemoryFile::Contents>());
  const auto fresh = [&] {
    auto builder = TableBuilder::create(&file, test_uuid(), {});
    EXPECT_TRUE((*builder)->add(make_internal_key("b", SequenceNumber(5), ValueKind::kPut), "v").ok());
    return *std::move(builder);
  };
  const auto refuses = [&](const std::string& key, const std::string& value) {
    auto builder = fresh();
    EXPECT_EQ(builder->add(key, value).code(), ErrorCode::kInvalidArgument);
    // And the table is lost.
    EXPECT_FALSE(builder->add(make_internal_key("c", SequenceNumber(5), ValueKind::kPut), "v").ok());
    EXPECT_FALSE(builder->finish().ok());
  };
  refuses(make_internal_key("a", SequenceNumber(5), ValueKind::kPut), "v");
  refuses(make_internal_key("b", SequenceNumber(5), ValueKind::kPut), "v");
  refuses(make_internal_key("b", SequenceNumber(6), ValueKind::kPut), "v");
  refuses(make_internal_key(std::string(kMaxUserKeyBytes + 1, 'x'), SequenceNumber(1), ValueKind::kPut), "v");
  refuses(make_internal_key("x", SequenceNumber(1), ValueKind::kPut), std::string(kMaxValueBytes + 1, 'v'));
  refuses("short", "v");
  refuses(make_seek_key("x", SequenceNumber(1)), "v");
}

TEST(SSTable, AFullDiskIsAnErrorOfTheBuilder) {
  auto contents = std::make_shared<MemoryFile::Contents>();
  contents->capacity_bytes = 300 << 10;
  MemoryFile file(contents);
  auto builder = TableBuilder::create(&file, test_uuid(), {});
  ASSERT_TRUE(builder.ok());
  Status status;
  for (int i = 0; i < 10000 && status.ok(); ++i) {
    status = (*builder)->add(make_internal_key(printable_key(i), SequenceNumber(1), ValueKind::kPut),
                             std::string(100, 'v'));
  }
  EXPECT_EQ(status.code(), ErrorCode::kNoSpace);
  EXPECT_EQ((*builder)->finish().code(), ErrorCode::kNoSpace);
}

TableModel sequential_model(uint64_t entries) {
  TableModel model;
  for (uint64_t i = 0; i < entries; ++i) model.put(printable_key(i), 1, "value " + std::to_string(i));
  return model;
}

TEST(SSTable, ABoundedScanReadsOnlyTheBlocksItNeeds) {
  TableOptions options;
  options.block_size_bytes = 1024;
  options.index_block_size_bytes = 4096;
  const BuiltTable built = build_table(sequential_model(100000), options);
  BlockCache cache(BlockCache::Options{});
  auto table = open_table(built, &cache);
  ASSERT_TRUE(table.ok());
  ASSERT_GT((*table)->properties().data_blocks, 1000u);
  ASSERT_GE((*table)->properties().index_levels, 2u);
  const uint64_t index_path = (*table)->properties().index_levels - 1;

  const auto reads_of = [&](auto body) {
    const uint64_t before = built.contents->reads;
    body();
    return built.contents->reads - before;
  };
  TableIteratorOptions one;
  one.fill_cache = false;
  one.lower = "0000050000";
  one.upper = "0000050001";
  EXPECT_LE(reads_of([&] {
              const auto iterator = (*table)->iterate(one);
              int seen = 0;
              for (iterator->seek_to_first(); iterator->valid(); iterator->next()) ++seen;
              EXPECT_EQ(seen, 1);
            }),
            index_path + 1);
  EXPECT_LE(reads_of([&] {
              const auto iterator = (*table)->iterate(one);
              int seen = 0;
              for (iterator->seek_to_last(); iterator->valid(); iterator->prev()) ++seen;
              EXPECT_EQ(seen, 1);
            }),
            index_path + 2);
  // Limit 1 of everything, either way.
  TableIteratorOptions all;
  EXPECT_LE(reads_of([&] { (*table)->iterate(all)->seek_to_first(); }), index_path + 1);
  EXPECT_LE(reads_of([&] { (*table)->iterate(all)->seek_to_last(); }), index_path + 1);
  // And creating an iterator reads nothing.
  EXPECT_EQ(reads_of([&] { (*table)->iterate(all); }), 0u);
}

TEST(SSTable, AScanOfOnePrefixStopsAtTheSeparatorThatEndsIt) {
  TableModel model;
  for (uint64_t i = 100; i < 200; ++i) model.put("item/" + std::to_string(i) + "/value", 1, "v");
  TableOptions options;
  options.block_size_bytes = 1;
  const BuiltTable built = build_table(model, options);
  auto table = open_table(built);
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 101; i < 199; ++i) {
    // The separators here are "item/101", "item/102", ...: the bounds themselves. (Between tens: "item/11".)
    if (i % 10 == 9) continue;
    const std::string lower = "item/" + std::to_string(i);
    const std::string upper = "item/" + std::to_string(i + 1);
    TableIteratorOptions bounds;
    bounds.lower = lower;
    bounds.upper = upper;
    const auto iterator = (*table)->iterate(bounds);
    const uint64_t before = built.contents->reads;
    iterator->seek(make_seek_key(lower + "/value", kMaxSequence));
    ASSERT_TRUE(iterator->valid());
    iterator->next();
    ASSERT_FALSE(iterator->valid());
    ASSERT_EQ(built.contents->reads, before + 1);
  }
}

TEST(SSTable, AHitOfAPointReadDoesNoIo) {
  static const BlockedBloomPolicy policy(10);
  TableOptions options;
  options.filter = &policy;
  const BuiltTable built = build_table(sequential_model(5000), options);
  BlockCache cache(BlockCache::Options{});
  auto table = open_table(built, &cache);
  ASSERT_TRUE(table.ok());
  for (int round = 0; round < 2; ++round) {
    const uint64_t before = built.contents->reads;
    for (uint64_t i = 0; i < 5000; i += 10) {
      const auto found = (*table)->get(LookupKey(printable_key(i), kMaxSequence));
      ASSERT_TRUE(found.ok() && found->has_value());
      ASSERT_EQ((*found)->value.slice(), "value " + std::to_string(i));
    }
    if (round == 1) {
      EXPECT_EQ(built.contents->reads, before);
    }
  }
  EXPECT_LE(cache.memory_bytes(), cache.budget_bytes());
}

TEST(SSTable, AHitOfAPointReadAllocatesNothing) {
  static const BlockedBloomPolicy policy(10);
  TableOptions options;
  options.filter = &policy;
  options.index_block_size_bytes = 4096;
  const BuiltTable built = build_table(sequential_model(50000), options);
  BlockCache cache(BlockCache::Options{});
  auto table = open_table(built, &cache);
  ASSERT_TRUE(table.ok());
  ASSERT_GE((*table)->properties().index_levels, 2u);
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < 50000; i += 111) keys.push_back(printable_key(i));
  keys.emplace_back("absent");
  uint64_t taken = 0;
  uint64_t found = 0;
  for (int round = 0; round < 2; ++round) {
    const uint64_t before = allocations();
    found = 0;
    for (const std::string& key : keys) {
      const auto entry = (*table)->get(LookupKey(key, kMaxSequence));
      found += entry.ok() && entry->has_value() ? 1 : 0;
    }
    taken = allocations() - before;
    // The first round, which loads the blocks, shows that the counter counts.
    if (round == 0) {
      ASSERT_EQ(taken > 0u, kAllocationsCounted);
    }
  }
  EXPECT_EQ(found, keys.size() - 1);
  EXPECT_EQ(taken, 0u);
}

TEST(SSTable, TheFilterSparesReadsOfMissingKeysAndPrefixes) {
  static const BlockedBloomPolicy policy(10);
  TableOptions options;
  options.filter = &policy;
  options.prefix_extractor = [](Slice key) { return std::min<size_t>(8, key.size()); };
  TableModel model;
  for (uint64_t i = 0; i < 20000; ++i) model.put(printable_key(i * 1000), 1, "v");
  const BuiltTable built = build_table(model, options);
  BlockCache cache(BlockCache::Options{});
  auto table = open_table(built, &cache);
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 20000; ++i)
    ASSERT_TRUE(*(*table)->may_contain_prefix(printable_key(i * 1000).substr(0, 8)));
  uint64_t prefixes_passed = 0;
  for (uint64_t i = 0; i < 20000; ++i) {
    // Eight digits that end in 1..9 are no prefix of a multiple of a thousand.
    if (i % 10 == 0) continue;
    prefixes_passed += *(*table)->may_contain_prefix(printable_key(i * 100).substr(0, 8)) ? 1 : 0;
  }
  EXPECT_LT(prefixes_passed, 18000u * 3 / 100);

  // Filters into the cache, then count what missing keys still read.
  ASSERT_TRUE((*table)->get(LookupKey("absent", kMaxSequence)).ok());
  for (uint64_t i = 0; i < 200; ++i)
    ASSERT_TRUE((*table)->get(LookupKey(printable_key(i), kMaxSequence)).ok());
  const uint64_t before = built.contents->reads;
  for (uint64_t i = 0; i < 20000; ++i) {
    const auto found = (*table)->get(LookupKey(printable_key(i * 1000 + 7), kMaxSequence));
    ASSERT_TRUE(found.ok());
    ASSERT_FALSE(found->has_value());
  }
  EXPECT_LT(built.contents->reads - before, 20000u * 2 / 100);
}

TEST(SSTable, ASwappedOrStaleFileIsRefused) {
  const BuiltTable built = build_table(sequential_model(10), {});
  TableReaderOptions options;
  options.expected_uuid = test_uuid(0x11);
  EXPECT_EQ(TableReader::open(std::make_unique<MemoryFile>(built.contents), options).code(),
            ErrorCode::kCorruption);
  options.expected_uuid = test_uuid();
  options.expected_size_bytes = built.summary.file_size_bytes + 4096;
  EXPECT_EQ(TableReader::open(std::make_unique<MemoryFile>(built.contents), options).code(),
            ErrorCode::kCorruption);
  options.expected_size_bytes = built.summary.file_size_bytes;
  EXPECT_TRUE(TableReader::open(std::make_unique<MemoryFile>(built.contents), options).ok());
}

TEST(SSTable, AnIteratorOverAnUnreadableBlockSaysSoAndRecoversOnSeek) {
  TableOptions options;
  options.block_size_bytes = 512;
  const BuiltTable built = build_table(sequential_model(20000), options);
  auto table = open_table(built);
  ASSERT_TRUE(table.ok());
  const auto iterator = (*table)->iterate();
  built.contents->unreadable_from = 100000;
  uint64_t seen = 0;
  for (iterator->seek_to_first(); iterator->valid(); iterator->next()) ++seen;
  EXPECT_EQ(iterator->status().code(), ErrorCode::kIoError);
  EXPECT_GT(seen, 100u);
  EXPECT_LT(seen, 20000u);
  EXPECT_EQ((*table)->get(LookupKey(printable_key(19000), kMaxSequence)).code(), ErrorCode::kIoError);
  built.contents->unreadable_from = UINT64_MAX;
  iterator->seek_to_first();
  EXPECT_TRUE(iterator->valid());
  EXPECT_TRUE(iterator->status().ok());
}

TEST(SSTable, ApproximateBytesGrowWithTheRange) {
  const BuiltTable built = build_table(sequential_model(50000), {});
  auto table = open_table(built);
  ASSERT_TRUE(table.ok());
  const uint64_t all = *(*table)->approximate_bytes("", "x");
  const uint64_t half = *(*table)->approximate_bytes(printable_key(0), printable_key(25000));
  EXPECT_NEAR(static_cast<double>(half), static_cast<double>(all) / 2, static_cast<double>(all) / 50);
  EXPECT_EQ(*(*table)->approximate_bytes("x", "a"), 0u);
  EXPECT_LE(all, built.summary.file_size_bytes);
}

TEST(SSTable, PropertiesStateWhatWasAdded) {
  TableModel model;
  model.put("a", 5, "12345");
  model.remove("a", 9);
  model.remove("b", 3);
  model.put("c", 8, "1");
  const TableProperties p = build_table(model, {}).summary.properties;
  EXPECT_EQ(p.entries, 4u);
  EXPECT_EQ(p.tombstones, 2u);
  EXPECT_EQ(p.oldest_tombstone, SequenceNumber(3));
  EXPECT_EQ(p.min_sequence, SequenceNumber(3));
  EXPECT_EQ(p.max_sequence, SequenceNumber(9));
  EXPECT_EQ(p.raw_key_bytes, 4 * 9u);
  EXPECT_EQ(p.raw_value_bytes, 6u);
  EXPECT_EQ(p.smallest, make_internal_key("a", SequenceNumber(9), ValueKind::kDelete));
  EXPECT_EQ(p.largest, make_internal_key("c", SequenceNumber(8), ValueKind::kPut));
}

}  // namespace
}  // namespace varve::lsm
