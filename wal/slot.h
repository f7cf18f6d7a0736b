// Slot: 8 bytes of a record's payload that Log::append overwrites, big-endian, with what is known only once the record has its
// place in the log.
#pragma once

#include <cstdint>

namespace varve::wal {

struct Slot {
  enum class Kind : uint8_t {
    kSequence,    // the record's sequence number
    kCommitTime,  // its commit time, microseconds since 1970
  };
  uint32_t offset = 0;  // of the first byte, in the payload
  Kind kind = Kind::kSequence;
};

}  // namespace varve::wal
