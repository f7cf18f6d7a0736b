#include <gtest/gtest.h>

#include <string>

#include "lsm/filter/blocked_bloom.h"
#include "lsm/sstable/format.h"
#include "tests/lsm/table_model.h"

namespace varve::lsm {
namespace {

struct Sample {
  TableModel model;
  BuiltTable built;
};

// A table that has everything in one or two pages: several data blocks, two index levels, filter partitions,
// versions, tombstones.
Sample small_sample(Compression compression, uint8_t uuid_fill = 0x5a) {
  static const BlockedBloomPolicy policy(10);
  Sample sample;
  for (uint64_t i = 0; i < 40; ++i) {
    sample.model.put("customer/" + printable_key(i * 3), 10 + i, "a value of customer " + std::to_string(i));
    if (i % 5 == 0) sample.model.remove("customer/" + printable_key(i * 3), 60 + i);
  }
  TableOptions options;
  options.block_size_bytes = 400;
  options.index_block_size_bytes = 100;
  options.filter_partition_bytes = 65;
  options.restart_interval = 4;
  options.filter = &policy;
  options.compression = compression;
  FileUuid uuid = test_uuid(uuid_fill);
  sample.built = build_table(sample.model, options, false, uuid);
  EXPECT_GE(sample.built.summary.properties.data_blocks, 4u);
  EXPECT_GE(sample.built.summary.properties.index_levels, 2u);
  EXPECT_GE(sample.built.summary.properties.filter_partitions, 1u);
  return sample;
}

std::unique_ptr<MemoryFile> file_of(const std::string& bytes) {
  auto contents = std::make_shared<MemoryFile::Contents>();
  contents->bytes = bytes;
  return std::make_unique<MemoryFile>(contents);
}

void expect_names_the_place(const Status& status) {
  EXPECT_TRUE(status.code() == ErrorCode::kCorruption || status.code() == ErrorCode::kUnsupported)
      << status.to_string();
  EXPECT_NE(status.message().find("memory.sst"), std::string::npos) << status.to_string();
  if (status.code() == ErrorCode::kCorruption) {
    EXPECT_NE(status.message().find("offset"), std::string::npos) << status.to_string();
  }
}

// Whatever a damaged table still answers must be what was written; an error may stand for the rest.
void expect_no_wrong_answer(const TableReader& table, const TableModel& model) {
  for (const bool forward : {true, false}) {
    const auto iterator = table.iterate();
    auto expected = forward ? model.entries.begin() : model.entries.end();
    size_t seen = 0;
    for (forward ? iterator->seek_to_first() : iterator->seek_to_last(); iterator->valid();
         forward ? iterator->next() : iterator->prev()) {
      if (!forward) --expected;
      ASSERT_LT(seen++, model.entries.size());
      ASSERT_EQ(iterator->key(), expected->first);
      ASSERT_EQ(iterator->value(), expected->second);
      if (forward) ++expected;
    }
    if (iterator->status().ok()) {
      ASSERT_EQ(seen, model.entries.size()) << "an error looked like the end";
    } else {
      expect_names_the_place(iterator->status());
    }
  }
  for (const auto& [key, value] : model.entries) {
    const auto found = table.get(LookupKey(user_key_of(key), sequence_of(key)));
    if (!found.ok()) {
      expect_names_the_place(found.status());
      continue;
    }
    ASSERT_TRUE(found->has_value()) << "a key vanished silently";
    ASSERT_EQ((*found)->kind, kind_of(key));
    ASSERT_EQ((*found)->value.slice(), value);
  }
  const auto missing = table.get(LookupKey("customer/none", kMaxSequence));
  if (missing.ok()) {
    ASSERT_FALSE(missing->has_value());
  }
}

TEST(SSTableCorruption, EveryFlippedByteIsDetectedAndNoneGivesAWrongAnswer) {
  for (const Compression compression : {Compression::kNone, Compression::kZstd}) {
    const Sample sample = small_sample(compression);
    const std::string& good = sample.built.contents->bytes;
    size_t refused_at_open = 0;
    for (size_t at = 0; at < good.size(); ++at) {
      {
        const int mask = 1 << at % 8;
        SCOPED_TRACE("offset " + std::to_string(at) + " mask " + std::to_string(mask));
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
        auto table = TableReader::open(file_of(bytes), {});
        if (!table.ok()) {
          ++refused_at_open;
          expect_names_the_place(table.status());
          continue;
        }
        const Status verified = (*table)->verify();
        ASSERT_FALSE(verified.ok());
        expect_names_the_place(verified);
        expect_no_wrong_answer(**table, sample.model);
        if (HasFatalFailure()) return;
      }
    }
    // Header and footer at least are held to their word at once.
    EXPECT_GE(refused_at_open, (kTableHeaderBytes + kTableFooterBytes));
  }
}

TEST(SSTableCorruption, EveryTruncationIsRefusedAtOpen) {
  const Sample sample = small_sample(Compression::kNone);
  const std::string& good = sample.built.contents->bytes;
  for (size_t size = 0; size < good.size(); ++size) {
    const auto table = TableReader::open(file_of(good.substr(0, size)), {});
    ASSERT_FALSE(table.ok()) << size;
    ASSERT_EQ(table.code(), ErrorCode::kCorruption) << size;
  }
  // Nor may it grow.
  for (const size_t more : {1, 511, 4095, 4096, 8192}) {
    ASSERT_EQ(TableReader::open(file_of(good + std::string(more, '\0')), {}).code(), ErrorCode::kCorruption)
        << more;
  }
}

TEST(SSTableCorruption, ZeroedSectorsAreDetected) {
  const Sample sample = small_sample(Compression::kZstd);
  const std::string& good = sample.built.contents->bytes;
  for (size_t at = 0; at < good.size(); at += 512) {
    std::string bytes = good;
    bytes.replace(at, 512, 512, '\0');
    if (bytes == good) continue;
    auto table = TableReader::open(file_of(bytes), {});
    if (!table.ok()) continue;
    ASSERT_FALSE((*table)->verify().ok()) << at;
    expect_no_wrong_answer(**table, sample.model);
  }
}

TEST(SSTableCorruption, IntactBlocksInTheWrongPlaceAreDetected) {
  // Twelve blocks of one value each, all of one stored size.
  TableModel model;
  for (uint64_t i = 0; i < 12; ++i)
    model.put(printable_key(i), 1, std::string(300, static_cast<char>('a' + i)));
  TableOptions options;
  options.block_size_bytes = 1;
  const BuiltTable built = build_table(model, options);
  const BuiltTable other = build_table(model, options, false, test_uuid(0x77));
  const std::string& good = built.contents->bytes;
  const size_t block = built.summary.properties.data_bytes / 12;
  ASSERT_EQ(block * 12, built.summary.properties.data_bytes);

  std::string misdirected = good;
  misdirected.replace(kTableHeaderBytes + block, block, good, kTableHeaderBytes, block);
  std::string swapped_file = good;
  swapped_file.replace(kTableHeaderBytes + block, block, other.contents->bytes, kTableHeaderBytes + block,
                       block);
  for (const std::string& bytes : {misdirected, swapped_file}) {
    auto table = TableReader::open(file_of(bytes), {});
    ASSERT_TRUE(table.ok());
    expect_no_wrong_answer(**table, model);
    EXPECT_EQ((*table)->get(LookupKey(printable_key(1), kMaxSequence)).code(), ErrorCode::kCorruption);
    EXPECT_TRUE((*table)->get(LookupKey(printable_key(0), kMaxSequence)).ok());
    EXPECT_EQ((*table)->verify().code(), ErrorCode::kCorruption);
  }
}

TEST(SSTableCorruption, AWrongWholeFileChecksumIsReported) {
  const Sample sample = small_sample(Compression::kNone);
  auto table = open_table(sample.built);
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE((*table)->verify(sample.built.summary.file_checksum).ok());
  EXPECT_EQ((*table)->verify(sample.built.summary.file_checksum + 1).code(), ErrorCode::kCorruption);
}

TEST(SSTableCorruption, NewerVersionsAndUnknownFeaturesAreUnsupportedNotCorrupt) {
  const Sample sample = small_sample(Compression::kNone);
  const auto open_with = [&](auto change) {
    TableHeader header;
    header.uuid = test_uuid();
    change(&header);
    std::string bytes = sample.built.contents->bytes;
    bytes.replace(0, kTableHeaderBytes, header.encode());
    return TableReader::open(file_of(bytes), {}).code();
  };
  EXPECT_EQ(open_with([](TableHeader*) {}), ErrorCode::kOk);
  EXPECT_EQ(open_with([](TableHeader* h) { h->format_version = 2; }), ErrorCode::kUnsupported);
  EXPECT_EQ(open_with([](TableHeader* h) { h->incompatible_features = 1u << 7; }), ErrorCode::kUnsupported);
  EXPECT_EQ(open_with([](TableHeader* h) { h->compatible_features = 1u << 7; }), ErrorCode::kOk);
  EXPECT_EQ(open_with([](TableHeader* h) { h->protection = Protection::kAes256Gcm; }),
            ErrorCode::kUnsupported);
  EXPECT_EQ(open_with([](TableHeader* h) { h->hash_id = 9; }), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace varve::lsm
