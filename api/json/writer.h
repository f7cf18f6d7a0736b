// JsonWriter: appends JSON to a string. The caller opens, fills and closes in order; the writer places commas and escapes.
// Escaping is the least that RFC 8259 asks: quote, backslash and control characters; UTF-8 passes through unchanged.
//
// Invariants
//   I1 Balanced begin and end calls give one valid JSON text, given valid UTF-8.
//
// Threads: one. Ownership: borrows the string.
#pragma once

#include <cstdint>
#include <string>

#include "base/slice.h"

namespace varve::api::json {

class JsonWriter {
 public:
  explicit JsonWriter(std::string* out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(Slice name);

  void string(Slice value);
  void boolean(bool value);
  void null();
  void integer(int64_t value);
  // Shortest form with at least one digit after the point, as DynamoDB prints doubles: 1.0, 0.5, 127.5.
  void decimal(double value);
  // Seconds since 1970 with milliseconds: 1767225600.123.
  void timestamp(uint64_t wall_us);
  // A quoted base64 string (RFC 4648, padded).
  void base64(Slice bytes);
  // A quoted string that needs no escaping, such as a canonical number.
  void plain(Slice value);

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  std::string* out_;
  bool need_comma_ = false;
};

// Appends `value` escaped and quoted.
void append_quoted(Slice value, std::string* out);

}  // namespace varve::api::json
