#include "api/server/http_parser.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace varve::api {
namespace {

constexpr size_t kMaxMethodBytes = 32;
constexpr size_t kMaxChunkSizeDigits = 16;
// A request that outgrew this does not keep its buffer for the next one.
constexpr size_t kKeptBodyBytes = 64u << 10;

// What a byte may stand for: every byte of a head is looked up once.
enum : uint8_t { kTokenByte = 1, kFieldByte = 2 };

constexpr std::array<uint8_t, 256> byte_classes() {
  std::array<uint8_t, 256> classes{};
  for (size_t byte = 0; byte < classes.size(); ++byte) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool digit = byte >= '0' && byte <= '9';
    // RFC 9110 section 5.6.2.
    const bool mark = byte < 0x80 && Slice("!#$%&'*+-.^_`|~").find(static_cast<char>(byte)) != Slice::npos;
    if (letter || digit || mark) classes[byte] |= kTokenByte;
    // Visible characters, space, tab and obs-text; no other control character, so neither CR nor NUL.
    if (byte == '\t' || (byte >= 0x20 && byte != 0x7f)) classes[byte] |= kFieldByte;
  }
  return classes;
}
constexpr std::array<uint8_t, 256> kByteClasses = byte_classes();

// Without an early way out, which would cost more than the look-ups it saves.
bool all_of_class(Slice text, uint8_t wanted) {
  uint8_t common = wanted;
  for (const char c : text) common &= kByteClasses[static_cast<unsigned char>(c)];
  return common != 0;
}

bool is_token(Slice text) { return !text.empty() && all_of_class(text, kTokenByte); }
bool is_field_content(Slice text) { return all_of_class(text, kFieldByte); }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

