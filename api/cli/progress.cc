#include "api/cli/progress.h"

#include <cstdio>

#include "base/io/clock.h"
#include "base/io/process.h"

namespace varve::api {

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet),
      terminal_(io::standard_error_is_terminal()),
      began_ns_(io::monotonic_ns()),
      shown_ns_(began_ns_) {}

bool ProgressLine::is_due() {
  if (quiet_) return false;
  const uint64_t now_ns = io::monotonic_ns();
  if (now_ns - shown_ns_ < (terminal_ ? 200'000'000u : 10'000'000'000u)) return false;
  shown_ns_ = now_ns;
  return true;
}

void ProgressLine::show(const std::string& text) {
  if (terminal_) {
    const size_t blanks = text.size() < width_ ? width_ - text.size() : 0;
    std::fprintf(stderr, "\r%s%s", text.c_str(), std::string(blanks, ' ').c_str());
    width_ = text.size();
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void ProgressLine::finish() {
  if (width_ > 0) std::fputc('\n', stderr);
  width_ = 0;
}

uint64_t ProgressLine::elapsed_ns() const { return io::monotonic_ns() - began_ns_; }

std::string with_thousands(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string human_bytes(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace varve::api
