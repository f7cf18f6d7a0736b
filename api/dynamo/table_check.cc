#include "api/dynamo/table_check.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "api/dynamo/catalog.h"
#include "api/dynamo/streams.h"
#include "base/io/overlay_driver.h"
#include "index/expiry_entry.h"
#include "index/index_entry.h"
#include "index/item_codec.h"
#include "index/key_codec.h"
#include "index/stream_record.h"
#include "partition/store.h"

namespace varve::api::dynamo {

void TableCheckReport::add(std::string problem) {
  ++problem_count;
  if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
}

namespace {

constexpr uint64_t kMemoryBytes = 64u << 20;
constexpr uint64_t kProgressEvery = 1024;

class Check {
 public:
  Check(partition::Store* store, const std::function<void(uint64_t, uint64_t)>& progress)
      : store_(store), progress_(progress) {}

  Result<TableCheckReport> run() {
    VARVE_ASSIGN_OR_RETURN(const auto streams, Streams::open(store_, {}));
    VARVE_ASSIGN_OR_RETURN(const auto catalog, Catalog::open(store_));
    for (const partition::KeyspaceInfo& keyspace : store_->keyspaces()) {
      VARVE_ASSIGN_OR_RETURN(const lsm::TreeStatistics statistics, store_->keyspace_statistics(keyspace.id));
      about_ += statistics.memtable_entries + statistics.file_entries;
    }
    for (const TableRef& table : catalog->all()) VARVE_RETURN_IF_ERROR(check_table(*table));
    bool more = false;
    for (const StreamRef& stream : streams->list({}, {}, SIZE_MAX, &more)) {
      VARVE_RETURN_IF_ERROR(check_stream(*stream, catalog->find(stream->table)));
    }
    for (const TableRef& table : catalog->all()) check_names_its_stream(*table, *streams);
    return std::move(report_);
  }

 private:
  // Visits every entry of a keyspace.
  template <typename Visit>
  Status for_each(KeyspaceId keyspace, const Visit& visit) {
    VARVE_ASSIGN_OR_RETURN(const auto at, store_->iterate(keyspace, {}, partition::ReadPoint::visible()));
    for (at->seek_to_first(); at->valid(); at->next()) {
      if (progress_ && done_ % kProgressEvery == 0) progress_(done_, std::max(about_, done_));
      ++done_;
      VARVE_RETURN_IF_ERROR(visit(at->key(), at->value()));
    }
    return at->status();
  }

  // Reads into value_, until the next call.
  Result<bool> get(KeyspaceId keyspace, Slice key) {
    value_ = {};
    VARVE_ASSIGN_OR_RETURN(const lsm::Lookup lookup,
                           store_->get(keyspace, key, partition::ReadPoint::visible(), &value_));
    return lookup.found;
  }

  static std::string name_of(const Table& table) { return "table " + table.description.name; }
  static std::string name_of(const Table& table, size_t i) {
    return name_of(table) + ", index " + table.index(i).schema.name;
  }
  static std::string name_of_expiry(const Table& table) { return name_of(table) + ", expiry index"; }

  // An item's key as messages show it.
  static std::string key_text(const Table& table, Slice tree_key) {
    const auto key = index::decode_tree_key(table.description.key_schema, tree_key);
    if (!key.ok()) return "of a damaged key";
    return key->partition.to_message_string() + (key->sort ? key->sort->to_message_string() : "");
  }

  // The tree key that an item with these bytes has; nullopt when they are no item of the table.
  static std::optional<std::string> tree_key_of(const Table& table, Slice encoded) {
    const auto item = index::decode_item(encoded);
    if (!item.ok()) return std::nullopt;
    const auto key = index::key_of_item(table.description.key_schema, *item);
    if (!key.ok()) return std::nullopt;
    return index::encode_tree_key(*key);
  }

  Status check_table(const Table& table) {
    ++report_.tables;
    VARVE_RETURN_IF_ERROR(for_each(table.items, [&](Slice key, Slice value) {
      ++report_.items;
      return check_item(table, key, value);
    }));
    for (size_t i = 0; i < table.index_count(); ++i) {
      VARVE_RETURN_IF_ERROR(for_each(table.index_entries[i], [&](Slice key, Slice value) {
        ++report_.index_entries;
        return check_entry(table, i, key, value);
      }));
    }
    if (!table.expiry) return {};
    return for_each(table.expiry->entries, [&](Slice key, Slice) {
      ++report_.expiry_entries;
      return check_expiry_entry(table, key);
    });
  }

