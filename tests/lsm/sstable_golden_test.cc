// The worked example of lsm/sstable/FORMAT.md, held to the code in both directions, and the maker of the fuzz
// corpus.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "lsm/filter/blocked_bloom.h"
#include "tests/lsm/table_model.h"

namespace varve::lsm {
namespace {

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The table that FORMAT.md shows: uuid 00 01 .. 0f, three entries, a filter of one line, nothing compressed.
TableModel example_model() {
  TableModel model;
  model.put("apple", 2, "red");
  model.remove("apple", 7);
  model.put("apricot", 5, "orange");
  return model;
}
BuiltTable example_table() {
  static const BlockedBloomPolicy policy(10);
  TableOptions options;
  options.filter = &policy;
  FileUuid uuid;
  for (uint8_t i = 0; i < 16; ++i) uuid.bytes[i] = i;
  return build_table(example_model(), options, false, uuid);
}

// "00000060  0a 0b ..." lines between ```hex and ```; rows that are left out are zero.
std::string bytes_of_hex_dump(const std::string& document, size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  std::istringstream lines(document.substr(document.find("```hex\n") + 7));
  std::string line;
  while (std::getline(lines, line) && line != "```") {
    std::istringstream fields(line);
    size_t at = 0;
    fields >> std::hex >> at;
    for (unsigned byte = 0; fields >> std::hex >> byte; ++at) bytes.at(at) = static_cast<char>(byte);
  }
  return bytes;
}

std::string hex_dump(const std::string& bytes) {
  std::string out;
  char field[32];
  for (size_t at = 0; at < bytes.size(); at += 16) {
    if (bytes.find_first_not_of('\0', at) >= at + 16) continue;
    std::snprintf(field, sizeof(field), "%08zx ", at);
    out += field;
    for (size_t i = at; i < at + 16; ++i) {
      std::snprintf(field, sizeof(field), " %02x", static_cast<unsigned>(static_cast<uint8_t>(bytes[i])));
      out += field;
    }
    out += "\n";
  }
  return out;
}

TEST(SSTableFormat, TheWorkedExampleIsWhatTheBuilderWrites) {
  const std::string document = read_whole(VARVE_SOURCE_DIR "/lsm/sstable/FORMAT.md");
  const BuiltTable built = example_table();
  EXPECT_EQ(hex_dump(bytes_of_hex_dump(document, 4096)), hex_dump(built.contents->bytes));
}

TEST(SSTableFormat, TheWorkedExampleReadsBack) {
  const std::string document = read_whole(VARVE_SOURCE_DIR "/lsm/sstable/FORMAT.md");
  BuiltTable built{std::make_shared<MemoryFile::Contents>(), {}};
  built.contents->bytes = bytes_of_hex_dump(document, 4096);
  auto table = open_table(built);
  ASSERT_TRUE(table.ok()) << table.status().to_string();
  const Status verified = (*table)->verify();
  EXPECT_TRUE(verified.ok()) << verified.to_string();
  const auto iterator = (*table)->iterate();
  iterator->seek_to_first();
  for (const auto& [key, value] : example_model().entries) {
    ASSERT_TRUE(iterator->valid());
    EXPECT_EQ(iterator->key(), key);
    EXPECT_EQ(iterator->value(), value);
    iterator->next();
  }
  EXPECT_FALSE(iterator->valid());
}

// The seeds of fuzz/sstable_fuzz.cc: a first byte for the mode, then a valid table. VARVE_WRITE_CORPUS=1
// writes them.
TEST(SSTableFormat, TheFuzzCorpusHoldsValidTables) {
  static const BlockedBloomPolicy policy(10);
  const std::filesystem::path directory = VARVE_SOURCE_DIR "/fuzz/corpus/sstable";
  const char* write = std::getenv("VARVE_WRITE_CORPUS");
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Random random(seed);
    TableModel model;
    for (uint64_t i = 0; i < 20 * (seed - 1); ++i) {
      const std::string key = "item/" + std::to_string(random.below(40)) + "/" + printable_key(i).substr(6);
      model.put(key, i + 1, std::string(random.below(30), static_cast<char>('a' + i % 26)));
      if (random.one_in(4)) model.remove(key, i + 500);
    }
    TableOptions options;
    options.block_size_bytes = seed % 3 == 0 ? 8192 : 200;
    options.index_block_size_bytes = seed % 3 == 1 ? 150 : 32768;
    options.filter = seed % 4 == 0 ? nullptr : &policy;
    options.filter_partition_bytes = 65;
    options.compression = seed % 2 == 0 ? Compression::kZstd : Compression::kNone;
    const BuiltTable built = build_table(model, options);
    const auto path = directory / ("table_" + std::to_string(seed));
    if (write != nullptr) {
      const char mode = static_cast<char>(seed % 3);
      std::ofstream(path, std::ios::binary) << mode << built.contents->bytes;
    }
    // Not compared with what the builder makes now: Zstandard's output differs between its versions.
    BuiltTable committed{std::make_shared<MemoryFile::Contents>(), {}};
    committed.contents->bytes = read_whole(path);
    ASSERT_GT(committed.contents->bytes.size(), 1u) << path;
    committed.contents->bytes.erase(0, 1);
    auto table = open_table(committed);
    ASSERT_TRUE(table.ok()) << path << " " << table.status().to_string();
    EXPECT_TRUE((*table)->verify().ok()) << path;
    EXPECT_EQ((*table)->properties().entries, model.entries.size()) << path;
  }
}

}  // namespace
}  // namespace varve::lsm
