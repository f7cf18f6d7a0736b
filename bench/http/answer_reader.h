// AnswerReader: finds the end of HTTP/1.x answers in the bytes of a connection, as fast as a load generator must. Not a
// validating parser: it believes the server.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>

#include "base/slice.h"

namespace varve::bench {

class AnswerReader {
 public:
  // Takes bytes of the connection. True when the answer is complete; then status(), body() and closes() tell of it until
  // next(). The bytes of one answer only: the client sends nothing ahead.
  bool feed(Slice bytes);
  void next();

  int status() const { return status_; }
  std::string body() const { return bytes_.substr(head_end_); }
  // The server will end the connection behind this answer.
  bool closes() const { return closes_; }

 private:
  bool read_head();
  bool chunks_end() const { return Slice(bytes_).ends_with("0\r\n\r\n"); }

  std::string bytes_;
  size_t head_end_ = 0;  // 0: not found yet
  size_t body_bytes_ = 0;
  int status_ = 0;
  bool chunked_ = false;
  bool closes_ = false;
};

}  // namespace varve::bench
