#include "base/coding.h"

namespace varve {

char* store_varint64(char* destination, uint64_t value) {
  while (value >= 0x80) {
    *destination++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *destination++ = static_cast<char>(value);
  return destination;
}

const char* load_varint64(const char* begin, const char* end, uint64_t* value) {
  uint64_t result = 0;
  for (unsigned shift = 0; begin < end && shift < 64; shift += 7) {
    const auto byte = static_cast<uint8_t>(*begin++);
    // The tenth byte holds the single top bit; anything more would overflow.
    if (shift == 63 && byte > 1) return nullptr;
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return begin;
    }
  }
  return nullptr;
}

size_t varint64_length(uint64_t value) {
  size_t length = 1;
  for (; value >= 0x80; value >>= 7) ++length;
  return length;
}

void ByteWriter::varint(uint64_t v) {
  char buffer[kMaxVarint64Bytes];
  out_->append(buffer, static_cast<size_t>(store_varint64(buffer, v) - buffer));
}

uint64_t ByteReader::varint() {
  uint64_t value = 0;
  const char* next = failed_ ? nullptr : load_varint64(at_, end_, &value);
  if (next == nullptr) {
    failed_ = true;
    return 0;
  }
  at_ = next;
  return value;
}

Slice ByteReader::bytes(uint64_t count) {
  if (failed_ || count > remaining()) {
    failed_ = true;
    return {};
  }
  Slice result(at_, static_cast<size_t>(count));
  at_ += count;
  return result;
}

}  // namespace varve
