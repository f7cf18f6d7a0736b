#include "api/dynamo/item_stream.h"

#include "index/stream_record.h"

namespace varve::api::dynamo {

namespace {

std::string encoded_change(const ItemChange& change, StreamViewType view_type) {
  index::StreamChange entry;
  entry.event = !change.before.found()  ? StreamEvent::kInsert
                : !change.after.found() ? StreamEvent::kRemove
                                        : StreamEvent::kModify;
  entry.by_service = change.by_service;
  entry.tree_key = change.tree_key;
  if (index::keeps_new_image(view_type)) entry.new_image = change.after.encoded;
  if (index::keeps_old_image(view_type)) entry.old_image = change.before.encoded;
  return index::encode_stream_change(entry);
}

}  // namespace

void add_stream_record(const ItemChange& change, partition::WriteBatch* batch) {
  const Table& table = change.table;
  if (table.stream) {
    batch->put_stamped(table.stream->segment, encoded_change(change, *table.description.stream_view_type));
  }
  if (table.destination && table.destination->active) {
    batch->put_stamped(table.destination->queue, encoded_change(change, StreamViewType::kNewAndOldImages));
  }
}

}  // namespace varve::api::dynamo
