// Expiry: removes the items whose time to live has ended, and makes the expiry index of a table that already had items when its time to
// live was enabled.
//
// A table's index (index/expiry_entry.h) lives in the keyspace "expiry/<table id>/<when it was enabled>" and is kept by every write of an
// item (item_expiry.h). An entry is only a hint: an item goes by a commit on its own key, which looks at the newest item again
// and removes it only if it still says the time that the entry says. So a write that gives an item a later time always saves it. The
// removal is a change like any other: indexes and the stream follow, the record's by_service is set.
//
// The filling walks the table's items and adds, by commits on the items' keys, the entry that each of them has now; it is
// repeated from the start after a crash, until the table's entry says that it is done.
//
// Threads: one. Ownership: borrows what the context names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
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
  static constexpr size_t kItemsPerCommit = 64;
  // The rate that the sweep does not exceed.
  static constexpr uint64_t kRemovalsPerSecond = 40'000;
  // How long a round may take: what is left is the next one's.
  static constexpr uint64_t kRoundNs = 900'000'000;

  explicit Expiry(const Context& context) : context_(context) {}

  // Fills indexes and, while the clocks may be believed, removes expired items. `keep_going` is asked between commits.
  Status round(bool clocks_are_steady, const std::function<bool()>& keep_going);

 private:
  struct Batch;
  Status fill(const TableRef& table, const std::function<bool()>& keep_going);
  Status sweep(const TableRef& table, const std::function<bool()>& keep_going);
  Status fill_batch(const TableRef& table, const std::vector<std::string>& tree_keys);
  // Removes what is still expired of a batch.
  Status remove_batch(const TableRef& table, const Batch& batch);
  Status remove_of(const TableRef& table, std::span<const partition::CommitKey> keys, const Batch& batch,
                   size_t first);
  void keep_rate(size_t removed);

  const Context context_;
  uint64_t round_ends_ns_ = 0;
  uint64_t next_removal_ns_ = 0;  // when the rate allows the next batch
  // Where a round that ran out of time stopped: a filling by its keyspace, a sweep by its table's id.
  std::map<std::string, std::string> filled_to_;
  std::map<std::string, std::string> swept_to_;
};

}  // namespace varve::api::dynamo
