// Fixed-width and variable-length integers in byte strings. Everything on disk is little-endian unless its FORMAT.md
// says big-endian (which keys use, because big-endian integers sort as bytes).
//
// ByteWriter appends to a std::string; ByteReader walks a Slice and never reads past its end: a short or malformed
// input sets failed() and every later read answers zero or empty, so a decoder checks once at the end.
#pragma once

#include <bit>
#include <cstring>

#include "base/slice.h"

namespace varve {

static_assert(std::endian::native == std::endian::little, "Varve's on-disk integers are little-endian");

template <typename Integer>
inline void store_little(char* destination, Integer value) {
  std::memcpy(destination, &value, sizeof(value));
}
template <typename Integer>
inline Integer load_little(const char* source) {
  Integer value;
  std::memcpy(&value, source, sizeof(value));
  return value;
}
inline void store_big64(char* destination, uint64_t value) {
  store_little(destination, __builtin_bswap64(value));
}
inline uint64_t load_big64(const char* source) { return __builtin_bswap64(load_little<uint64_t>(source)); }
inline void store_big32(char* destination, uint32_t value) {
  store_little(destination, __builtin_bswap32(value));
}
inline uint32_t load_big32(const char* source) { return __builtin_bswap32(load_little<uint32_t>(source)); }

inline constexpr size_t kMaxVarint64Bytes = 10;
// Writes LEB128 at destination (room for kMaxVarint64Bytes) and returns the byte after it.
char* store_varint64(char* destination, uint64_t value);
// Parses LEB128 from [begin, end); nullptr when it is cut short or longer than ten bytes.
const char* load_varint64(const char* begin, const char* end, uint64_t* value);
size_t varint64_length(uint64_t value);

class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}
  void u8(uint8_t v) { out_->push_back(static_cast<char>(v)); }
  void u16(uint16_t v) { fixed(v); }
  void u32(uint32_t v) { fixed(v); }
  void u64(uint64_t v) { fixed(v); }
  void varint(uint64_t v);
  void bytes(Slice v) { out_->append(v); }
  // varint length, then the bytes
  void string(Slice v) {
    varint(v.size());
    bytes(v);
  }

 private:
  template <typename Integer>
  void fixed(Integer v) {
    out_->append(reinterpret_cast<const char*>(&v), sizeof(v));
  }
  std::string* out_;
};

class ByteReader {
 public:
  explicit ByteReader(Slice input)
      : begin_(input.data()), at_(input.data()), end_(input.data() + input.size()) {}
  uint8_t u8() { return fixed<uint8_t>(); }
  uint16_t u16() { return fixed<uint16_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  uint64_t varint();
  Slice bytes(uint64_t count);
  Slice string() { return bytes(varint()); }
  Slice rest() { return bytes(remaining()); }

  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  bool failed() const { return failed_; }
  // True when everything was read and nothing was malformed.
  bool done() const { return !failed_ && at_ == end_; }

 private:
  template <typename Integer>
  Integer fixed() {
    if (failed_ || remaining() < sizeof(Integer)) {
      failed_ = true;
      return 0;
    }
    Integer v = load_little<Integer>(at_);
    at_ += sizeof(Integer);
    return v;
  }
  const char* begin_;
  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace varve
