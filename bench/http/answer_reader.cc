#include "bench/http/answer_reader.h"

#include <strings.h>

#include <charconv>

namespace varve::bench {
namespace {

// The value of a field whose line begins with `name` (which ends in a colon), in any case of letters; empty when absent.
Slice field(Slice head, Slice name) {
  for (size_t at = head.find("\r\n"); at != Slice::npos; at = head.find("\r\n", at + 2)) {
    Slice line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() < name.size() || strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    line.remove_prefix(name.size());
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    return line;
  }
  return {};
}

template <typename Number>
void parse(Slice text, Number* number) {
  std::from_chars(text.data(), text.data() + text.size(), *number);
}

}  // namespace

bool AnswerReader::feed(Slice bytes) {
  bytes_.append(bytes);
  if (head_end_ == 0 && !read_head()) return false;
  return chunked_ ? chunks_end() : bytes_.size() - head_end_ >= body_bytes_;
}

bool AnswerReader::read_head() {
  const size_t end = bytes_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  head_end_ = end + 4;
  const Slice head = Slice(bytes_).substr(0, end + 2);
  parse(head.substr(std::min<size_t>(head.size(), sizeof("HTTP/1.1 ") - 1), 3), &status_);
  parse(field(head, "Content-Length:"), &body_bytes_);
  chunked_ = field(head, "Transfer-Encoding:") == "chunked";
  closes_ = field(head, "Connection:") == "close" || head.starts_with("HTTP/1.0");
  return true;
}

void AnswerReader::next() {
  bytes_.clear();
  head_end_ = body_bytes_ = 0;
  status_ = 0;
  chunked_ = closes_ = false;
}

}  // namespace varve::bench