Slice trim(Slice text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

bool equals_ignoring_case(Slice a, Slice b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

int http_status(HttpError error) {
  switch (error) {
    case HttpError::kNone:
      return 200;
    case HttpError::kUnsupportedVersion:
      return 505;
    case HttpError::kUnsupportedTransferCoding:
      return 501;
    case HttpError::kUnsupportedExpectation:
      return 417;
    case HttpError::kBodyTooLarge:
      return 413;
    default:
      return 400;
  }
}

Slice http_error_text(HttpError error) {
  switch (error) {
    case HttpError::kNone:
      return "no error";
    case HttpError::kBadRequestLine:
      return "malformed request line";
    case HttpError::kRequestLineTooLong:
      return "request line over 16 KiB";
    case HttpError::kUnsupportedVersion:
      return "not HTTP/1.0 or HTTP/1.1";
    case HttpError::kBadField:
      return "malformed header field";
    case HttpError::kFieldsTooLarge:
      return "header fields over 16 KiB";
    case HttpError::kTooManyFields:
      return "more than 64 header fields";
    case HttpError::kBadHost:
      return "not exactly one Host field";
    case HttpError::kBadFraming:
      return "contradictory or malformed Content-Length or Transfer-Encoding";
    case HttpError::kUnsupportedTransferCoding:
      return "transfer coding other than chunked";
    case HttpError::kUnsupportedExpectation:
      return "expectation other than 100-continue";
    case HttpError::kBodyTooLarge:
      return "request body over the limit";
    case HttpError::kBadChunk:
      return "malformed chunk";
  }
  return "";
}

std::optional<Slice> HttpParser::field(Slice name) const {
  for (size_t i = 0; i < field_count_; ++i) {
    if (equals_ignoring_case(field_name(i), name)) return field_value(i);
  }
  return std::nullopt;
}

bool HttpParser::fail(HttpError error) {
  phase_ = Phase::kFailed;
  error_ = error;
  return false;
}

size_t HttpParser::feed(Slice input) {
  const size_t size = input.size();
  while (!complete() && !failed() && step(&input)) {
  }
  const size_t consumed = size - input.size();
  if (consumed > 0) started_ = true;
  return consumed;
}

// One line, one run of body bytes, or a change of phase; false when more input is needed or the request is
// refused.
bool HttpParser::step(Slice* input) {
  switch (phase_) {
    case Phase::kRequestLine:
      return take_request_line(input);
    case Phase::kFields:
      return take_field(input);
    case Phase::kFixedBody:
      take_body_bytes(input);
      if (remaining_ > 0) return false;
      phase_ = Phase::kComplete;
      return true;
    case Phase::kChunkSize:
      return take_chunk_size(input);
    case Phase::kChunkData:
      take_body_bytes(input);
      if (remaining_ > 0) return false;
      phase_ = Phase::kChunkDataEnd;
      return true;
    case Phase::kChunkDataEnd:
      return take_chunk_data_end(input);
    case Phase::kTrailers:
      return take_trailer(input);
    case Phase::kComplete:
    case Phase::kFailed:
      break;
  }
  return false;
}

// Moves bytes up to and including LF from the input to the buffer. True once the line that starts at `begin`
// is whole and ends in CRLF. The limit counts the line's bytes however they arrived, so that I1 holds for
// refusals too.
bool HttpParser::take_line(Slice* input, std::string* buffer, size_t begin, size_t limit, HttpError too_long,
                           HttpError bare) {
  const size_t newline = input->find('\n');
  const bool whole = newline != Slice::npos;
  const size_t count = whole ? newline + 1 : input->size();
  if (buffer->size() - begin + count > limit) return fail(too_long);
  buffer->append(input->substr(0, count));
  input->remove_prefix(count);
  if (!whole) return false;
  if (buffer->size() - begin < 2 || (*buffer)[buffer->size() - 2] != '\r') return fail(bare);
  return true;
}

bool HttpParser::take_request_line(Slice* input) {
  if (!take_line(input, &head_, line_begin_, kMaxRequestLineBytes, HttpError::kRequestLineTooLong,
                 HttpError::kBadRequestLine)) {
    return false;
  }
  const Slice line = Slice(head_).substr(line_begin_, head_.size() - line_begin_ - 2);
  // RFC 9112 section 2.2: one empty line before the request line is forgiven.
  if (line.empty() && line_begin_ == 0) {
    line_begin_ = head_.size();
    return true;
  }
  if (!parse_request_line(line)) return false;
  fields_begin_ = line_begin_ = head_.size();
  phase_ = Phase::kFields;
  return true;
}

bool HttpParser::parse_request_line(Slice line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == Slice::npos || last == first) return fail(HttpError::kBadRequestLine);
  const Slice method = line.substr(0, first);
  const Slice target = line.substr(first + 1, last - first - 1);
  const Slice version = line.substr(last + 1);
  if (!is_token(method) || method.size() > kMaxMethodBytes) return fail(HttpError::kBadRequestLine);
  const bool visible = std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (target.empty() || !visible) return fail(HttpError::kBadRequestLine);
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && hex_digit(version[5]) >= 0 &&
                      hex_digit(version[5]) <= 9 && version[6] == '.' && hex_digit(version[7]) >= 0 &&
                      hex_digit(version[7]) <= 9;
  if (!shaped) return fail(HttpError::kBadRequestLine);
  if (version[5] != '1' || version[7] > '1') return fail(HttpError::kUnsupportedVersion);
  minor_version_ = version[7] - '0';
  keep_alive_ = minor_version_ == 1;
  method_ = {static_cast<uint32_t>(line_begin_), static_cast<uint32_t>(method.size())};
  target_ = {static_cast<uint32_t>(line_begin_ + first + 1), static_cast<uint32_t>(target.size())};
  return true;
}

bool HttpParser::take_field(Slice* input) {
  const size_t used = line_begin_ - fields_begin_;
  // Two bytes more than the limit, for the empty line that ends the section.
  if (!take_line(input, &head_, line_begin_, kMaxFieldSectionBytes + 2 - used, HttpError::kFieldsTooLarge,
                 HttpError::kBadField)) {
    return false;
  }
  const Slice line = Slice(head_).substr(line_begin_, head_.size() - line_begin_ - 2);
  if (line.empty()) return finish_head();
  if (!parse_field(line, line_begin_)) return false;
  line_begin_ = head_.size();
  return true;
}

bool HttpParser::parse_field(Slice line, size_t line_begin) {
  if (field_count_ == kMaxFields) return fail(HttpError::kTooManyFields);
  // A line that starts with a blank (obs-fold) or has one before the colon has no token for a name.
  const size_t colon = line.find(':');
  if (colon == Slice::npos || !is_token(line.substr(0, colon))) return fail(HttpError::kBadField);
  const Slice value = trim(line.substr(colon + 1));
  if (!is_field_content(value)) return fail(HttpError::kBadField);
  Field& field = fields_[field_count_++];
  field.name = {static_cast<uint32_t>(line_begin), static_cast<uint32_t>(colon)};
  field.value = {static_cast<uint32_t>(line_begin + static_cast<size_t>(value.data() - line.data())),
                 static_cast<uint32_t>(value.size())};
  return true;
}

bool HttpParser::finish_head() {
  head_complete_ = true;
  if (!read_framing()) return false;
  if (chunked_) {
    phase_ = Phase::kChunkSize;
  } else {
    phase_ = remaining_ > 0 ? Phase::kFixedBody : Phase::kComplete;
  }
  return true;
}

// Finds where the body ends (RFC 9112 section 6.3) and what happens to the connection afterwards.
bool HttpParser::read_framing() {
  size_t hosts = 0;
  std::optional<Slice> length, coding;
  for (size_t i = 0; i < field_count_; ++i) {
    const Slice name = field_name(i);
    const Slice value = field_value(i);
    if (equals_ignoring_case(name, "host")) {
      ++hosts;
    } else if (equals_ignoring_case(name, "content-length")) {
      if (length) return fail(HttpError::kBadFraming);
      length = value;
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      if (coding) return fail(HttpError::kBadFraming);
      coding = value;
    } else if (equals_ignoring_case(name, "connection")) {
      if (!read_connection(value)) return false;
    } else if (equals_ignoring_case(name, "expect")) {
      if (!equals_ignoring_case(value, "100-continue")) return fail(HttpError::kUnsupportedExpectation);
      expects_continue_ = minor_version_ == 1;
    }
  }
  if (hosts > 1 || (hosts == 0 && minor_version_ == 1)) return fail(HttpError::kBadHost);
  if (coding) {
    if (length || minor_version_ == 0) return fail(HttpError::kBadFraming);
    if (!equals_ignoring_case(*coding, "chunked")) return fail(HttpError::kUnsupportedTransferCoding);
    chunked_ = true;
    return true;
  }
  if (!length) return true;
  const bool digits =
      std::all_of(length->begin(), length->end(), [](char c) { return c >= '0' && c <= '9'; });
  if (length->empty() || length->size() > 18 || !digits) return fail(HttpError::kBadFraming);
  for (const char c : *length) remaining_ = remaining_ * 10 + static_cast<uint64_t>(c - '0');
  if (remaining_ > max_body_bytes_) return fail(HttpError::kBodyTooLarge);
  return true;
}

// A list of tokens; "close" wins over "keep-alive".
bool HttpParser::read_connection(Slice value) {
  bool close = false, keep = false;
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const Slice option = trim(value.substr(0, comma));
    value.remove_prefix(comma == Slice::npos ? value.size() : comma + 1);
    close |= equals_ignoring_case(option, "close");
    keep |= equals_ignoring_case(option, "keep-alive");
  }
  if (close) {
    keep_alive_ = false;
  } else if (keep && minor_version_ == 0) {
    keep_alive_ = true;
  }
  return true;
}

