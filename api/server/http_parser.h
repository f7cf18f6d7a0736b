// HttpParser: a strict, incremental parser of HTTP/1.1 and 1.0 requests (RFC 9110, RFC 9112). Bytes go in as
// they arrive; one request at a time comes out, and what follows it stays with the caller until next().
//
// Strict, because every leniency here is a way to smuggle one request inside another:
//   I1 The result depends on the bytes alone, never on how they were split over feed() calls.
//   I2 Memory is bounded: request line <= 16 KiB, fields <= 16 KiB and 64, trailers and chunk extensions <= 4
//   KiB, body <=
//      max_body_bytes. Nothing is allocated ahead of the bytes that need it.
//   I3 After a failure the parser consumes nothing more: where the next request starts is in doubt, so the
//   connection ends.
//
// Refused: bare LF or CR, obs-fold, space before the colon, control characters, Content-Length beside
// Transfer-Encoding, two Content-Lengths (even equal), a transfer coding other than chunked, HTTP/1.1 without
// exactly one Host.
//
// Threads: one at a time. Ownership: views of the request point into the parser and live until next().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/slice.h"

namespace varve::api {

inline constexpr size_t kMaxRequestLineBytes = 16u << 10;
inline constexpr size_t kMaxFieldSectionBytes = 16u << 10;
inline constexpr size_t kMaxFields = 64;
inline constexpr size_t kMaxTrailerBytes = 4u << 10;
inline constexpr size_t kMaxChunkExtensionBytes = 4u << 10;  // all chunks of a request together
inline constexpr size_t kMaxBodyBytes = 16u << 20;           // exactly this many are accepted

// Why a request was refused; http_status() is the answer's status code.
enum class HttpError : uint8_t {
  kNone,
  kBadRequestLine,
  kRequestLineTooLong,
  kUnsupportedVersion,
  kBadField,
  kFieldsTooLarge,
  kTooManyFields,
  kBadHost,
  kBadFraming,  // Content-Length and Transfer-Encoding contradict each other or make no sense
  kUnsupportedTransferCoding,
  kUnsupportedExpectation,
  kBodyTooLarge,
  kBadChunk,
};

int http_status(HttpError error);
// A short English phrase for logs and answers.
Slice http_error_text(HttpError error);

class HttpParser {
 public:
  explicit HttpParser(size_t max_body_bytes = kMaxBodyBytes) : max_body_bytes_(max_body_bytes) {}

  // Consumes bytes until the request is complete, is refused, or the input is used up; answers how many were
  // consumed.
  size_t feed(Slice input);

  bool complete() const { return phase_ == Phase::kComplete; }
  bool failed() const { return phase_ == Phase::kFailed; }
  HttpError error() const { return error_; }
  // Whether any byte of a request has been consumed since construction or next().
  bool started() const { return started_; }
  // Whether method(), target() and the fields may be asked, be it of a request whose framing or body was refused.
  bool head_complete() const { return head_complete_; }
  // True while the client holds its body back until it sees "100 Continue".
  bool expects_continue() const {
    return expects_continue_ && head_complete_ && !failed() && body_wire_bytes_ == 0 && !complete();
  }

  Slice method() const { return text(method_); }
  // As sent: origin form with query, absolute form, or "*".
  Slice target() const { return text(target_); }
  int minor_version() const { return minor_version_; }
  // Whether the connection may serve another request after this one.
  bool keep_alive() const { return keep_alive_; }
  size_t field_count() const { return field_count_; }
  Slice field_name(size_t index) const { return text(fields_[index].name); }
  Slice field_value(size_t index) const { return text(fields_[index].value); }
  // The first field of that name (letter case ignored).
  std::optional<Slice> field(Slice name) const;

  const std::string& body() const { return body_; }
  // Gives the body's memory back before next().
  void drop_body() { std::string().swap(body_); }
  // Bytes of the body seen so far, chunk framing included: what a progress timeout watches.
  uint64_t body_wire_bytes() const { return body_wire_bytes_; }

  // Forgets the request (complete or not failed) and makes ready for the one after it.
  void next();

 private:
  enum class Phase : uint8_t {
    kRequestLine,
    kFields,
    kFixedBody,
    kChunkSize,
    kChunkData,
    kChunkDataEnd,
    kTrailers,
    kComplete,
    kFailed,
  };
  struct Range {
    uint32_t begin = 0, size = 0;
  };
  struct Field {
    Range name, value;
  };

  Slice text(Range range) const { return Slice(head_).substr(range.begin, range.size); }
  bool fail(HttpError error);
  bool take_line(Slice* input, std::string* buffer, size_t begin, size_t limit, HttpError too_long,
                 HttpError bare);
  bool step(Slice* input);
  bool take_request_line(Slice* input);
  bool take_field(Slice* input);
  bool take_chunk_size(Slice* input);
  bool take_chunk_data_end(Slice* input);
  bool take_trailer(Slice* input);
  void take_body_bytes(Slice* input);
  bool parse_request_line(Slice line);
  bool parse_field(Slice line, size_t line_begin);
  bool finish_head();
  bool read_framing();
  bool read_connection(Slice value);
  bool parse_chunk_size(Slice line);
  size_t body_bytes_expected() const;

  const size_t max_body_bytes_;
  Phase phase_ = Phase::kRequestLine;
  HttpError error_ = HttpError::kNone;
  bool started_ = false;
  bool head_complete_ = false;
  bool expects_continue_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;
  int minor_version_ = 1;

  std::string head_;  // request line and fields as received; every Range points into it
  size_t line_begin_ = 0;
  size_t fields_begin_ = 0;
  Range method_, target_;
  std::array<Field, kMaxFields> fields_;
  size_t field_count_ = 0;

  std::string body_;
  std::string line_;        // the chunk-size or trailer line under way
  uint64_t remaining_ = 0;  // of the fixed body, or of the chunk under way
  uint64_t body_wire_bytes_ = 0;
  size_t extension_bytes_ = 0;
  size_t trailer_bytes_ = 0;
};

// ASCII case-insensitive equality.
bool equals_ignoring_case(Slice a, Slice b);

}  // namespace varve::api
