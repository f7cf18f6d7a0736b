#include "api/dynamo/backfill.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/io/clock.h"
#include "index/index_entry.h"

namespace varve::api::dynamo {
namespace {

constexpr char kPositionsKeyspace[] = "backfill";
constexpr uint64_t kRetryAfterNs = 5'000'000;  // a transaction holds the page's one key
constexpr uint32_t kMaxEvaluations = 4;        // of a page of several
constexpr uint64_t kPausesPerWork = 3;

// The index, as the form of its table has it; nullopt when it is not there or not being filled.
std::optional<size_t> find_filling(const Table& table, Slice index_id) {
  for (size_t i = 0; i < table.index_count(); ++i) {
    if (table.index(i).id == index_id && table.index(i).status == IndexStatus::kCreating) return i;
  }
  return std::nullopt;
}

Status gone() { return Status::not_found("backfill: the index is not being filled any more"); }

}  // namespace

Result<std::unique_ptr<Backfill>> Backfill::open(partition::Store* store, Catalog* catalog,
                                                 std::function<void(const std::string&)> log_line) {
  std::optional<KeyspaceId> positions = store->find_keyspace(kPositionsKeyspace);
  if (!positions) {
    VARVE_ASSIGN_OR_RETURN(positions, store->create_keyspace(kPositionsKeyspace));
  }
  std::unique_ptr<Backfill> backfill(new Backfill(store, catalog, *positions, std::move(log_line)));
  VARVE_RETURN_IF_ERROR(backfill->forget_finished());
  if (!backfill->open_tasks().empty()) backfill->wake();
  return backfill;
}

// A crash between an index's end and the removal of its position leaves the position.
Status Backfill::forget_finished() {
  std::set<std::string> open;
  for (const Task& task : open_tasks()) open.insert(task.index_id);
  partition::WriteBatch batch;
  {
    VARVE_ASSIGN_OR_RETURN(const auto at, store_->iterate(positions_, {}, partition::ReadPoint::visible()));
    for (at->seek_to_first(); at->valid(); at->next()) {
      if (!open.contains(std::string(at->key()))) batch.remove(positions_, at->key());
    }
    VARVE_RETURN_IF_ERROR(at->status());
  }
  return batch.empty() ? Status() : store_->write(&batch).status();
}

std::vector<Backfill::Task> Backfill::open_tasks() const {
  std::vector<Task> tasks;
  for (const TableRef& table : catalog_->all()) {
    for (const IndexDescription& index : table->description.indexes) {
      if (index.status == IndexStatus::kCreating) tasks.push_back({table, index.id});
    }
  }
  return tasks;
}

void Backfill::wake() {
  io::MutexLock lock(&mutex_);
  if (stopping_) return;
  awake_ = true;
  changed_.notify_all();
  if (started_) return;
  started_ = true;
  thread_ = io::Thread("varve-backfill", [this] { loop(); });
}

void Backfill::stop() {
  {
    io::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Backfill::stopping() {
  io::MutexLock lock(&mutex_);
  return stopping_;
}

bool Backfill::pause(uint64_t duration_ns) {
  const uint64_t end_ns = io::monotonic_ns() + duration_ns;
  io::MutexLock lock(&mutex_);
  for (uint64_t now_ns = io::monotonic_ns(); !stopping_ && now_ns < end_ns; now_ns = io::monotonic_ns()) {
    changed_.wait_for(&mutex_, end_ns - now_ns);
  }
  return !stopping_;
}

bool Backfill::wait_for_work(uint64_t retry_ns) {
  const uint64_t end_ns = io::monotonic_ns() + retry_ns;
  io::MutexLock lock(&mutex_);
  while (!awake_ && !stopping_) {
    if (retry_ns == 0) {
      changed_.wait(&mutex_);
      continue;
    }
    const uint64_t now_ns = io::monotonic_ns();
    if (now_ns >= end_ns) break;
    changed_.wait_for(&mutex_, end_ns - now_ns);
  }
  awake_ = false;
  return !stopping_;
}

void Backfill::loop() {
  uint64_t retry_ns = 0;
  while (wait_for_work(retry_ns)) {
    const Status filled = fill_all();
    if (filled.ok()) {
      retry_ns = 0;
      continue;
    }
    if (retry_ns == 0 && log_line_) log_line_("backfill: " + filled.to_string());
    retry_ns = std::clamp(2 * retry_ns, kFirstRetryNs, kLastRetryNs);
  }
}

Status Backfill::fill_all() {
  Status first;
  for (const Task& task : open_tasks()) {
    if (stopping()) return {};
    Status filled = fill(task);
    // kNotFound: deleted meanwhile.
    if (filled.code() == ErrorCode::kNotFound) filled = forget(task);
    if (first.ok()) first = std::move(filled);
  }
  return first;
}

Status Backfill::fill(const Task& task) {
  // Writers that know only the table without the index have applied, and can be seen, from here on.
  VARVE_RETURN_IF_ERROR(store_->drain());
  std::string after;
  {
    partition::PinnedValue position;
    VARVE_ASSIGN_OR_RETURN(
        const auto found, store_->get(positions_, task.index_id, partition::ReadPoint::visible(), &position));
    if (found.found) after = std::string(position.slice());
  }
  size_t limit = kBackfillPageItems;
  while (true) {
    const uint64_t begin_ns = io::monotonic_ns();
    VARVE_ASSIGN_OR_RETURN(const Page page, read_page(task, after, limit));
    if (!page.keys.empty()) {
      const Status committed = commit_page(task, page);
      if (committed.code() == ErrorCode::kConflict) {
        limit = std::max<size_t>(page.keys.size() / 2, 1);
        if (page.keys.size() == 1 ? !pause(kRetryAfterNs) : stopping()) return {};
        continue;
      }
      VARVE_RETURN_IF_ERROR(committed);
      after = page.keys.back();
      limit = std::min(2 * limit, kBackfillPageItems);
    }
    if (page.last) return finish(task);
    if (!pause(kPausesPerWork * (io::monotonic_ns() - begin_ns))) return {};
  }
}

Result<Backfill::Page> Backfill::read_page(const Task& task, const std::string& after, size_t limit) const {
  Page page;
  size_t bytes = 0;
  const lsm::Bounds bounds{after, std::nullopt};
  VARVE_ASSIGN_OR_RETURN(const auto at,
                         store_->iterate(task.table->items, bounds, partition::ReadPoint::visible()));
  for (at->seek_to_first(); at->valid(); at->next()) {
    if (at->key() == after) continue;
    if (page.keys.size() == limit || bytes >= kBackfillPageBytes) break;
    page.keys.emplace_back(at->key());
    bytes += at->value().size();
  }
  VARVE_RETURN_IF_ERROR(at->status());
  page.last = !at->valid();
  for (const std::string& key : page.keys) page.commit_keys.push_back({task.table->items, key});
  return page;
}

Status Backfill::commit_page(const Task& task, const Page& page) {
  TableRef table = task.table;
  const auto evaluate = [&](std::span<const partition::Image> images,
                            partition::WriteBatch* batch) -> Status {
    table = newest(std::move(table));
    if (table == nullptr) return gone();
    const auto i = find_filling(*table, task.index_id);
    if (!i) return gone();
    batch->void_if(table->successor.flag());
    for (size_t n = 0; n < images.size(); ++n) {
      if (!images[n].found) continue;
      const auto entry = index::IndexEntry::of(table->index(*i).schema, table->description.key_schema,
                                               page.keys[n], images[n].value);
      if (entry) batch->put(table->index_entries[*i], entry->key(), entry->value());
    }
    batch->put(positions_, task.index_id, page.keys.back());
    return {};
  };
  partition::WriteOptions options;
  if (page.keys.size() > 1) options.max_evaluations = kMaxEvaluations;
  return store_->commit(page.commit_keys, evaluate, options).status();
}

Status Backfill::finish(const Task& task) {
  const auto updated = catalog_->amend(task.table->description.name, [&](Table* table) -> Failure {
    const auto i = find_filling(*table, task.index_id);
    if (!i) return resource_not_found();
    table->description.indexes[*i].status = IndexStatus::kActive;
    table->description.indexes[*i].backfilling = false;
    return std::nullopt;
  });
  if (updated.ok()) return forget(task);
  if (updated.error().type == ErrorType::kResourceNotFound) return gone();
  return {updated.error().code(), updated.error().message};
}

Status Backfill::forget(const Task& task) {
  partition::WriteBatch batch;
  batch.remove(positions_, task.index_id);
  return store_->write(&batch).status();
}

}  // namespace varve::api::dynamo
