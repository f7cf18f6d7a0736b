// The bytes of a Generation in the store's manifest; FORMAT.md, "Generation".
#include "base/coding.h"
#include "wal/log.h"

namespace varve::wal {

void Generation::encode(std::string* out) const {
  ByteWriter writer(out);
  writer.u64(id);
  writer.varint(first_segment.value);
  writer.u8(ended ? 1 : 0);
  if (!ended) return;
  writer.varint(end.position.segment.value);
  writer.varint(end.position.offset);
  writer.varint(end.last_frame.value);
  writer.varint(end.last_sequence.value);
}

Result<Generation> Generation::decode(Slice bytes) {
  ByteReader reader(bytes);
  Generation generation;
  generation.id = reader.u64();
  generation.first_segment = SegmentNumber(reader.varint());
  const uint8_t ended = reader.u8();
  generation.ended = ended == 1;
  if (generation.ended) {
    generation.end.position.segment = SegmentNumber(reader.varint());
    generation.end.position.offset = reader.varint();
    generation.end.last_frame = FrameNumber(reader.varint());
    generation.end.last_sequence = SequenceNumber(reader.varint());
  }
  if (!reader.done() || ended > 1 || generation.id == 0 || generation.first_segment.value == 0) {
    return Status::corruption("log generation: malformed");
  }
  return generation;
}

}  // namespace varve::wal
