// The worked example of lsm/FORMAT.md, held to the code in both directions, and the maker of the fuzz corpus.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "lsm/manifest/manifest.h"

namespace varve::lsm {
namespace {

ManifestState example_state() {
  FileMetadata file;
  file.number = FileNumber(2);
  for (size_t i = 0; i < 16; ++i) file.uuid.bytes[i] = static_cast<uint8_t>(0xff - i);
  file.size_bytes = 8192;
  file.checksum = 0x1122334455667788;
  file.run_order = 10;
  file.smallest = "a";
  file.largest = "m";
  file.min_sequence = SequenceNumber(3);
  file.max_sequence = SequenceNumber(9);
  file.entries = 5;
  file.tombstones = 1;
  ManifestState state;
  state.next_file = FileNumber(3);
  state.greatest_sequence = SequenceNumber(9);
  state.trees[TreeId(7)].files[file.number] = file;
  state.trees[TreeId(7)].flushed_through = SequenceNumber(10);
  state.attributes["g"] = "1";
  return state;
}

Superblock example_superblock() {
  Superblock superblock;
  for (size_t i = 0; i < 16; ++i) superblock.file_uuid.bytes[i] = static_cast<uint8_t>(i);
  superblock.store_uuid = 42;
  superblock.number = 1;
  superblock.first_edit = 1;
  return superblock;
}

std::string example_bytes() {
  const Superblock superblock = example_superblock();
  uint64_t hash = 0;
  return superblock.encode(0) + superblock.encode(1) +
         encode_frame(superblock.file_uuid, kManifestFirstFrame, 1, superblock.chain_hash(),
                      example_state().snapshot().encode(), &hash);
}

std::string dump(const std::string& bytes) {
  std::string out;
  char text[32];
  for (size_t line = 0; line < bytes.size(); line += 16) {
    if (bytes.find_first_not_of('\0', line) >= line + 16) continue;
    std::snprintf(text, sizeof(text), "%05zx ", line);
    out += text;
    for (size_t i = line; i < line + 16; ++i) {
      std::snprintf(text, sizeof(text), " %02x", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
      out += text;
    }
    out += '\n';
  }
  return out;
}

std::string documented() {
  std::ifstream in(VARVE_SOURCE_DIR "/lsm/FORMAT.md");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const size_t begin = text.find("```hex\n");
  const size_t end = text.find("```", begin + 7);
  return begin == std::string::npos ? std::string() : text.substr(begin + 7, end - begin - 7);
}

TEST(ManifestFormat, TheDocumentShowsWhatIsWritten) { EXPECT_EQ(documented(), dump(example_bytes())); }

TEST(ManifestFormat, TheDocumentedBytesAreRead) {
  std::string bytes(3 * kManifestBlockBytes, '\0');
  std::istringstream lines(documented());
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    size_t at = 0;
    words >> std::hex >> at;
    for (unsigned byte = 0; words >> byte;) bytes.at(at++) = static_cast<char>(byte);
  }
  const auto read = decode_manifest(manifest_file_name(1), bytes);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->state, example_state());
  EXPECT_EQ(read->superblock, example_superblock());
}

// VARVE_WRITE_CORPUS=1 writes the seeds of fuzz/manifest_fuzz.cc anew; without it they must be what is committed.
TEST(ManifestFormat, TheFuzzCorpusHoldsTheExample) {
  const std::string directory = VARVE_SOURCE_DIR "/fuzz/corpus/manifest";
  const std::string edit = example_state().snapshot().encode();
  const std::map<std::string, std::string> seeds = {
      {"whole_file", '\0' + example_bytes()},
      {"repaired_file", '\1' + example_bytes()},
      {"repaired_two_frames", '\1' + example_bytes() + example_bytes().substr(kManifestFirstFrame)},
      {"torn_tail", '\0' + example_bytes() + std::string(700, 'x')},
      {"edit", '\2' + edit},
      {"two_edits", '\2' + edit + edit},
  };
  for (const auto& [name, bytes] : seeds) {
    const std::string path = directory + "/" + name;
    if (std::getenv("VARVE_WRITE_CORPUS") != nullptr) {
      std::filesystem::create_directories(directory);
      std::ofstream(path, std::ios::binary) << bytes;
    }
    std::ifstream in(path, std::ios::binary);
    const std::string committed((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    EXPECT_EQ(committed, bytes) << name;
  }
}

}  // namespace
}  // namespace varve::lsm
