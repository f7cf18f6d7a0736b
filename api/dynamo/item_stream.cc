#include "api/dynamo/item_stream.h"

#include "index/stream_record.h"

namespace varve::api::dynamo {

void add_stream_record(const ItemChange& change, partition::WriteBatch* batch) {
  if (!change.table.stream) return;
  const StreamViewType view_type = *change.table.description.stream_view_type;
  index::StreamChange entry;
  entry.event = !change.before.found()  ? StreamEvent::kInsert
                : !change.after.found() ? StreamEvent::kRemove
                                        : StreamEvent::kModify;
  entry.by_service = change.by_service;
  entry.tree_key = change.tree_key;
  if (index::keeps_new_image(view_type)) entry.new_image = change.after.encoded;
  if (index::keeps_old_image(view_type)) entry.old_image = change.before.encoded;
  batch->put_stamped(change.table.stream->segment, index::encode_stream_change(entry));
}

}  // namespace varve::api::dynamo
