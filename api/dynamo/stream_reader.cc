#include "api/dynamo/stream_reader.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/hash.h"
#include "index/item_codec.h"
#include "index/key_codec.h"

namespace varve::api::dynamo {
namespace {

// The stream and the position, in hexadecimal.
std::string event_id(const Stream& stream, index::StreamPosition position) {
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%016llx%016llx%08x",
                static_cast<unsigned long long>(hash64(segment_name(stream.table_id, stream.label, 0))),
                static_cast<unsigned long long>(position.sequence.value), position.ordinal);
  return text.data();
}

Status decode_image(Slice encoded, std::optional<index::Item>* image, uint64_t* size_bytes) {
  if (encoded.empty()) return {};
  VARVE_ASSIGN_OR_RETURN(*image, index::decode_item(encoded));
  *size_bytes += index::item_size_bytes(**image);
  return {};
}

}  // namespace

Result<ChangeRecord> change_record(const Stream& stream, const index::StreamRecord& stored) {
  const index::StreamChange& change = stored.change;
  ChangeRecord record;
  record.event_id = event_id(stream, stored.position);
  record.event = change.event;
  record.by_service = change.by_service;
  record.created_us = stored.commit_time_us;
  record.sequence_number = index::sequence_number_text(stored.position);
  VARVE_ASSIGN_OR_RETURN(const index::PrimaryKey key,
                         index::decode_tree_key(stream.key_schema, change.tree_key));
  record.keys = key.to_item(stream.key_schema);
  record.size_bytes = index::item_size_bytes(record.keys);
  VARVE_RETURN_IF_ERROR(decode_image(change.new_image, &record.new_image, &record.size_bytes));
  VARVE_RETURN_IF_ERROR(decode_image(change.old_image, &record.old_image, &record.size_bytes));
  return record;
}

Result<std::unique_ptr<StreamReader>> StreamReader::open(partition::Store* store, const Stream& stream,
                                                         index::StreamPosition from, SequenceNumber through) {
  std::unique_ptr<StreamReader> reader(new StreamReader);
  reader->lower_ = index::encode_stream_key(from);
  reader->upper_ = index::encode_stream_key({through.next(), 0});
  if (reader->lower_ >= reader->upper_) return reader;
  for (const Shard& shard : stream.shards) {
    // A segment holds nothing of what its shard's parent ends with.
    if (shard.after > through) break;
    auto segment = store->iterate(shard.segment, {reader->lower_, Slice(reader->upper_)},
                                  partition::ReadPoint::visible());
    if (segment.code() == ErrorCode::kNotFound) continue;  // trimmed meanwhile
    if (!segment.ok()) return segment.status();
    (*segment)->seek_to_first();
    reader->segments_.push_back(*std::move(segment));
  }
  VARVE_RETURN_IF_ERROR(reader->choose());
  return reader;
}

Status StreamReader::choose() {
  current_ = nullptr;
  for (const auto& segment : segments_) {
    VARVE_RETURN_IF_ERROR(segment->status());
    if (!segment->valid()) continue;
    if (current_ == nullptr || segment->key() < current_->key()) current_ = segment.get();
  }
  if (current_ == nullptr) return {};
  auto record = index::decode_stream_record(current_->key(), current_->value());
  if (!record.ok()) return record.status();
  record_ = *record;
  return {};
}

Status StreamReader::next() {
  current_->next();
  return choose();
}

Result<index::StreamPosition> StreamReader::find_time(partition::Store* store, const Stream& stream,
                                                      index::StreamPosition from, SequenceNumber through,
                                                      uint64_t since_us) {
  // The answer's sequence number is in [low, high].
  SequenceNumber low = from.sequence;
  SequenceNumber high = through.next();
  while (low < high) {
    const SequenceNumber middle(low.value + (high.value - low.value) / 2);
    VARVE_ASSIGN_OR_RETURN(const auto reader, open(store, stream, {middle, 0}, through));
    if (reader->valid() && reader->record().commit_time_us < since_us) {
      low = reader->record().position.sequence.next();
    } else {
      high = middle;
    }
  }
  return std::max(from, index::StreamPosition{low, 0});
}

}  // namespace varve::api::dynamo
