#include "api/dynamo/kinesis_queues.h"

#include <algorithm>

#include "api/dynamo/encode.h"
#include "api/dynamo/stream_reader.h"
#include "api/json/writer.h"
#include "base/coding.h"
#include "base/io/clock.h"

namespace varve::api::dynamo {
namespace {

constexpr char kEntriesKeyspace[] = "kinesis-queues";
constexpr char kLengthsKeyspace[] = "kinesis-files";
constexpr size_t kLinesBytes = 1u << 20;  // of one delivery; the record that crosses it is in
constexpr size_t kLinesCount = 1000;

Result<KeyspaceId> keyspace_of(partition::Store* store, const std::string& name) {
  if (const auto found = store->find_keyspace(name)) return *found;
  return store->create_keyspace(name);
}

std::string encode_length(uint64_t length_bytes) {
  std::string bytes;
  ByteWriter(&bytes).u64(length_bytes);
  return bytes;
}

}  // namespace

struct KinesisQueues::Lines {
  std::string text;
  std::vector<std::string> keys;  // of the records in it
  index::StreamPosition next;
};

Result<std::unique_ptr<KinesisQueues>> KinesisQueues::open(partition::Store* store, io::Driver* driver,
                                                           const std::string& data_directory,
                                                           uint64_t file_bytes) {
  std::unique_ptr<KinesisQueues> queues(new KinesisQueues(store, driver, data_directory, file_bytes));
  VARVE_ASSIGN_OR_RETURN(queues->entries_, keyspace_of(store, kEntriesKeyspace));
  VARVE_ASSIGN_OR_RETURN(queues->lengths_, keyspace_of(store, kLengthsKeyspace));
  VARVE_RETURN_IF_ERROR(queues->load());
  return queues;
}

Status KinesisQueues::load() {
  io::MutexLock lock(&mutex_);
  VARVE_ASSIGN_OR_RETURN(const auto entries, store_->iterate(entries_, {}, partition::ReadPoint::visible()));
  for (entries->seek_to_first(); entries->valid(); entries->next()) {
    VARVE_ASSIGN_OR_RETURN(KinesisQueue queue, decode_kinesis_queue(entries->value()));
    const std::string name = kinesis_queue_name(queue.table_id, queue.enabled_us);
    if (name != entries->key())
      return Status::corruption(kEntriesKeyspace, 0, "an entry under another's key");
    const auto records = store_->find_keyspace(name);
    if (!records) return Status::corruption(kEntriesKeyspace, 0, "no keyspace " + name);
    queue.records = *records;
    queues_.emplace(name, std::make_shared<const KinesisQueue>(std::move(queue)));
  }
  VARVE_RETURN_IF_ERROR(entries->status());
  for (const partition::KeyspaceInfo& keyspace : store_->keyspaces()) {
    if (!keyspace.name.starts_with(kKinesisPrefix) || queues_.contains(keyspace.name)) continue;
    VARVE_RETURN_IF_ERROR(store_->drop_keyspace(keyspace.id));
  }
  return {};
}

KinesisQueueRef KinesisQueues::find(const std::string& name) const {
  io::MutexLock lock(&mutex_);
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second;
}

std::vector<std::string> KinesisQueues::names() const {
  std::vector<std::string> names;
  io::MutexLock lock(&mutex_);
  for (const auto& [name, queue] : queues_) names.push_back(name);
  return names;
}

void KinesisQueues::publish(const KinesisQueueRef& queue) {
  io::MutexLock lock(&mutex_);
  queues_[kinesis_queue_name(queue->table_id, queue->enabled_us)] = queue;
}

bool KinesisQueues::is_draining(const Table& table) const {
  return table.destination && !table.destination->active &&
         find(kinesis_queue_name(table.description.id, table.destination->enabled_us)) != nullptr;
}

// ---- changes ----

KinesisQueues::Change::Change(KinesisQueues* queues) : queues_(queues) { queues_->change_mutex_.lock(); }
KinesisQueues::Change::~Change() { queues_->change_mutex_.unlock(); }

Failure KinesisQueues::Change::store(KinesisQueue next, partition::WriteBatch* batch) {
  batch->put(queues_->entries_, kinesis_queue_name(next.table_id, next.enabled_us),
             encode_kinesis_queue(next));
  next_ = std::make_shared<const KinesisQueue>(std::move(next));
  return std::nullopt;
}

void KinesisQueues::Change::publish() {
  if (next_) queues_->publish(next_);
  next_ = nullptr;
}

Outcome<KinesisQueue> KinesisQueues::Change::queue_of(const Table& table) const {
  const KinesisQueueRef queue =
      queues_->find(kinesis_queue_name(table.description.id, table.destination->enabled_us));
  if (queue) return *queue;
  return Error{
      ErrorType::kInternal, "the destination of table " + table.description.name + " is not there", {}};
}

Failure KinesisQueues::Change::enable(const std::string& stream_arn, bool microseconds, Table* table,
                                      partition::WriteBatch* batch) {
  KinesisQueue queue;
  queue.table = table->description.name;
  queue.table_id = table->description.id;
  queue.key_schema = table->description.key_schema;
  queue.microseconds = microseconds;
  queue.enabled_us = io::wall_us();
  // One that a failed attempt has left may be in the way.
  while (queues_->store_->find_keyspace(kinesis_queue_name(queue.table_id, queue.enabled_us)))
    ++queue.enabled_us;
  VARVE_ASSIGN_OR_FAIL_STATUS(
      queue.records, queues_->store_->create_keyspace(kinesis_queue_name(queue.table_id, queue.enabled_us)));
  table->destination = TableDestination{stream_arn, queue.enabled_us, microseconds, true, queue.records};
  return store(std::move(queue), batch);
}

Failure KinesisQueues::Change::disable(Table* table, partition::WriteBatch* batch) {
  if (!table->destination || !table->destination->active) return std::nullopt;
  VARVE_ASSIGN_OR_FAIL(KinesisQueue queue, queue_of(*table));
  queue.closed = true;
  table->destination->active = false;
  return store(std::move(queue), batch);
}

Failure KinesisQueues::Change::set_precision(bool microseconds, Table* table, partition::WriteBatch* batch) {
  VARVE_ASSIGN_OR_FAIL(KinesisQueue queue, queue_of(*table));
  queue.microseconds = microseconds;
  table->destination->microseconds = microseconds;
  return store(std::move(queue), batch);
}

// ---- delivery ----

Status KinesisQueues::deliver(const std::function<bool()>& keep_going) {
  Status first;
  for (const std::string& name : names()) {
    Status status;
    for (bool more = true; more && status.ok() && keep_going();) status = deliver_some(name, &more);
    if (first.ok()) first = std::move(status);
  }
  return first;
}

Status KinesisQueues::deliver_some(const std::string& name, bool* more) {
  *more = false;
  io::MutexLock lock(&change_mutex_);
  const KinesisQueueRef queue = find(name);
  if (!queue) return {};
  Lines lines;
  VARVE_RETURN_IF_ERROR(collect(*queue, &lines));
  if (lines.keys.empty() && queue->closed) {
    // Whoever wrote for the table as it was before is visible after this, and nobody will.
    VARVE_RETURN_IF_ERROR(store_->drain());
    VARVE_RETURN_IF_ERROR(collect(*queue, &lines));
    if (lines.keys.empty()) return finish(*queue);
  }
  if (lines.keys.empty()) return {};
  *more = true;
  return append(*queue, lines);
}

Status KinesisQueues::collect(const KinesisQueue& queue, Lines* lines) const {
  Stream stream;
  stream.table = queue.table;
  stream.table_id = queue.table_id;
  stream.label = std::to_string(queue.enabled_us);
  stream.key_schema = queue.key_schema;
  const std::string lower = index::encode_stream_key(queue.next);
  const std::string upper = index::encode_stream_key({store_->visible().next(), 0});
  if (lower >= upper) return {};
  VARVE_ASSIGN_OR_RETURN(const auto records, store_->iterate(queue.records, {lower, Slice(upper)},
                                                             partition::ReadPoint::visible()));
  for (records->seek_to_first(); records->valid(); records->next()) {
    if (lines->text.size() >= kLinesBytes || lines->keys.size() >= kLinesCount) break;
    VARVE_ASSIGN_OR_RETURN(const index::StreamRecord stored,
                           index::decode_stream_record(records->key(), records->value()));
    VARVE_ASSIGN_OR_RETURN(const ChangeRecord record, change_record(stream, stored));
    json::JsonWriter line(&lines->text);
    write_kinesis_record(record, queue.table, queue.microseconds, &line);
    lines->text += '\n';
    lines->keys.emplace_back(records->key());
    lines->next = stored.position.next();
  }
  return records->status();
}

Result<KinesisFile*> KinesisQueues::file_of(const KinesisQueue& queue) {
  const auto open = files_.find(queue.table_id);
  if (open != files_.end()) return &open->second;
  std::optional<uint64_t> noted;
  partition::PinnedValue value;
  VARVE_ASSIGN_OR_RETURN(const lsm::Lookup found,
                         store_->get(lengths_, queue.table_id, partition::ReadPoint::visible(), &value));
  if (found.found) {
    ByteReader in(value.slice());
    noted = in.u64();
    if (!in.done()) return Status::corruption(kLengthsKeyspace, in.offset(), "length");
  }
  VARVE_ASSIGN_OR_RETURN(KinesisFile file,
                         KinesisFile::open(driver_, data_directory_, queue.table_id, noted));
  if (noted != file.size_bytes()) VARVE_RETURN_IF_ERROR(note_length(queue, file.size_bytes()));
  return &files_.emplace(queue.table_id, std::move(file)).first->second;
}

Status KinesisQueues::note_length(const KinesisQueue& queue, uint64_t length_bytes) {
  partition::WriteBatch batch;
  batch.put(lengths_, queue.table_id, encode_length(length_bytes));
  return store_->write(&batch).status();
}

Status KinesisQueues::append(const KinesisQueue& queue, const Lines& lines) {
  VARVE_ASSIGN_OR_RETURN(KinesisFile* const file, file_of(queue));
  Status written;
  if (file->size_bytes() >= file_bytes_) {
    written = file->set_aside();
    if (written.ok()) written = note_length(queue, 0);
  }
  if (written.ok()) written = file->append(lines.text);
  if (!written.ok()) {
    files_.erase(queue.table_id);
    return written;
  }
  KinesisQueue next = queue;
  next.next = lines.next;
  partition::WriteBatch batch;
  batch.put(entries_, kinesis_queue_name(queue.table_id, queue.enabled_us), encode_kinesis_queue(next));
  batch.put(lengths_, queue.table_id, encode_length(file->size_bytes()));
  for (const std::string& key : lines.keys) batch.remove(queue.records, key);
  if (Status noted = store_->write(&batch).status(); !noted.ok()) {
    files_.erase(queue.table_id);  // its next opening cuts what was not noted
    return noted;
  }
  publish(std::make_shared<const KinesisQueue>(std::move(next)));
  return {};
}

Status KinesisQueues::finish(const KinesisQueue& queue) {
  const std::string name = kinesis_queue_name(queue.table_id, queue.enabled_us);
  partition::WriteBatch batch;
  batch.remove(entries_, name);
  batch.remove(lengths_, queue.table_id);
  VARVE_RETURN_IF_ERROR(store_->write(&batch).status());
  files_.erase(queue.table_id);
  {
    io::MutexLock lock(&mutex_);
    queues_.erase(name);
  }
  return store_->drop_keyspace(queue.records);
}

}  // namespace varve::api::dynamo
