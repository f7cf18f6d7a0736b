#include "api/dynamo/expiry.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "api/dynamo/item_change.h"
#include "api/dynamo/item_expiry.h"
#include "base/io/clock.h"
#include "index/expiry_entry.h"

namespace varve::api::dynamo {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kCatchUpNs = 20'000'000;

int64_t now_seconds() { return static_cast<int64_t>(io::wall_us() / 1'000'000); }

// A batch of many keys gives up when they are written all the time.
partition::WriteOptions options_for(size_t keys) {
  partition::WriteOptions options;
  if (keys > 1) options.max_evaluations = 4;
  return options;
}

// A table that went away, or changed, under a commit is looked at anew by the next round.
Status unless_gone(const Status& status) { return status.code() == ErrorCode::kNotFound ? Status() : status; }

}  // namespace

std::string expiry_keyspace(Slice table_id, uint64_t enabled_us) {
  return std::string(kExpiryPrefix).append(table_id).append("/").append(std::to_string(enabled_us));
}

// Entries that were expired when they were found.
struct Expiry::Batch {
  std::vector<index::Number> times;
  std::vector<std::string> tree_keys;
};

Status Expiry::round(bool clocks_are_steady, const std::function<bool()>& keep_going) {
  round_ends_ns_ = io::monotonic_ns() + kRoundNs;
  const auto in_time = [&] { return keep_going() && io::monotonic_ns() < round_ends_ns_; };
  for (const TableRef& table : context_.catalog->all()) {
    if (!table->expiry) continue;
    if (table->expiry->filling) VARVE_RETURN_IF_ERROR(unless_gone(fill(table, in_time)));
    if (clocks_are_steady) VARVE_RETURN_IF_ERROR(unless_gone(sweep(table, in_time)));
  }
  return {};
}

// ---- filling ----

Status Expiry::fill_batch(const TableRef& table, const std::vector<std::string>& tree_keys) {
  std::vector<partition::CommitKey> keys;
  keys.reserve(tree_keys.size());
  for (const std::string& tree_key : tree_keys) keys.push_back({table->items, tree_key});
  const auto evaluate = [&](std::span<const partition::Image> images,
                            partition::WriteBatch* batch) -> Status {
    for (size_t i = 0; i < images.size(); ++i) {
      VARVE_ASSIGN_OR_RETURN(const ItemImage image, image_of(images[i]));
      const auto time = index::time_to_live(image.view, table->expiry->attribute);
      if (time) put_expiry_entry(*table->expiry, *time, tree_keys[i], batch);
    }
    return {};
  };
  return context_.store->commit(keys, evaluate, options_for(keys.size())).status();
}

Status Expiry::fill(const TableRef& table, const std::function<bool()>& keep_going) {
  const std::string& id = table->description.id;
  const TableExpiry expiry = *table->expiry;
  const std::string filling = expiry_keyspace(id, expiry.enabled_us);
  std::string& filled_to = filled_to_[filling];
  // What was committed by those who knew only the form of the table before this one is seen by the walk; what comes later keeps the
  // index itself.
  if (filled_to.empty()) VARVE_RETURN_IF_ERROR(context_.store->drain());
  while (true) {
    if (!keep_going()) return {};
    std::vector<std::string> tree_keys;
    {
      // In pages: an iterator that lives long pins memory and files.
      VARVE_ASSIGN_OR_RETURN(const auto items, context_.store->iterate(table->items, {filled_to, {}},
                                                                       partition::ReadPoint::visible()));
      for (items->seek_to_first(); items->valid() && tree_keys.size() < kItemsPerCommit; items->next()) {
        tree_keys.emplace_back(items->key());
      }
      VARVE_RETURN_IF_ERROR(items->status());
    }
    if (tree_keys.empty()) break;
    Status filled = fill_batch(table, tree_keys);
    if (filled.code() == ErrorCode::kConflict) {
      tree_keys.resize(1);  // one is as fast as any other writer of it
      filled = fill_batch(table, tree_keys);
    }
    if (filled.code() == ErrorCode::kConflict)
      return {};  // a transaction holds it: the next round goes on here
    VARVE_RETURN_IF_ERROR(filled);
    filled_to = tree_keys.back() + '\0';
  }
  filled_to_.erase(filling);
  const auto done = context_.catalog->amend(table->description.name, [&](Table* changed) -> Failure {
    const bool still =
        changed->description.id == id && changed->expiry && changed->expiry->enabled_us == expiry.enabled_us;
    if (!still) return resource_not_found();
    changed->expiry->filling = false;
    return std::nullopt;
  });
  if (done.ok() || done.error().type == ErrorType::kResourceNotFound) return {};
  return {done.error().code(), done.error().message};
}

// ---- sweeping ----

