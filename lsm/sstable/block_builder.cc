#include "lsm/sstable/block_builder.h"

#include "base/check.h"
#include "base/coding.h"
#include "lsm/internal_key.h"
#include "lsm/sstable/common_prefix.h"

namespace varve::lsm {

bool BlockBuilder::restarts_now() const {
  return entries_ == 0 || since_restart_ == restart_interval_ ||
         bytes_.size() - restarts_.back() >= kRestartBytes;
}

void BlockBuilder::add(Slice internal_key, Slice value) {
  const Slice user_key = user_key_of(internal_key);
  size_t shared = 0;
  if (restarts_now()) {
    restarts_.push_back(static_cast<uint32_t>(bytes_.size()));
    since_restart_ = 0;
  } else {
    shared = common_prefix_length(user_key_of(last_key_), user_key);
  }
  char header[3 * kMaxVarint64Bytes];
  char* end = store_varint64(header, shared);
  end = store_varint64(end, user_key.size() - shared);
  end = store_varint64(end, value.size());
  bytes_.append(header, static_cast<size_t>(end - header));
  bytes_.append(internal_key.substr(shared));
  bytes_.append(value);
  last_key_.assign(internal_key);
  ++since_restart_;
  ++entries_;
}

Slice BlockBuilder::finish() {
  ByteWriter writer(&bytes_);
  for (uint32_t offset : restarts_) writer.u32(offset);
  writer.u32(static_cast<uint32_t>(restarts_.size()));
  return bytes_;
}

void BlockBuilder::reset() {
  bytes_.clear();
  restarts_.clear();
  entries_ = 0;
  since_restart_ = 0;
  last_key_.clear();
}

size_t BlockBuilder::size_bytes() const { return bytes_.size() + (restarts_.size() + 1) * sizeof(uint32_t); }

size_t BlockBuilder::size_bytes_with(Slice internal_key, Slice value) const {
  return size_bytes() + 3 + varint64_length(internal_key.size()) + varint64_length(value.size()) +
         internal_key.size() + value.size() + sizeof(uint32_t);
}

}  // namespace varve::lsm
