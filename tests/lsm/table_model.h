// TableModel: what an SSTable should hold, as a std::map, and the table made from it. The oracle of the
// SSTable tests and the maker of the fuzz corpus.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "lsm/internal_key.h"
#include "lsm/sstable/table_builder.h"
#include "lsm/sstable/table_reader.h"
#include "tests/lsm/memory_file.h"

namespace varve::lsm {

inline FileUuid test_uuid(uint8_t fill = 0x5a) {
  FileUuid uuid;
  uuid.bytes.fill(fill);
  return uuid;
}

struct TableModel {
  std::map<std::string, std::string, InternalKeyLess> entries;

  void put(Slice key, uint64_t sequence, Slice value) {
    entries[make_internal_key(key, SequenceNumber(sequence), ValueKind::kPut)] = value;
  }
  void remove(Slice key, uint64_t sequence) {
    entries[make_internal_key(key, SequenceNumber(sequence), ValueKind::kDelete)] = "";
  }

  // The internal key and value of the newest version at or below the snapshot, or end().
  auto find(Slice user_key, SequenceNumber snapshot) const {
    auto at = entries.lower_bound(make_seek_key(user_key, snapshot));
    return at != entries.end() && user_key_of(at->first) == user_key ? at : entries.end();
  }
};

inline std::string printable_key(uint64_t n) {
  std::string key = std::to_string(n);
  return std::string(10 - std::min<size_t>(10, key.size()), '0') + key;
}

// Keys with shared prefixes, several versions, tombstones, and values from nothing to a few blocks.
inline TableModel random_model(Random* random, size_t entries) {
  TableModel model;
  const uint64_t key_space = random->between(1, entries * 2 + 1);
  for (size_t i = 0; i < entries; ++i) {
    std::string key;
    switch (random->below(4)) {
      case 0:
        key = printable_key(random->below(key_space));
        break;
      case 1:
        key = std::string(random->below(12), static_cast<char>('a' + random->below(2)));
        break;
      case 2:
        for (uint64_t n = random->below(4); n > 0; --n) key.push_back(static_cast<char>(random->next()));
        break;
      default:
        key = "item/" + std::to_string(random->below(key_space)) + "/" + std::string(random->below(40), 'k');
    }
    const uint64_t sequence = random->between(1, 1 + i);
    if (random->one_in(6)) {
      if (model.entries.count(make_internal_key(key, SequenceNumber(sequence), ValueKind::kPut)) == 0) {
        model.remove(key, sequence);
      }
      continue;
    }
    if (model.entries.count(make_internal_key(key, SequenceNumber(sequence), ValueKind::kDelete)) != 0)
      continue;
    std::string value(random->one_in(50) ? random->below(30000) : random->below(200), '\0');
    const bool compressible = random->one_in(2);
    for (char& c : value) c = static_cast<char>(compressible ? 'v' : random->next());
    model.put(key, sequence, value);
  }
  return model;
}

struct BuiltTable {
  std::shared_ptr<MemoryFile::Contents> contents;
  TableSummary summary;
};

inline BuiltTable build_table(const TableModel& model, const TableOptions& options, bool direct = false,
                              const FileUuid& uuid = test_uuid()) {
  BuiltTable built{std::make_shared<MemoryFile::Contents>(), {}};
  MemoryFile file(built.contents, direct);
  auto builder = TableBuilder::create(&file, uuid, options);
  EXPECT_TRUE(builder.ok()) << builder.status().to_string();
  for (const auto& [key, value] : model.entries) {
    const Status added = (*builder)->add(key, value);
    EXPECT_TRUE(added.ok()) << added.to_string();
  }
  auto summary = (*builder)->finish();
  EXPECT_TRUE(summary.ok()) << summary.status().to_string();
  built.summary = *summary;
  return built;
}

inline Result<std::unique_ptr<TableReader>> open_table(const BuiltTable& built, BlockCache* cache = nullptr,
                                                       bool direct = false, uint64_t number = 1) {
  TableReaderOptions options;
  options.file_number = FileNumber(number);
  options.cache = cache;
  return TableReader::open(std::make_unique<MemoryFile>(built.contents, direct), options);
}

}  // namespace varve::lsm