size_t HttpParser::body_bytes_expected() const {
  return chunked_ ? max_body_bytes_ : body_.size() + remaining_;
}

void HttpParser::take_body_bytes(Slice* input) {
  const size_t count = std::min<uint64_t>(remaining_, input->size());
  const size_t needed = body_.size() + count;
  if (needed > body_.capacity()) {
    // Doubling, but never past the end that is known: a body of n bytes costs at most 2 n, whatever was
    // announced.
    body_.reserve(std::max(needed, std::min(body_.capacity() * 2, body_bytes_expected())));
  }
  body_.append(input->substr(0, count));
  input->remove_prefix(count);
  remaining_ -= count;
  body_wire_bytes_ += count;
}

bool HttpParser::take_chunk_size(Slice* input) {
  const size_t before = input->size();
  const bool whole = take_line(input, &line_, 0, kMaxChunkSizeDigits + kMaxChunkExtensionBytes + 2,
                               HttpError::kBadChunk, HttpError::kBadChunk);
  body_wire_bytes_ += before - input->size();
  if (!whole) return false;
  const bool parsed = parse_chunk_size(Slice(line_).substr(0, line_.size() - 2));
  line_.clear();
  if (!parsed) return false;
  phase_ = remaining_ > 0 ? Phase::kChunkData : Phase::kTrailers;
  return true;
}

