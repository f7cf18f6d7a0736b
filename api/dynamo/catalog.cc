#include "api/dynamo/catalog.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "api/dynamo/constraints.h"
#include "api/dynamo/expiry.h"
#include "api/dynamo/kinesis_queue.h"
#include "api/dynamo/stream.h"
#include "base/io/clock.h"
#include "base/io/entropy.h"

namespace varve::api::dynamo {
namespace {

constexpr char kEntriesKeyspace[] = "catalog";
constexpr Slice kItemsPrefix = "table/";

constexpr Slice kIndexPrefix = "index/";

std::string items_keyspace(Slice table_id) { return std::string(kItemsPrefix) + std::string(table_id); }
std::string index_keyspace(Slice index_id) { return std::string(kIndexPrefix) + std::string(index_id); }

Error table_in_use(Slice table, TableStatus status) {
  const Slice what = status == TableStatus::kCreating   ? "created"
                     : status == TableStatus::kUpdating ? "updated"
                                                        : "deleted";
  return {ErrorType::kResourceInUse,
          "Attempt to change a resource which is still in use: Table is being " + std::string(what) + ": " +
              std::string(table),
          {}};
}

uint64_t next_identity() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Result<KeyspaceId> entries_keyspace(partition::Store* store) {
  if (const auto found = store->find_keyspace(kEntriesKeyspace)) return *found;
  return store->create_keyspace(kEntriesKeyspace);
}

Status find_stream_segment(partition::Store* store, Table* table) {
  if (!table->stream) return {};
  const TableDescription& description = table->description;
  const std::string name =
      segment_name(description.id, description.latest_stream_label, table->stream->shard);
  const auto segment = store->find_keyspace(name);
  if (!segment) return Status::corruption("catalog", 0, "no keyspace " + name);
  table->stream->segment = *segment;
  return {};
}

Status find_expiry_entries(partition::Store* store, Table* table) {
  if (!table->expiry) return {};
  const std::string name = expiry_keyspace(table->description.id, table->expiry->enabled_us);
  const auto entries = store->find_keyspace(name);
  if (!entries) return Status::corruption("catalog", 0, "no keyspace " + name);
  table->expiry->entries = *entries;
  return {};
}

Status find_destination_queue(partition::Store* store, Table* table) {
  if (!table->destination || !table->destination->active) return {};
  const std::string name = kinesis_queue_name(table->description.id, table->destination->enabled_us);
  const auto queue = store->find_keyspace(name);
  if (!queue) return Status::corruption("catalog", 0, "no keyspace " + name);
  table->destination->queue = *queue;
  return {};
}

}  // namespace

Catalog::Catalog(partition::Store* store, KeyspaceId entries, uint64_t delay_us)
    : store_(store), entries_(entries), delay_us_(delay_us), identity_(next_identity()) {}

Result<std::unique_ptr<Catalog>> Catalog::open(partition::Store* store, uint64_t delay_us) {
  VARVE_ASSIGN_OR_RETURN(const KeyspaceId entries, entries_keyspace(store));
  std::unique_ptr<Catalog> catalog(new Catalog(store, entries, delay_us));
  io::MutexLock lock(&catalog->changes_mutex_);
  VARVE_RETURN_IF_ERROR(catalog->load());
  if (const Failure failure = catalog->erase_deleted())
    return Status(failure->code(), "removing deleted tables: " + failure->message);
  return catalog;
}

Status Catalog::load() {
  Tables tables;
  std::set<std::string> named;
  VARVE_ASSIGN_OR_RETURN(const auto entries, store_->iterate(entries_, {}, partition::ReadPoint::visible()));
  for (entries->seek_to_first(); entries->valid(); entries->next()) {
    VARVE_ASSIGN_OR_RETURN(Table table, decode_table(entries->value()));
    if (table.description.name != entries->key()) {
      return Status::corruption("catalog", 0,
                                "an entry under another table's name: " + table.description.name);
    }
    VARVE_RETURN_IF_ERROR(find_keyspaces(&table));
    VARVE_RETURN_IF_ERROR(find_stream_segment(store_, &table));
    VARVE_RETURN_IF_ERROR(find_expiry_entries(store_, &table));
    VARVE_RETURN_IF_ERROR(find_destination_queue(store_, &table));
    named.insert(items_keyspace(table.description.id));
    for (const IndexDescription& index : table.description.indexes) named.insert(index_keyspace(index.id));
    if (table.expiry) named.insert(expiry_keyspace(table.description.id, table.expiry->enabled_us));
    std::string name = table.description.name;
    tables.emplace(std::move(name), std::make_shared<const Table>(std::move(table)));
  }
  VARVE_RETURN_IF_ERROR(entries->status());
  for (const partition::KeyspaceInfo& keyspace : store_->keyspaces()) {
    const bool is_a_table = keyspace.name.starts_with(kItemsPrefix) ||
                            keyspace.name.starts_with(kIndexPrefix) ||
                            keyspace.name.starts_with(kExpiryPrefix);
    if (!is_a_table || named.contains(keyspace.name)) continue;
    VARVE_RETURN_IF_ERROR(store_->drop_keyspace(keyspace.id));
  }
  publish(std::move(tables));
  return {};
}

Status Catalog::find_keyspaces(Table* table) const {
  const auto items = store_->find_keyspace(items_keyspace(table->description.id));
  if (!items) return Status::corruption("catalog", 0, "no keyspace for table " + table->description.name);
  table->items = *items;
  table->index_entries.clear();
  for (const IndexDescription& index : table->description.indexes) {
    const auto entries = store_->find_keyspace(index_keyspace(index.id));
    if (!entries) {
      return Status::corruption(
          "catalog", 0, "no keyspace for index " + index.schema.name + " of " + table->description.name);
    }
    table->index_entries.push_back(*entries);
  }
  return {};
}

Status Catalog::create_index_keyspaces(Table* table) {
  for (IndexDescription& index : table->description.indexes) {
    if (!index.id.empty()) continue;
    index.id = io::random_uuid();
    VARVE_RETURN_IF_ERROR(store_->create_keyspace(index_keyspace(index.id)).status());
  }
  return find_keyspaces(table);
}

// The table, or the index, is gone once the entry says so: a failure here leaves a keyspace for the next open to drop.
void Catalog::drop_keyspaces_of(const Table& table, const Table* kept) {
  if (kept == nullptr) (void)store_->drop_keyspace(table.items);
  if (kept == nullptr && table.expiry) (void)store_->drop_keyspace(table.expiry->entries);
  for (const KeyspaceId entries : table.index_entries) {
    const bool stays = kept != nullptr && std::find(kept->index_entries.begin(), kept->index_entries.end(),
                                                    entries) != kept->index_entries.end();
    if (!stays) (void)store_->drop_keyspace(entries);
  }
}

void Catalog::publish(Tables tables) {
  io::MutexLock lock(&mutex_);
  tables_ = std::make_shared<const Tables>(std::move(tables));
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Catalog::Tables> Catalog::current() const {
  struct Cached {
    uint64_t identity = 0, version = 0;
    std::shared_ptr<const Tables> tables;
  };
  // One a thread: a thread that serves several databases in turn only refreshes more often. Fibers of a simulation share it and
  // may switch at the lock, so nothing is read from it after.
  thread_local Cached cached;
  if (cached.identity == identity_ && cached.version == version_.load(std::memory_order_acquire))
    return cached.tables;
  Cached fresh{identity_, 0, nullptr};
  {
    io::MutexLock lock(&mutex_);
    fresh.version = version_.load(std::memory_order_relaxed);
    fresh.tables = tables_;
  }
  cached = fresh;
  return fresh.tables;
}

TableRef Catalog::find(Slice name) const {
  const auto tables = current();
  const auto found = tables->find(name);
  return found == tables->end() || !found->second->status() ? nullptr : found->second;
}

std::vector<std::string> Catalog::list(Slice after, size_t limit, bool* more) const {
  const auto tables = current();
  std::vector<std::string> names;
  *more = false;
  for (auto next = after.empty() ? tables->begin() : tables->upper_bound(after); next != tables->end();
       ++next) {
    if (!next->second->status()) continue;
    *more = names.size() == limit;
    if (*more) break;
    names.push_back(next->first);
  }
  return names;
}

size_t Catalog::size() const { return current()->size(); }

std::vector<TableRef> Catalog::all() const {
  std::vector<TableRef> tables;
  const auto current_tables = current();
  for (const auto& [name, table] : *current_tables) {
    if (table->status()) tables.push_back(table);
  }
  return tables;
}

Transition Catalog::transition(TableStatus status) const {
  if (delay_us_ == 0) return {};
  return {status, io::wall_us() + delay_us_};
}

Failure Catalog::erase_deleted() {
  const auto before = current();
  for (const auto& [name, table] : *before) {
    if (table->status()) continue;
    VARVE_ASSIGN_OR_FAIL([[maybe_unused]] const TableRef erased, erase(table));
  }
  return std::nullopt;
}

Outcome<TableRef> Catalog::begin_change(Slice name) {
  VARVE_RETURN_IF_FAILED(erase_deleted());
  const auto before = current();
  const auto found = before->find(name);
  if (found == before->end()) return table_not_found(name);
  return found->second;
}

Outcome<TableRef> Catalog::store_changed(Table table, const Companion& companion) {
  VARVE_RETURN_IF_FAILED(failure_of(create_index_keyspaces(&table)));
  partition::WriteBatch batch;
  if (companion) VARVE_RETURN_IF_FAILED(companion(&table, &batch));
  batch.put(entries_, table.description.name, encode_table(table));
  VARVE_RETURN_IF_FAILED(failure_of(store_->write(&batch).status()));
  Tables tables = *current();
  auto changed = std::make_shared<const Table>(std::move(table));
  TableRef& place = tables[changed->description.name];
  const TableRef replaced = std::exchange(place, changed);
  if (replaced != nullptr) replaced->successor.set(changed);
  publish(std::move(tables));
  if (replaced != nullptr) drop_keyspaces_of(*replaced, changed.get());
  return TableRef(changed);
}

Outcome<TableRef> Catalog::erase(TableRef table, const Companion& companion) {
  const std::string& name = table->description.name;
  partition::WriteBatch batch;
  if (companion) {
    Table last = *table;
    VARVE_RETURN_IF_FAILED(companion(&last, &batch));
  }
  batch.remove(entries_, name);
  VARVE_RETURN_IF_FAILED(failure_of(store_->write(&batch).status()));
  Tables tables = *current();
  tables.erase(name);
  table->successor.set(nullptr);
  publish(std::move(tables));
  drop_keyspaces_of(*table, nullptr);
  return table;
}

Outcome<TableRef> find_table(const Catalog& catalog, Slice name_or_arn) {
  VARVE_ASSIGN_OR_FAIL(const Slice name, table_name(name_or_arn, TableNameUse::kExisting));
  if (TableRef table = catalog.find(name)) return table;
  return table_not_found(name);
}

Failure check_changeable(const Table& table) {
  const TableStatus status = table.status().value_or(TableStatus::kDeleting);
  if (status == TableStatus::kActive || status == TableStatus::kUpdating) return std::nullopt;
  return table_in_use(table.description.name, status);
}

Outcome<TableRef> Catalog::create(Table table, const Companion& companion) {
  io::MutexLock lock(&changes_mutex_);
  const std::string name = table.description.name;
  VARVE_RETURN_IF_FAILED(erase_deleted());
  if (current()->contains(name)) {
    return Error{ErrorType::kResourceInUse, "Table already exists: " + name, {}};
  }
  table.description.created_us = io::wall_us();
  if (table.description.billing_mode == BillingMode::kPayPerRequest) {
    table.description.pay_per_request_since_us = table.description.created_us;
  }
  table.description.id = io::random_uuid();
  table.transition = transition(TableStatus::kCreating);
  VARVE_RETURN_IF_FAILED(failure_of(store_->create_keyspace(items_keyspace(table.description.id)).status()));
  // After a failure the entry may still turn out to be durable, so the keyspaces stay: the next open keeps or drops them.
  return store_changed(std::move(table), companion);
}

Outcome<TableRef> Catalog::update(Slice name, const Change& change, const Companion& companion) {
  io::MutexLock lock(&changes_mutex_);
  VARVE_ASSIGN_OR_FAIL(const TableRef found, begin_change(name));
  if (const auto status = found->status(); status != TableStatus::kActive)
    return table_in_use(name, status.value_or(TableStatus::kDeleting));
  Table table = *found;
  VARVE_RETURN_IF_FAILED(change(&table));
  table.transition = transition(TableStatus::kUpdating);
  return store_changed(std::move(table), companion);
}

Outcome<TableRef> Catalog::amend(Slice name, const Change& change, const Companion& companion) {
  io::MutexLock lock(&changes_mutex_);
  VARVE_ASSIGN_OR_FAIL(const TableRef found, begin_change(name));
  Table table = *found;
  VARVE_RETURN_IF_FAILED(change(&table));
  return store_changed(std::move(table), companion);
}

Outcome<TableRef> Catalog::remove(Slice name, const std::function<Failure(const Table&)>& check,
                                  const Companion& companion) {
  io::MutexLock lock(&changes_mutex_);
  VARVE_ASSIGN_OR_FAIL(const TableRef found, begin_change(name));
  const auto status = found->status();
  if (status == TableStatus::kDeleting) return found;
  if (status && status != TableStatus::kActive) return table_in_use(name, *status);
  VARVE_RETURN_IF_FAILED(check(*found));
  if (delay_us_ == 0) return erase(found, companion);
  Table table = *found;
  table.transition = transition(TableStatus::kDeleting);
  return store_changed(std::move(table), companion);
}

}  // namespace varve::api::dynamo
