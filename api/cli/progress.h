// A line on standard error that says how a long command goes: rewritten in place on a terminal, a line every ten
// seconds elsewhere.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

namespace varve::api {

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet = false);
  // Ends the line, so that what follows starts a new one.
  ~ProgressLine() { finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Cheap to call often: shows the text only when it is time for it.
  template <typename MakeText>
  void update(MakeText&& make_text) {
    if (is_due()) show(make_text());
  }
  void finish();
  uint64_t elapsed_ns() const;

 private:
  bool is_due();
  void show(const std::string& text);

  const bool quiet_;
  const bool terminal_;
  const uint64_t began_ns_;
  uint64_t shown_ns_;
  size_t width_ = 0;
};

// "12345678" as "12,345,678".
std::string with_thousands(uint64_t value);
// "9.8 MiB".
std::string human_bytes(uint64_t bytes);

}  // namespace varve::api
