#include "tests/crash/crash_lane.h"

#include <chrono>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/coding.h"
#include "base/io/mutex.h"
#include "base/io/simulated/simulation.h"
#include "base/io/thread.h"
#include "base/random.h"
#include "partition/store.h"

namespace varve::crash {

namespace {

using partition::PinnedValue;
using partition::ReadPoint;
using partition::Store;
using partition::StoreOptions;
using partition::WriteBatch;

constexpr char kDirectory[] = "store";
const char* const kNames[] = {"left", "right"};
constexpr char kLedgerName[] = "ledger";
constexpr int kWriters = 3;
constexpr uint64_t kKeys = 60;

StoreOptions small_store(io::Driver* driver) {
  StoreOptions options;
  options.driver = driver;
  options.memory_bytes = 1u << 20;
  options.write_buffer_bytes = 8u << 10;
  options.block_cache_bytes = 128u << 10;
  options.block_bytes = 1u << 10;
  options.target_file_bytes = 16u << 10;
  options.level_base_bytes = 32u << 10;
  options.level0_compaction_trigger = 3;
  options.log_first_segment_bytes = 64u << 10;
  options.log_max_segment_bytes = 64u << 10;
  options.log_limit_bytes = 192u << 10;
  return options;
}

struct Operation {
  int keyspace;
  std::string key;
  std::optional<std::string> value;  // absent: delete
};

// What the world outside the store knows.
struct Oracle {
  std::map<uint64_t, std::vector<Operation>> commits;  // by commit id, noted before the commit is tried
  std::map<uint64_t, uint64_t> acknowledged;           // sequence -> commit id
  uint64_t greatest_seen = 0;                          // sequence of the newest value that a reader got
  bool keyspaces_acknowledged = false;
};

using Contents = std::map<std::string, std::string>;

Result<Contents> read_all(Store* store, KeyspaceId keyspace) {
  Contents contents;
  VARVE_ASSIGN_OR_RETURN(auto iterator, store->iterate(keyspace, {}, ReadPoint::visible()));
  for (iterator->seek_to_first(); iterator->valid(); iterator->next()) {
    contents.emplace(iterator->key(), iterator->value());
  }
  VARVE_RETURN_IF_ERROR(iterator->status());
  return contents;
}

std::string describe(const char* what, uint64_t n) { return std::string(what) + " " + std::to_string(n); }

// Empty when the recovered store agrees with the oracle.
std::string disagreement(Store* store, const Oracle& oracle) {
  const auto ledger_id = store->find_keyspace(kLedgerName);
  const auto left_id = store->find_keyspace(kNames[0]);
  const auto right_id = store->find_keyspace(kNames[1]);
  if (!ledger_id || !left_id || !right_id) {
    return oracle.keyspaces_acknowledged ? "an acknowledged keyspace is missing" : "";
  }
  auto ledger = read_all(store, *ledger_id);
  if (!ledger.ok()) return "ledger: " + ledger.status().to_string();

  Contents expected[2];
  std::map<uint64_t, uint64_t> survived;
  uint64_t previous = 0;
  for (const auto& [key, value] : *ledger) {
    if (key.size() != 8 || value.size() != 8) return "ledger entry of a wrong size";
    const uint64_t sequence = load_big64(key.data());
    const uint64_t id = load_big64(value.data());
    if (previous != 0 && sequence != previous + 1)
      return describe("a hole in commit order before sequence", sequence);
    previous = sequence;
    survived[sequence] = id;
    const auto commit = oracle.commits.find(id);
    if (commit == oracle.commits.end()) return describe("a commit that nobody made:", id);
    for (const Operation& operation : commit->second) {
      Contents& target = expected[operation.keyspace];
      if (operation.value) {
        target[operation.key] = *operation.value;
      } else {
        target.erase(operation.key);
      }
    }
  }
  for (const auto& [sequence, id] : oracle.acknowledged) {
    const auto found = survived.find(sequence);
    if (found == survived.end()) return describe("an acknowledged commit is lost: sequence", sequence);
    if (found->second != id) return describe("another commit stands at sequence", sequence);
  }
  if (previous < oracle.greatest_seen)
    return describe("a value that a reader saw is lost: sequence", oracle.greatest_seen);
  const KeyspaceId ids[2] = {*left_id, *right_id};
  for (int i = 0; i < 2; ++i) {
    auto contents = read_all(store, ids[i]);
    if (!contents.ok()) return std::string(kNames[i]) + ": " + contents.status().to_string();
    if (*contents != expected[i]) return std::string(kNames[i]) + " differs from the surviving commits";
  }
  return "";
}

class Lane {
 public:
  explicit Lane(const LaneOptions& options) : options_(options), random_(options.seed) {}

  LaneReport run() {
    for (uint64_t n = 0; report_.distinct_images < options_.images && report_.violation.empty(); ++n)
      one_history(n);
    return std::move(report_);
  }

