// A TreeSet beside a model of it: every version of every key in a std::map, and a log of what was applied from which a
// reopened set is replayed. One seed, one history.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/io/driver.h"
#include "base/random.h"
#include "lsm/tree_set.h"

namespace varve::lsm {

struct ModelConfiguration {
  const char* name = "";
  uint64_t write_buffer_bytes = 8 << 10;
  uint64_t block_bytes = 512;
  uint64_t target_file_bytes = 16 << 10;
  uint64_t level_base_bytes = 32 << 10;
  uint32_t level_fanout = 3;
  uint32_t level0_trigger = 2;
  uint64_t cache_bytes = 256 << 10;
  uint64_t manifest_bytes = 16 << 10;
  bool compress = true;
  bool background = false;
  uint64_t trees = 2;
  uint64_t keys = 200;
  uint64_t max_value_bytes = 100;
};

class TreeModel {
 public:
  TreeModel(io::Driver* driver, std::string directory, const ModelConfiguration& configuration,
            uint64_t seed);
  ~TreeModel();

  // Each reports a difference through GoogleTest and answers whether all is well so far.
  bool open();
  // Closes and opens again, as after a crash of the process: memtables are gone, the log replays them.
  bool reopen();
  bool step();
  bool run(uint64_t steps);

  void commit();
  bool check_get();
  bool check_scan();
  bool check_everything();
  void seal();
  bool flush();
  bool compact();
  void toggle_snapshot();

  // Another set over the same files, nothing replayed: holds exactly what lies below its flushed_through.
  bool check_flushed(TreeSet* other);

  TreeSet* set() { return set_.get(); }
  SequenceNumber last() const { return last_; }
  Random* random() { return &random_; }

 private:
  struct Write {
    SequenceNumber sequence;
    ValueKind kind;
    std::string value;
  };
  struct LogEntry {
    SequenceNumber sequence;
    TreeId tree;
    ValueKind kind;
    std::string key, value;
  };
  using Keys = std::map<std::string, std::vector<Write>>;  // oldest first

  std::string random_key();
  std::string random_value();
  const Write* newest(TreeId tree, const std::string& key, SequenceNumber at) const;
  // A read point of the system and the sequence it stands for.
  std::pair<ReadPoint, SequenceNumber> random_point();
  bool compare_scan(Tree* tree, const Bounds& bounds, std::pair<ReadPoint, SequenceNumber> point,
                    bool zigzag);

  io::Driver* driver_;
  std::string directory_;
  ModelConfiguration configuration_;
  uint64_t seed_;
  Random random_;
  std::unique_ptr<TreeSet> set_;
  std::map<TreeId, Keys> model_;
  std::vector<LogEntry> log_;
  std::vector<SequenceNumber> snapshots_;
  SequenceNumber last_;
};

// Several shapes of tree that must all answer alike.
std::vector<ModelConfiguration> model_configurations();
TreeSetOptions options_for(const ModelConfiguration& configuration, io::Driver* driver,
                           const std::string& directory);

}  // namespace varve::lsm