Status Expiry::remove_of(const TableRef& table, std::span<const partition::CommitKey> keys,
                         const Batch& batch, size_t first) {
  TableRef form = table;
  const auto evaluate = [&](std::span<const partition::Image> images,
                            partition::WriteBatch* writes) -> Status {
    form = newest(std::move(form));
    const bool is_still_it =
        form != nullptr && form->expiry && form->expiry->enabled_us == table->expiry->enabled_us;
    if (!is_still_it) return Status::not_found("expiry: the table has changed");
    const int64_t now = now_seconds();
    for (size_t i = 0; i < images.size(); ++i) {
      VARVE_ASSIGN_OR_RETURN(const ItemImage before, image_of(images[i]));
      const auto time = index::time_to_live(before.view, table->expiry->attribute);
      if (!time || *time != batch.times[first + i] || !index::is_expired(*time, now)) continue;
      const ItemChange change{*form,
                              batch.tree_keys[first + i],
                              before,
                              ItemImage(),
                              index::ItemSource::kPut,
                              /*by_service=*/true};
      const auto added = change.add_to(writes);
      if (!added.ok()) return {added.error().code(), added.error().message};
    }
    return {};
  };
  return context_.store->commit(keys, evaluate, options_for(keys.size())).status();
}

Status Expiry::remove_batch(const TableRef& table, const Batch& batch, bool* left_some) {
  std::vector<partition::CommitKey> keys;
  keys.reserve(batch.tree_keys.size());
  for (const std::string& tree_key : batch.tree_keys) keys.push_back({table->items, tree_key});
  Status together = remove_of(table, keys, batch, 0);
  if (together.code() != ErrorCode::kConflict) return together;
  // A transaction holds one of the items, or they are written all the time: they go one by one, those that are held with a later round.
  for (size_t i = 0; i < keys.size(); ++i) {
    const Status alone = remove_of(table, {&keys[i], 1}, batch, i);
    if (alone.code() == ErrorCode::kConflict) {
      *left_some = true;
    } else {
      VARVE_RETURN_IF_ERROR(alone);
    }
  }
  return {};
}

void Expiry::keep_rate(size_t removed) {
  const uint64_t now_ns = io::monotonic_ns();
  // A busy machine ends sleeps late: what that cost is caught up with, as far as it is little.
  next_removal_ns_ = std::max(next_removal_ns_ + kCatchUpNs, now_ns) - kCatchUpNs +
                     removed * kNsPerSecond / kRemovalsPerSecond;
  if (next_removal_ns_ > now_ns) io::sleep_ns(next_removal_ns_ - now_ns);
}

void Expiry::begin_pass(const TableExpiry& expiry, Sweep* sweep) {
  const uint64_t now_ns = io::monotonic_ns();
  const int64_t now = now_seconds();
  auto& floors = sweep->floors;
  floors.emplace_back(now_ns, expiry.floor->take(now));
  // That of the pass before counts however long it took.
  while (floors.size() > 2 && floors.front().first + kFloorCountsNs < now_ns) floors.pop_front();
  const auto lowest = std::min_element(floors.begin(), floors.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
  sweep->from_seconds = lowest->second;
  if (now_ns >= sweep->next_whole_ns) {
    sweep->next_whole_ns = now_ns + kWholeSweepNs;
    sweep->from_seconds = INT64_MIN;
  }
  sweep->left_some = false;
  sweep->at = index::expired_range(now, sweep->from_seconds).lower;
}

void Expiry::end_pass(const TableExpiry& expiry, Sweep* sweep) {
  if (sweep->left_some) expiry.floor->lower(sweep->from_seconds);
  sweep->at.clear();
}

Status Expiry::sweep(const TableRef& table, const std::function<bool()>& keep_going) {
  const index::KeyRange range = index::expired_range(now_seconds());
  Sweep& sweep = sweeps_[expiry_keyspace(table->description.id, table->expiry->enabled_us)];
  if (sweep.at.empty() || sweep.at < range.lower) begin_pass(*table->expiry, &sweep);
  while (keep_going()) {
    Batch batch;
    {
      VARVE_ASSIGN_OR_RETURN(const auto entries,
                             context_.store->iterate(table->expiry->entries, {sweep.at, Slice(range.upper)},
                                                     partition::ReadPoint::visible()));
      for (entries->seek_to_first(); entries->valid() && batch.times.size() < kItemsPerCommit;
           entries->next()) {
        VARVE_ASSIGN_OR_RETURN(const index::ExpiryEntry entry, index::decode_expiry_key(entries->key()));
        batch.times.push_back(entry.time_to_live);
        batch.tree_keys.emplace_back(entry.tree_key);
      }
      VARVE_RETURN_IF_ERROR(entries->status());
    }
    if (batch.times.empty()) {
      end_pass(*table->expiry, &sweep);
      return {};
    }
    VARVE_RETURN_IF_ERROR(remove_batch(table, batch, &sweep.left_some));
    sweep.at = index::encode_expiry_key(batch.times.back(), batch.tree_keys.back()) + '\0';
    keep_rate(batch.times.size());
  }
  return {};
}

}  // namespace varve::api::dynamo
