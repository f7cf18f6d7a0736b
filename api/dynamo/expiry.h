// Expiry: removes the items whose time to live has ended, and makes the expiry index of a table that already had items when its time to
// live was enabled.
//
// A table's index (index/expiry_entry.h) lives in the keyspace "expiry/<table id>/<when it was enabled>" and is kept by every write of an
// item (item_expiry.h). An entry is only a hint: an item goes by a commit on its own key, which looks at the newest item again
// and removes it only if it still says the time that the entry says. So a write that gives an item a later time always saves it. The
// removal is a change like any other: indexes and the stream follow, the record's by_service is set.
//
// A sweep begins at the table's ExpiryFloor, because the index below consists of what was removed there.
//
// The filling walks the table's items and adds, by commits on the items' keys, the entry that each of them has now; it is
// repeated from the start after a crash, until the table's entry says that it is done.
//
// Threads: one. Ownership: borrows what the context names.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/dynamo/context.h"
#include "base/result.h"

namespace varve::api::dynamo {

// "expiry/<table id>/<microseconds>".
inline constexpr Slice kExpiryPrefix = "expiry/";
std::string expiry_keyspace(Slice table_id, uint64_t enabled_us);

class Expiry {
 public:
  // In one commit, of removals and of entries that a filling adds.
  static constexpr size_t kItemsPerCommit = 16;
  // The rate that the sweep does not exceed: at 15 us of processor time an item, a third of a processor.
  static constexpr uint64_t kRemovalsPerSecond = 25'000;
  // How often a sweep begins from the start, whatever the floor says.
  static constexpr uint64_t kWholeSweepNs = 300'000'000'000;
  // How long a floor counts that a sweep has taken, at least.
  static constexpr uint64_t kFloorCountsNs = 10'000'000'000;
  // How long a round may take: what is left is the next one's.
  static constexpr uint64_t kRoundNs = 900'000'000;

  explicit Expiry(const Context& context) : context_(context) {}

  // Fills indexes and, while the clocks may be believed, removes expired items. `keep_going` is asked between commits.
  Status round(bool clocks_are_steady, const std::function<bool()>& keep_going);

 private:
  struct Batch;
  // Of one table.
  struct Sweep {
    std::string at;                    // where a pass that ran out of time stopped; empty: a new one begins
    int64_t from_seconds = INT64_MIN;  // where that pass began
    bool left_some = false;            // transactions held some of what it met
    std::deque<std::pair<uint64_t, int64_t>> floors;  // taken within kFloorCountsNs, with the time
    uint64_t next_whole_ns = 0;
  };
  Status fill(const TableRef& table, const std::function<bool()>& keep_going);
  Status sweep(const TableRef& table, const std::function<bool()>& keep_going);
  Status fill_batch(const TableRef& table, const std::vector<std::string>& tree_keys);
  static void begin_pass(const TableExpiry& expiry, Sweep* sweep);
  static void end_pass(const TableExpiry& expiry, Sweep* sweep);
  // Removes what is still expired of a batch. *left_some: transactions held some of it.
  Status remove_batch(const TableRef& table, const Batch& batch, bool* left_some);
  Status remove_of(const TableRef& table, std::span<const partition::CommitKey> keys, const Batch& batch,
                   size_t first);
  void keep_rate(size_t removed);

  const Context context_;
  uint64_t round_ends_ns_ = 0;
  uint64_t next_removal_ns_ = 0;  // when the rate allows the next batch
  std::map<std::string, std::string>
      filled_to_;                        // where a filling that ran out of time stopped, by its keyspace
  std::map<std::string, Sweep> sweeps_;  // by the index's keyspace
};

}  // namespace varve::api::dynamo