 private:
  enum class Faults { kNone, kShort, kEio, kNoSpace };

  // One history; images are taken and checked from inside it, at the driver's events.
  void one_history(uint64_t n) {
    history_seed_ = options_.seed * 1'000'003 + n;
    oracle_ = Oracle();
    const Faults faults = options_.faults ? static_cast<Faults>(n % 4) : Faults::kNone;
    io::SimulatedDisk disk;
    io::SimulatedDriver driver(&disk);
    const uint64_t fault_at = random_.between(20, 350);
    driver.set_faults(
        [&, faults](const io::IoEventInfo& info) { return choose_fault(faults, fault_at, info); });
    driver.set_observer([&](const io::IoEventInfo& info) { on_event(disk, info); });
    io::BuggyDriver seen(options_.bug, &driver);

    ++report_.runs;
    uint64_t flushes = 0, compactions = 0;
    io::Simulation simulation(history_seed_);
    simulation.run([&] {
      auto store = Store::open(kDirectory, small_store(&seen));
      if (!store.ok()) return;  // a fault met the creation; images of it were taken all the same
      write_history(store->get());
      const auto statistics = (*store)->statistics();
      flushes = statistics.flushes;
      compactions = statistics.compactions;
      (void)(*store)->close();
    });
    report_.flushes += flushes;
    report_.compactions += compactions;
    if (faults == Faults::kNone || faults == Faults::kShort) {
      report_.least_flushes = std::min(report_.least_flushes, flushes);
      report_.least_compactions = std::min(report_.least_compactions, compactions);
    }
  }

  io::FaultKind choose_fault(Faults faults, uint64_t fault_at, const io::IoEventInfo& info) {
    using io::IoEvent;
    const bool write = info.event == IoEvent::kWrite || info.event == IoEvent::kWriteDurable;
    const bool durable = info.event == IoEvent::kWriteDurable || info.event == IoEvent::kSync;
    if (faults == Faults::kShort && (write || info.event == IoEvent::kRead) && random_.one_in(8)) {
      ++report_.short_fired;
      return io::FaultKind::kShort;
    }
    if (faults == Faults::kEio && durable && info.index >= fault_at && !eio_done_) {
      eio_done_ = true;
      ++report_.eio_fired;
      return io::FaultKind::kEio;
    }
    if (faults == Faults::kNoSpace && write && info.index >= fault_at && info.index < fault_at + 40) {
      ++report_.no_space_fired;
      return io::FaultKind::kNoSpace;
    }
    return io::FaultKind::kNone;
  }

  void write_history(Store* store) {
    eio_done_ = false;
    KeyspaceId ids[2], ledger;
    for (int i = 0; i < 2; ++i) {
      auto id = store->create_keyspace(kNames[i]);
      if (!id.ok()) return;
      ids[i] = *id;
    }
    auto ledger_id = store->create_keyspace(kLedgerName);
    if (!ledger_id.ok()) return;
    ledger = *ledger_id;
    oracle_.keyspaces_acknowledged = true;

    uint64_t next_id = 1;
    std::vector<io::Thread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back("writer", [&] {
        while (next_id <= options_.commits_per_run) {
          if (!one_commit(store, ids, ledger, next_id++)) return;
        }
      });
    }
    io::Thread reader("reader", [&] {
      while (next_id <= options_.commits_per_run && store->health().ok()) {
        PinnedValue value;
        auto lookup = store->get(ids[random_.below(2)], random_key(), ReadPoint::visible(), &value);
        if (lookup.ok()) oracle_.greatest_seen = std::max(oracle_.greatest_seen, lookup->sequence.value);
        io::spin_pause();
      }
    });
    for (io::Thread& writer : writers) writer.join();
    reader.join();
  }

  bool one_commit(Store* store, const KeyspaceId ids[2], KeyspaceId ledger, uint64_t id) {
    WriteBatch batch;
    std::vector<Operation>& operations = oracle_.commits[id];
    for (int i = 0; i < 2; ++i) {
      Operation operation{i, random_key(), std::nullopt};
      if (!random_.one_in(5))
        operation.value = std::string(random_.between(1, 300), static_cast<char>('a' + id % 26));
      if (operation.value) {
        operation.value->append(std::to_string(id));
        batch.put(ids[i], operation.key, *operation.value);
      } else {
        batch.remove(ids[i], operation.key);
      }
      operations.push_back(std::move(operation));
    }
    char id_bytes[8];
    store_big64(id_bytes, id);
    batch.put_at_sequence(ledger, "", Slice(id_bytes, sizeof(id_bytes)));
    auto committed = store->write(&batch);
    if (!committed.ok()) return committed.code() == ErrorCode::kThrottled;
    oracle_.acknowledged[committed->sequence.value] = id;
    return true;
  }

  std::string random_key() { return "key-" + std::to_string(random_.below(kKeys)); }

