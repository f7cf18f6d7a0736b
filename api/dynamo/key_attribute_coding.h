// The name and type of a key attribute as entries on disk hold them: those of tables, streams and Kinesis queues (FORMAT.md).
//
// Threads: any (pure functions).
#pragma once

#include "base/coding.h"
#include "index/key_schema.h"

namespace varve::api::dynamo {

inline void write_key(const index::KeyAttribute& key, ByteWriter* out) {
  out->string(key.name);
  out->u8(static_cast<uint8_t>(key.type));
}

// False when the bytes end too soon or the type is none of a key's.
inline bool read_key(ByteReader* in, index::KeyAttribute* key) {
  key->name = in->string();
  key->type = static_cast<index::AttributeType>(in->u8());
  return !in->failed() && index::is_scalar_key_type(key->type);
}

}  // namespace varve::api::dynamo