bool HttpParser::parse_chunk_size(Slice line) {
  size_t digits = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) ++digits;
  if (digits == 0 || digits > kMaxChunkSizeDigits) return fail(HttpError::kBadChunk);
  remaining_ = 0;
  for (size_t i = 0; i < digits; ++i)
    remaining_ = remaining_ << 4 | static_cast<uint64_t>(hex_digit(line[i]));
  const Slice extension = trim(line.substr(digits));
  if (!extension.empty() && (extension.front() != ';' || !is_field_content(extension))) {
    return fail(HttpError::kBadChunk);
  }
  extension_bytes_ += line.size() - digits;
  if (extension_bytes_ > kMaxChunkExtensionBytes) return fail(HttpError::kBadChunk);
  if (remaining_ > max_body_bytes_ - body_.size()) return fail(HttpError::kBodyTooLarge);
  return true;
}

bool HttpParser::take_chunk_data_end(Slice* input) {
  const Slice expected = "\r\n";
  while (!input->empty() && line_.size() < expected.size()) {
    if (input->front() != expected[line_.size()]) return fail(HttpError::kBadChunk);
    line_.push_back(input->front());
    input->remove_prefix(1);
    ++body_wire_bytes_;
  }
  if (line_.size() < expected.size()) return false;
  line_.clear();
  phase_ = Phase::kChunkSize;
  return true;
}

// Trailer fields are checked for form and dropped: nothing in this protocol may arrive after the body.
bool HttpParser::take_trailer(Slice* input) {
  if (!take_line(input, &line_, 0, kMaxTrailerBytes + 2 - trailer_bytes_, HttpError::kFieldsTooLarge,
                 HttpError::kBadField)) {
    return false;
  }
  const Slice line = Slice(line_).substr(0, line_.size() - 2);
  if (line.empty()) {
    line_.clear();
    phase_ = Phase::kComplete;
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == Slice::npos || !is_token(line.substr(0, colon)) || !is_field_content(line.substr(colon + 1))) {
    return fail(HttpError::kBadField);
  }
  trailer_bytes_ += line_.size();
  line_.clear();
  return true;
}

void HttpParser::next() {
  CHECK(!failed());
  phase_ = Phase::kRequestLine;
  started_ = head_complete_ = expects_continue_ = chunked_ = false;
  keep_alive_ = true;
  minor_version_ = 1;
  head_.clear();
  line_begin_ = fields_begin_ = 0;
  method_ = target_ = {};
  field_count_ = 0;
  if (body_.capacity() > kKeptBodyBytes) std::string().swap(body_);
  body_.clear();
  line_.clear();
  remaining_ = body_wire_bytes_ = 0;
  extension_bytes_ = trailer_bytes_ = 0;
}

}  // namespace varve::api