  void on_event(const io::SimulatedDisk& disk, const io::IoEventInfo& info) {
    using io::IoEvent;
    ++report_.events;
    if (!report_.violation.empty() || report_.distinct_images >= options_.images) return;
    if (info.event == IoEvent::kRead || info.event == IoEvent::kOpen || info.event == IoEvent::kList) return;
    constexpr io::CrashStyle kStyles[] = {io::CrashStyle::kRandom, io::CrashStyle::kPrefix,
                                          io::CrashStyle::kTearLast, io::CrashStyle::kLoseAll,
                                          io::CrashStyle::kRandom};
    const bool in_tree = info.path.find("/lsm") != std::string::npos;
    // Events of the trees are the rarer ones: every style there, two elsewhere.
    for (int i = 0; i < (in_tree ? 5 : 2); ++i) {
      const io::CrashStyle style = kStyles[in_tree ? i : static_cast<int>(random_.below(5))];
      io::SimulatedDisk image = disk.crash_image(style, &random_);
      ++report_.images;
      if (!hashes_.insert(image.content_hash()).second) continue;
      ++report_.distinct_images;
      report_.tree_images += in_tree;
      report_.largest_image_bytes = std::max(report_.largest_image_bytes, image.total_bytes());
      check_image(std::move(image), info, true);
      if (!report_.violation.empty()) return;
    }
  }

  // Recovers an image in a simulation of its own. With may_crash, one in four is cut again during its recovery.
  void check_image(io::SimulatedDisk image, const io::IoEventInfo& info, bool may_crash) {
    const bool crash_again = may_crash && random_.one_in(4);
    const uint64_t cut_at = random_.between(1, 120);
    std::unique_ptr<io::SimulatedDisk> second;
    std::string problem;
    {
      io::SimulatedDriver driver(&image);
      if (crash_again) {
        driver.set_observer([&](const io::IoEventInfo& event) {
          if (event.index == cut_at && second == nullptr) {
            second =
                std::make_unique<io::SimulatedDisk>(image.crash_image(io::CrashStyle::kRandom, &random_));
          }
        });
      }
      io::BuggyDriver seen(options_.bug, &driver);
      io::Simulation simulation(random_.next());
      simulation.run([&] { problem = recover_and_check(&seen); });
    }
    if (!problem.empty()) {
      std::ostringstream text;
      text << problem << " (lane seed " << options_.seed << ", history seed " << history_seed_ << ", event "
           << info.index << (info.after ? " after " : " in ") << io::io_event_name(info.event) << " of "
           << info.path << (may_crash ? "" : ", second crash") << ")";
      report_.violation = text.str();
      return;
    }
    if (second != nullptr) {
      ++report_.double_crashes;
      check_image(std::move(*second), info, false);
    }
  }

  std::string recover_and_check(io::Driver* driver) {
    const auto start = std::chrono::steady_clock::now();
    auto store = Store::open(kDirectory, small_store(driver));
    report_.recovery_ns += static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start)
            .count());
    ++report_.recoveries;
    if (!store.ok()) return "recovery failed: " + store.status().to_string();
    std::string problem = disagreement(store->get(), oracle_);
    if (!problem.empty()) return problem;
    // One in sixteen also takes a write and closes, and is verified whole.
    if (random_.one_in(16)) {
      auto id = (*store)->create_keyspace("after");
      if (!id.ok() && id.code() != ErrorCode::kAlreadyExists)
        return "no writes after recovery: " + id.status().to_string();
      const Status closed = (*store)->close();
      if (!closed.ok()) return "close: " + closed.to_string();
      auto verified = partition::verify_store(driver, kDirectory);
      if (!verified.ok()) return "verify: " + verified.status().to_string();
      if (!verified->problems.empty()) return "verify: " + verified->problems[0].to_string();
    }
    return "";
  }

  const LaneOptions options_;
  Random random_;
  LaneReport report_;
  Oracle oracle_;
  std::unordered_set<uint64_t> hashes_;
  uint64_t history_seed_ = 0;
  bool eio_done_ = false;
};

}  // namespace

std::string LaneReport::to_string() const {
  std::ostringstream text;
  text << runs << " histories, " << events << " I/O events, " << images << " images, " << distinct_images
       << " distinct (" << tree_images << " inside a flush, compaction or manifest edit), " << double_crashes
       << " cut again during recovery; largest image " << largest_image_bytes << " bytes; " << recoveries
       << " recoveries, mean " << mean_recovery_ms() << " ms; per history at least " << least_flushes
       << " flushes and " << least_compactions << " compactions; faults: EIO " << eio_fired << ", ENOSPC "
       << no_space_fired << ", short " << short_fired;
  return text.str();
}

LaneReport run_crash_lane(const LaneOptions& options) { return Lane(options).run(); }

}  // namespace varve::crash
