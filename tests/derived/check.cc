#include "tests/derived/check.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "api/dynamo/stream.h"
#include "api/dynamo/streams.h"
#include "base/check.h"
#include "base/io/clock.h"
#include "index/expiry_entry.h"
#include "index/item_codec.h"
#include "index/stream_record.h"

namespace varve::derived {

using namespace api;
using dynamo::Context;
using dynamo::Table;
using index::AttributeValue;
using index::Item;

namespace {

constexpr int64_t kGraceSeconds = 2;  // how late an expired item may go

int64_t now_seconds() { return static_cast<int64_t>(io::wall_us() / 1'000'000); }

// pk and sk, which name the item.
std::string identity(const Item& item) {
  return item.find("pk")->to_message_string() + item.find("sk")->to_message_string();
}

struct StoredItem {
  std::string tree_key;
  Item item;
};

std::vector<StoredItem> items_at(partition::Store* store, const Table& table, partition::ReadPoint point) {
  std::vector<StoredItem> items;
  auto at = store->iterate(table.items, {}, point);
  CHECK(at.ok());
  for ((*at)->seek_to_first(); (*at)->valid(); (*at)->next()) {
    auto item = index::decode_item((*at)->value());
    CHECK(item.ok());
    items.push_back({std::string((*at)->key()), std::move(*item)});
  }
  CHECK((*at)->status().ok());
  return items;
}

// ---- indexes ----

// What the index should hold of an item, by the rules as the documentation tells them.
std::optional<Item> projected(const index::IndexSchema& index, const Item& item) {
  Item out;
  const auto take = [&](const std::string& name) {
    const AttributeValue* const value = item.find(name);
    if (value == nullptr) return false;
    out.set(name, *value);
    return true;
  };
  for (const auto* part : {&index.partition, &index.sort}) {
    for (const auto& key : *part) {
      const AttributeValue* const value = item.find(key.name);
      if (value == nullptr || !value->is(key.type)) return std::nullopt;
      take(key.name);
    }
  }
  if (index.projection == index::ProjectionType::kAll) return item;
  take("pk");
  take("sk");
  for (const std::string& name : index.non_key_attributes) take(name);
  return out;
}

std::string index_difference(partition::Store* store, const Table& table, size_t i,
                             const std::vector<StoredItem>& items, partition::ReadPoint point, Seen* seen) {
  const index::IndexSchema& schema = table.index(i).schema;
  std::map<std::string, std::string> expected;
  for (const StoredItem& stored : items) {
    if (const auto part = projected(schema, stored.item)) {
      expected[identity(stored.item)] = index::encode_item(*part);
    }
  }
  auto entries = store->iterate(table.index_entries[i], {}, point);
  CHECK(entries.ok());
  const AttributeValue* last_sort = nullptr;
  std::string last_prefix;
  Item last;
  for ((*entries)->seek_to_first(); (*entries)->valid(); (*entries)->next()) {
    ++seen->index_entries;
    Item entry = *index::decode_item((*entries)->value());
    const auto found = expected.find(identity(entry));
    if (found == expected.end()) return "an entry too many, of " + identity(entry);
    if (found->second != (*entries)->value()) return "another entry of " + identity(entry);
    expected.erase(found);
    // Within an item collection entries are ordered by the sort key.
    std::string prefix;
    for (const auto& key : schema.partition) prefix += entry.find(key.name)->to_message_string();
    if (!schema.sort.empty() && last_sort != nullptr && prefix == last_prefix &&
        entry.find(schema.sort[0].name)->as_number() < last_sort->as_number()) {
      return "out of order at " + identity(entry);
    }
    last = std::move(entry);
    last_prefix = prefix;
    last_sort = schema.sort.empty() ? nullptr : last.find(schema.sort[0].name);
  }
  return expected.empty() ? "" : "no entry of " + expected.begin()->first;
}

// ---- the expiry index ----

std::string expiry_difference(partition::Store* store, const Table& table,
                              const std::vector<StoredItem>& items, partition::ReadPoint point, Seen* seen) {
  std::set<std::string> expected;
  for (const StoredItem& stored : items) {
    const AttributeValue* const time = stored.item.find(table.expiry->attribute);
    if (time == nullptr || !time->is(index::AttributeType::kNumber)) continue;
    expected.insert(index::encode_expiry_key(time->as_number(), stored.tree_key));
  }
  auto entries = store->iterate(table.expiry->entries, {}, point);
  CHECK(entries.ok());
  for ((*entries)->seek_to_first(); (*entries)->valid(); (*entries)->next()) {
    ++seen->expiry_entries;
    if (expected.erase(std::string((*entries)->key())) == 0) return "an entry too many";
  }
  return expected.empty() ? "" : "no entry of " + std::to_string(expected.size()) + " items";
}

// ---- the stream ----

TableContents contents_of(const Table& table, const std::vector<StoredItem>& items) {
  TableContents contents;
  for (const StoredItem& stored : items) {
    const auto key = index::key_of_item(table.description.key_schema, stored.item);
    CHECK(key.ok());
    contents[index::encode_item(key->to_item(table.description.key_schema))] =
        index::encode_item(stored.item);
  }
  return contents;
}

// The table before the records, which end with `table`.
TableContents unwind(const std::vector<ChangeRecord>& records, TableContents table) {
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    const std::string key = index::encode_item(record->keys);
    if (record->old_image) {
      table[key] = index::encode_item(*record->old_image);
    } else {
      table.erase(key);
    }
  }
  return table;
}

// A removal by the service is of an item that was expired at that time.
std::string premature(const ChangeRecord& record) {
  if (!record.by_service) return "";
  if (record.event != StreamEvent::kRemove || !record.old_image) return "the service does more than remove";
  const AttributeValue* const time = record.old_image->find(kExpiryAttribute);
  const bool expired =
      time != nullptr && time->is(index::AttributeType::kNumber) &&
      index::is_expired(time->as_number(), static_cast<int64_t>(record.created_us / 1'000'000));
  return expired ? "" : "an item went that was not expired, at " + record.sequence_number;
}

std::string stream_difference(const Context& context, const Table& table,
                              const std::vector<StoredItem>& items, SequenceNumber at, Beginnings* beginnings,
                              Seen* seen) {
  const std::string& label = table.description.latest_stream_label;
  std::string problem;
  std::vector<ChangeRecord> records =
      read_stream(context, dynamo::stream_arn(table.description.name, label), &problem, 37);
  if (!problem.empty()) return problem;
  std::erase_if(records, [&](const ChangeRecord& record) {
    return index::parse_sequence_number(record.sequence_number)->sequence > at;
  });
  seen->records += records.size();
  for (const ChangeRecord& record : records) {
    seen->expired += record.by_service;
    problem = premature(record);
    if (!problem.empty()) return problem;
  }
  const TableContents now = contents_of(table, items);
  const auto beginning = beginnings->find(label);
  const TableContents before = beginning == beginnings->end() ? unwind(records, now) : beginning->second;
  const TableContents replayed = replay(records, &problem, before);
  if (!problem.empty()) return problem;
  if (replayed != now) return "the replayed table differs";
  if (beginning == beginnings->end()) beginnings->emplace(label, before);
  return "";
}

// A moment that the stream can be read up to: while a shard ends, its newest records are not told for a while.
std::unique_ptr<partition::Snapshot> readable_moment(const Context& context, const Table& table) {
  for (int tries = 0; tries < 10'000; ++tries) {
    auto snapshot = context.store->snapshot();
    if (!table.stream) return snapshot;
    const auto view = context.streams->view(table.description.name, table.description.latest_stream_label);
    CHECK(view.has_value());
    if (view->through >= snapshot->sequence()) return snapshot;
    io::sleep_ns(1'000'000);
  }
  return nullptr;
}

}  // namespace