  Status check_item(const Table& table, Slice key, Slice value) {
    if (tree_key_of(table, value) != std::optional<std::string>(key)) {
      report_.add(name_of(table) + ": what lies under the key of " + key_text(table, key) +
                  " is no item of that key");
      return {};
    }
    for (size_t i = 0; i < table.index_count(); ++i) {
      if (table.index(i).status == IndexStatus::kCreating) continue;
      const auto entry =
          index::IndexEntry::of(table.index(i).schema, table.description.key_schema, key, value);
      if (!entry) continue;
      VARVE_ASSIGN_OR_RETURN(const bool found, get(table.index_entries[i], entry->key()));
      if (!found) {
        report_.add(name_of(table, i) + ": no entry of item " + key_text(table, key));
      } else if (value_.slice() != entry->value()) {
        report_.add(name_of(table, i) + ": the entry of item " + key_text(table, key) +
                    " is not what the index keeps of it");
      }
    }
    if (!table.expiry || table.expiry->filling) return {};
    VARVE_ASSIGN_OR_RETURN(const index::ItemView view, index::ItemView::open(value));
    const auto time = index::time_to_live(view, table.expiry->attribute);
    if (!time) return {};
    VARVE_ASSIGN_OR_RETURN(const bool found,
                           get(table.expiry->entries, index::encode_expiry_key(*time, key)));
    if (!found) report_.add(name_of_expiry(table) + ": no entry of item " + key_text(table, key));
    return {};
  }

  // That the entry of an item is right was seen at the item, so here only its key is compared.
  Status check_entry(const Table& table, size_t i, Slice key, Slice value) {
    const auto item_key = tree_key_of(table, value);
    if (!item_key) {
      report_.add(name_of(table, i) + ": an entry that names no item");
      return {};
    }
    VARVE_ASSIGN_OR_RETURN(const bool found, get(table.items, *item_key));
    if (!found) {
      report_.add(name_of(table, i) + ": an entry without its item " + key_text(table, *item_key));
      return {};
    }
    const auto entry =
        index::IndexEntry::of(table.index(i).schema, table.description.key_schema, *item_key, value_.slice());
    if (!entry || entry->key() != key) {
      report_.add(name_of(table, i) + ": an entry that item " + key_text(table, *item_key) +
                  " does not have (any more)");
    }
    return {};
  }

  Status check_expiry_entry(const Table& table, Slice key) {
    const auto entry = index::decode_expiry_key(key);
    if (!entry.ok()) {
      report_.add(name_of_expiry(table) + ": " + entry.status().to_string());
      return {};
    }
    VARVE_ASSIGN_OR_RETURN(const bool found, get(table.items, entry->tree_key));
    if (!found) {
      report_.add(name_of_expiry(table) + ": an entry without its item " + key_text(table, entry->tree_key));
      return {};
    }
    const auto view = index::ItemView::open(value_.slice());
    if (!view.ok()) return {};  // told at the item
    if (index::time_to_live(*view, table.expiry->attribute) != entry->time_to_live) {
      report_.add(name_of_expiry(table) + ": an entry that item " + key_text(table, entry->tree_key) +
                  " does not have (any more)");
    }
    return {};
  }

  // ---- streams ----

  static std::string name_of(const Stream& stream) {
    return "table " + stream.table + ", stream " + stream.label;
  }

  Status check_stream(const Stream& stream, const TableRef& table) {
    for (size_t i = 1; i < stream.shards.size(); ++i) {
      const Shard& parent = stream.shards[i - 1];
      const Shard& child = stream.shards[i];
      if (child.number != parent.number + 1 || parent.through != std::optional(child.after)) {
        report_.add(name_of(stream) + ": shard " + std::to_string(child.number) +
                    " does not begin where the one before it ends");
      }
    }
    if (stream.enabled()) {
      const bool is_named = table && table->stream && table->description.id == stream.table_id &&
                            table->description.latest_stream_label == stream.label &&
                            table->stream->segment == stream.shards.back().segment;
      if (!is_named) report_.add(name_of(stream) + ": open, but its table does not write to it");
    }
    for (const Shard& shard : stream.shards) {
      VARVE_RETURN_IF_ERROR(for_each(shard.segment, [&](Slice key, Slice value) -> Status {
        ++report_.stream_records;
        const auto record = index::decode_stream_record(key, value);
        if (!record.ok()) {
          report_.add(name_of(stream) + ", shard " + std::to_string(shard.number) + ": " +
                      record.status().to_string());
        }
        return {};
      }));
    }
    return {};
  }

  void check_names_its_stream(const Table& table, const Streams& streams) {
    if (!table.stream) return;
    const auto view = streams.view(table.description.name, table.description.latest_stream_label);
    if (!view || !view->stream->enabled())
      report_.add(name_of(table) + ": writes to a stream that is not open");
  }

  partition::Store* const store_;
  const std::function<void(uint64_t, uint64_t)>& progress_;
  TableCheckReport report_;
  partition::PinnedValue value_;
  uint64_t done_ = 0, about_ = 0;
};

}  // namespace

Result<TableCheckReport> check_tables(io::Driver* driver, const std::string& directory,
                                      const std::function<void(uint64_t, uint64_t)>& progress) {
  io::OverlayDriver overlay(driver);
  partition::StoreOptions options;
  options.driver = &overlay;
  options.create = false;
  options.background = false;  // what was merged would all be in memory
  options.memory_bytes = kMemoryBytes;
  options.filter_prefix = &index::partition_prefix_length;
  VARVE_ASSIGN_OR_RETURN(const auto store, partition::Store::open(directory, options));
  Result<TableCheckReport> report = Check(store.get(), progress).run();
  VARVE_RETURN_IF_ERROR(store->close());
  return report;
}

}  // namespace varve::api::dynamo
