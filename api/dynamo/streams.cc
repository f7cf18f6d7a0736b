#include "api/dynamo/streams.h"

#include <algorithm>
#include <set>

#include "api/dynamo/catalog.h"
#include "base/io/clock.h"
#include "index/stream_record.h"

namespace varve::api::dynamo {
namespace {

constexpr char kEntriesKeyspace[] = "streams";

}  // namespace

Result<std::unique_ptr<Streams>> Streams::open(partition::Store* store, const StreamOptions& options) {
  std::optional<KeyspaceId> entries = store->find_keyspace(kEntriesKeyspace);
  if (!entries) {
    VARVE_ASSIGN_OR_RETURN(entries, store->create_keyspace(kEntriesKeyspace));
  }
  std::unique_ptr<Streams> streams(new Streams(store, *entries, options));
  VARVE_RETURN_IF_ERROR(streams->load());
  return streams;
}

Status Streams::load() {
  io::MutexLock lock(&mutex_);
  std::set<std::string> named;
  VARVE_ASSIGN_OR_RETURN(const auto entries, store_->iterate(entries_, {}, partition::ReadPoint::visible()));
  for (entries->seek_to_first(); entries->valid(); entries->next()) {
    VARVE_ASSIGN_OR_RETURN(Stream stream, decode_stream(entries->value()));
    const std::string key = stream_key(stream.table, stream.label);
    if (key != entries->key()) return Status::corruption("streams", 0, "an entry under another's key");
    for (Shard& shard : stream.shards) {
      const std::string name = segment_name(stream.table_id, stream.label, shard.number);
      const auto segment = store_->find_keyspace(name);
      if (!segment) return Status::corruption("streams", 0, "no keyspace " + name);
      shard.segment = *segment;
      named.insert(name);
    }
    streams_.emplace(key, std::make_shared<const Stream>(std::move(stream)));
  }
  VARVE_RETURN_IF_ERROR(entries->status());
  for (const partition::KeyspaceInfo& keyspace : store_->keyspaces()) {
    if (!keyspace.name.starts_with(kSegmentPrefix) || named.contains(keyspace.name)) continue;
    VARVE_RETURN_IF_ERROR(store_->drop_keyspace(keyspace.id));
  }
  return {};
}

std::optional<Streams::View> Streams::view(Slice table, Slice label) const {
  const std::string key = stream_key(table, label);
  io::MutexLock lock(&mutex_);
  const auto found = streams_.find(key);
  if (found == streams_.end()) return std::nullopt;
  // Under the mutex, so that a boundary fixed later is not below.
  SequenceNumber through = store_->visible();
  const auto boundary = boundaries_.find(key);
  if (boundary != boundaries_.end()) through = std::min(through, boundary->second);
  return View{found->second, through};
}

StreamRef Streams::find(Slice key) const {
  io::MutexLock lock(&mutex_);
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : found->second;
}

std::vector<StreamRef> Streams::all() const {
  std::vector<StreamRef> streams;
  io::MutexLock lock(&mutex_);
  for (const auto& [key, stream] : streams_) streams.push_back(stream);
  return streams;
}

bool Streams::empty() const {
  io::MutexLock lock(&mutex_);
  return streams_.empty();
}

std::vector<StreamRef> Streams::list(Slice table, Slice after, size_t limit, bool* more) const {
  const std::string prefix = table.empty() ? std::string() : stream_key(table, {});
  std::vector<StreamRef> streams;
  *more = false;
  io::MutexLock lock(&mutex_);
  auto next = after > Slice(prefix) ? streams_.upper_bound(after) : streams_.lower_bound(prefix);
  for (; next != streams_.end() && next->first.starts_with(prefix); ++next) {
    if (streams.size() == limit) {
      *more = true;
      break;
    }
    streams.push_back(next->second);
  }
  return streams;
}

SequenceNumber Streams::fix_boundary(const std::string& key) {
  io::MutexLock lock(&mutex_);
  // One that was fixed for a change that failed has been shown to readers: it stays.
  return boundaries_.try_emplace(key, store_->visible()).first->second;
}

void Streams::publish(const StreamRef& stream) {
  const std::string key = stream_key(stream->table, stream->label);
  io::MutexLock lock(&mutex_);
  boundaries_.erase(key);
  if (stream->shards.empty()) {
    streams_.erase(key);
  } else {
    streams_[key] = stream;
  }
}

// ---- changes ----

Streams::Change::Change(Streams* streams) : streams_(streams) { streams_->change_mutex_.lock(); }
Streams::Change::~Change() { streams_->change_mutex_.unlock(); }

void Streams::Change::store(std::shared_ptr<Stream> next, partition::WriteBatch* batch) {
  batch->put(streams_->entries_, stream_key(next->table, next->label), encode_stream(*next));
  next_ = std::move(next);
}

void Streams::Change::publish() {
  if (next_) streams_->publish(next_);
  next_ = nullptr;
}

Outcome<std::shared_ptr<Stream>> Streams::Change::copy_of(const Table& table) const {
  const TableDescription& description = table.description;
  const StreamRef current = streams_->find(stream_key(description.name, description.latest_stream_label));
  if (!current || !current->enabled()) {
    return Error{ErrorType::kInternal, "the stream of table " + description.name + " is not there", {}};
  }
  return std::make_shared<Stream>(*current);
}

Failure Streams::Change::begin(StreamViewType view_type, Table* table, partition::WriteBatch* batch) {
  TableDescription& description = table->description;
  auto stream = std::make_shared<Stream>();
  stream->table = description.name;
  stream->table_id = description.id;
  stream->created_us = io::wall_us();
  // Labels have milliseconds; of two streams of one name the later one must have the greater.
  bool more = false;
  const auto others = streams_->list(description.name, {}, SIZE_MAX, &more);
  if (!others.empty()) stream->created_us = std::max(stream->created_us, others.back()->created_us + 1000);
  stream->label = stream_label(stream->created_us);
  stream->view_type = view_type;
  stream->key_schema = description.key_schema;
  Shard shard;
  shard.created_us = stream->created_us;
  shard.after = streams_->store_->visible();
  VARVE_ASSIGN_OR_FAIL_STATUS(
      shard.segment, streams_->store_->create_keyspace(segment_name(stream->table_id, stream->label, 0)));
  stream->shards = {shard};
  description.stream_view_type = view_type;
  description.latest_stream_label = stream->label;
  table->stream = TableStream{0, shard.segment};
  store(std::move(stream), batch);
  return std::nullopt;
}

Failure Streams::Change::end(Table* table, partition::WriteBatch* batch) {
  if (!table->stream) return std::nullopt;
  VARVE_ASSIGN_OR_FAIL(std::shared_ptr<Stream> stream, copy_of(*table));
  stream->shards.back().through = streams_->fix_boundary(stream_key(stream->table, stream->label));
  stream->shards.back().closed_us = io::wall_us();
  table->stream.reset();
  table->description.stream_view_type.reset();
  store(std::move(stream), batch);
  return std::nullopt;
}

Failure Streams::Change::roll(Table* table, partition::WriteBatch* batch) {
  VARVE_ASSIGN_OR_FAIL(std::shared_ptr<Stream> stream, copy_of(*table));
  Shard& parent = stream->shards.back();
  Shard child;
  child.number = parent.number + 1;
  child.created_us = io::wall_us();
  const std::string name = segment_name(stream->table_id, stream->label, child.number);
  // An attempt that failed after this has left its segment.
  if (const auto left = streams_->store_->find_keyspace(name)) {
    child.segment = *left;
  } else {
    VARVE_ASSIGN_OR_FAIL_STATUS(child.segment, streams_->store_->create_keyspace(name));
  }
  child.after = streams_->fix_boundary(stream_key(stream->table, stream->label));
  parent.through = child.after;
  parent.closed_us = child.created_us;
  table->stream = TableStream{child.number, child.segment};
  stream->shards.push_back(child);
  store(std::move(stream), batch);
  return std::nullopt;
}

// ---- time ----

Result<bool> Streams::has_records(const Stream& stream, const Shard& shard) const {
  const std::string first = index::encode_stream_key({shard.after.next(), 0});
  for (const Shard& holder : stream.shards) {
    VARVE_ASSIGN_OR_RETURN(const auto iterator,
                           store_->iterate(holder.segment, {first, {}}, partition::ReadPoint::visible()));
    iterator->seek_to_first();
    VARVE_RETURN_IF_ERROR(iterator->status());
    if (iterator->valid()) return true;
  }
  return false;
}

Status Streams::roll_old(Catalog* catalog) {
  for (const StreamRef& stream : all()) {
    if (!stream->enabled() || stream->shards.back().created_us + options_.shard_us > io::wall_us()) continue;
    // An idle stream has nothing to cut, and would only use up keyspaces.
    VARVE_ASSIGN_OR_RETURN(const bool holds_records, has_records(*stream, stream->shards.back()));
    if (!holds_records) continue;
    Change change(this);
    const auto is_still_it = [&](const Table* table) -> Failure {
      const bool still = table->stream && table->description.latest_stream_label == stream->label &&
                         table->description.id == stream->table_id;
      return still ? std::nullopt : Failure(resource_not_found());
    };
    const auto roll = [&](Table* table, partition::WriteBatch* batch) { return change.roll(table, batch); };
    const auto rolled = catalog->amend(stream->table, is_still_it, roll);
    // One that changed since it was looked at is the next round's.
    if (rolled.ok()) {
      change.publish();
    } else if (rolled.error().type != ErrorType::kResourceNotFound) {
      return {rolled.error().code(), rolled.error().message};
    }
  }
  return {};
}

Result<bool> Streams::is_old(const Shard& shard, uint64_t older_than_us) const {
  if (!shard.through || shard.closed_us >= older_than_us) return false;
  VARVE_ASSIGN_OR_RETURN(const auto iterator,
                         store_->iterate(shard.segment, {}, partition::ReadPoint::visible()));
  iterator->seek_to_last();
  VARVE_RETURN_IF_ERROR(iterator->status());
  if (!iterator->valid()) return true;
  VARVE_ASSIGN_OR_RETURN(const index::StreamRecord newest,
                         index::decode_stream_record(iterator->key(), iterator->value()));
  return newest.commit_time_us < older_than_us;
}

Status Streams::trim_stream(const Stream& stream, uint64_t older_than_us) {
  auto kept = std::make_shared<Stream>(stream);
  std::vector<KeyspaceId> dropped;
  for (const Shard& shard : stream.shards) {
    VARVE_ASSIGN_OR_RETURN(const bool old, is_old(shard, older_than_us));
    if (!old) break;
    dropped.push_back(shard.segment);
  }
  if (dropped.empty()) return {};
  kept->shards.erase(kept->shards.begin(), kept->shards.begin() + static_cast<ptrdiff_t>(dropped.size()));
  const std::string key = stream_key(stream.table, stream.label);
  partition::WriteBatch batch;
  if (kept->shards.empty()) {
    batch.remove(entries_, key);
  } else {
    batch.put(entries_, key, encode_stream(*kept));
  }
  VARVE_RETURN_IF_ERROR(store_->write(&batch).status());
  publish(kept);
  for (const KeyspaceId segment : dropped) VARVE_RETURN_IF_ERROR(store_->drop_keyspace(segment));
  return {};
}

Status Streams::trim() {
  const uint64_t now_us = io::wall_us();
  const uint64_t older_than_us = now_us > options_.retention_us ? now_us - options_.retention_us : 0;
  io::MutexLock lock(&change_mutex_);
  for (const StreamRef& stream : all()) VARVE_RETURN_IF_ERROR(trim_stream(*stream, older_than_us));
  return {};
}

}  // namespace varve::api::dynamo