std::string difference(const Context& context, Beginnings* beginnings, Seen* seen) {
  const dynamo::TableRef table = context.catalog->find(kTable);
  if (table == nullptr) return "";
  const auto snapshot = readable_moment(context, *table);
  if (snapshot == nullptr) return "stream: a shard does not end";
  const std::vector<StoredItem> items = items_at(context.store, *table, snapshot->point());
  seen->items += items.size();
  for (size_t i = 0; i < table->index_count(); ++i) {
    if (table->index(i).status != IndexStatus::kActive) continue;
    const std::string found = index_difference(context.store, *table, i, items, snapshot->point(), seen);
    if (!found.empty()) return "index " + table->index(i).schema.name + ": " + found;
  }
  if (table->expiry && !table->expiry->filling) {
    const std::string found = expiry_difference(context.store, *table, items, snapshot->point(), seen);
    if (!found.empty()) return "expiry index: " + found;
  }
  if (table->stream) {
    const std::string found =
        stream_difference(context, *table, items, snapshot->sequence(), beginnings, seen);
    if (!found.empty()) return "stream: " + found;
  }
  return "";
}

std::string settle(const Context& context) {
  constexpr int kTries = 6'000;  // of 10 ms
  std::string waits_for;
  for (int tries = 0; tries < kTries; ++tries) {
    const dynamo::TableRef table = context.catalog->find(kTable);
    if (table == nullptr) return "";
    waits_for.clear();
    for (const IndexDescription& index : table->description.indexes) {
      if (index.status == IndexStatus::kCreating) waits_for = "index " + index.schema.name;
    }
    if (table->expiry && table->expiry->filling) waits_for = "the expiry index";
    if (waits_for.empty() && table->expiry) {
      for (const StoredItem& stored : items_at(context.store, *table, partition::ReadPoint::visible())) {
        const AttributeValue* const time = stored.item.find(table->expiry->attribute);
        if (time == nullptr || !time->is(index::AttributeType::kNumber)) continue;
        if (index::is_expired(time->as_number(), now_seconds() - kGraceSeconds)) {
          waits_for = "the end of " + identity(stored.item);
        }
      }
    }
    if (waits_for.empty()) return "";
    io::sleep_ns(10'000'000);
  }
  return "waited in vain for " + waits_for;
}

}  // namespace varve::derived
